//! Whether the files that the settings came from are other ones now.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

/// What stands in some files: equal where their contents are, wherever a link leads today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents(BTreeMap<PathBuf, Option<[u8; 32]>>);

/// Looks at files again and again.
#[derive(Debug, Default)]
pub(super) struct Watch {
    known: Contents,
    /// What stood there at the last look, where that was not what is known. A file that is being written looks
    /// otherwise every time.
    news: Option<Contents>,
}

impl Contents {
    /// Reads the files; one that cannot be read has no content.
    pub(super) fn of(files: Vec<PathBuf>) -> Self {
        Self(files.into_iter().map(|file| (file.clone(), content(&file))).collect())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.0.keys().cloned().collect()
    }

    /// These contents, in place of what was read of the same files later: a change in between is news.
    pub(super) fn over(mut self, later: Self) -> Self {
        let files = later.files();
        for (file, content) in later.0 {
            self.0.entry(file).or_insert(content);
        }
        self.0.retain(|file, _| files.contains(file));
        self
    }
}

impl Watch {
    /// From now on this is known.
    pub(super) fn know(&mut self, contents: Contents) {
        *self = Self { known: contents, news: None };
    }

    /// What is known.
    pub(super) fn known(&self) -> &Contents {
        &self.known
    }

    /// The files that are watched.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.known.files()
    }

    /// Waits for the next look, and tells whether something else stands in the files, and stood there at the look
    /// before too.
    pub(super) async fn look(&mut self) -> bool {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let files = self.files();
        match tokio::task::spawn_blocking(move || Contents::of(files)).await {
            Ok(seen) => self.judge(seen),
            Err(_) => false,
        }
    }

    fn judge(&mut self, seen: Contents) -> bool {
        let news = (seen != self.known).then_some(seen);
        let settled = news.is_some() && news == self.news;
        self.news = news;
        settled
    }
}

fn content(file: &PathBuf) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, &fs::read(file).ok()?).as_ref());
    Some(bytes)
}

/// A change is taken up after two looks, within the 5 s that operators expect.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &[u8]) -> Contents {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Contents([("file".into(), content(&file.path().to_owned()))].into())
    }

    #[test]
    fn a_file_is_news_once_it_stands_still() {
        let mut watch = Watch::default();
        watch.know(with(b"old"));
        assert!(!watch.judge(with(b"old")));
        assert!(!watch.judge(with(b"half")), "it may be in the middle of being written");
        assert!(!watch.judge(with(b"whole")));
        assert!(watch.judge(with(b"whole")));
        watch.know(with(b"whole"));
        assert!(!watch.judge(with(b"whole")));
    }

    #[test]
    fn what_is_taken_back_is_no_news() {
        let mut watch = Watch::default();
        watch.know(with(b"old"));
        assert!(!watch.judge(with(b"new")) && !watch.judge(with(b"old")) && !watch.judge(with(b"new")));
    }

    #[test]
    fn a_change_while_the_files_are_read_is_news() {
        let before = Contents([("a".into(), Some([1; 32])), ("gone".into(), None)].into());
        let after = Contents([("a".into(), Some([2; 32])), ("new".into(), None)].into());
        assert_eq!(before.over(after), Contents([("a".into(), Some([1; 32])), ("new".into(), None)].into()));
    }

    #[test]
    fn a_file_that_is_gone_is_another_content() {
        let gone = Contents::of(vec!["/nonexistent/file".into()]);
        assert_eq!(gone, Contents([("/nonexistent/file".into(), None)].into()));
    }
}
