//! A typed name in the one spelling that is counted: `Alice`, ` alice` and `ａｌｉｃｅ` are one name.

use std::sync::Arc;

use icu_normalizer::ComposingNormalizer;

use super::Parts;
use crate::store::{Email, UserKey};

/// Under what a log-in is counted and queued; never printed, and never sent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct LoginName(Arc<str>);

impl LoginName {
    /// Folds compatibility forms and case, and leaves out white space and control characters.
    pub(super) fn fold(typed: &str) -> Self {
        let normalizer = ComposingNormalizer::new_nfkc();
        let lower = normalizer.normalize(typed).to_lowercase();
        let visible: String = lower.chars().filter(|c| !is_invisible(*c)).collect();
        // Folding case can leave what composes again.
        Self(normalizer.normalize(&visible).as_ref().into())
    }

    /// An address that the users database knows counts as the name behind it. Where the database does not answer, the
    /// address counts as it is.
    pub(super) async fn resolve(typed: &str, parts: &Parts) -> Self {
        let name = Self::fold(typed);
        let Some(email) = name.0.contains('@').then(|| Email::mirror(&name.0).ok()).flatten() else { return name };
        match parts.ledger.user(UserKey::Email(email)).await {
            Ok(Some(user)) => Self::fold(&user.username),
            Ok(None) | Err(_) => name,
        }
    }

    /// The name, as a key.
    pub(super) fn key(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// White space, control characters, and those that leave no mark: soft hyphen, zero-width and direction signs.
fn is_invisible(c: char) -> bool {
    let range = |first, last| (first..=last).contains(&c);
    c.is_whitespace()
        || c.is_control()
        || c == '\u{ad}'
        || c == '\u{feff}'
        || range('\u{200b}', '\u{200f}')
        || range('\u{202a}', '\u{202e}')
        || range('\u{2060}', '\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for typed in
            ["alice", "Alice", " ALICE\t", "al\u{ad}ice", "\u{ff41}lice", "ali\u{200b}ce", "Al\u{130}ce".trim()]
        {
            let same = LoginName::fold(typed) == LoginName::fold("alice");
            // A dotted capital I is another letter.
            assert_eq!(same, typed != "Al\u{130}ce", "{typed:?}");
        }
        assert!(LoginName::fold("Jose\u{301}") == LoginName::fold("jos\u{e9}"));
        assert!(LoginName::fold("alice") != LoginName::fold("alicia"));
    }
}
