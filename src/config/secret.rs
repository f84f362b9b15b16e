//! A secret and where it comes from: used, read again, never printed.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::rotating::Rotating;

/// A secret that was read from a file or the environment. Its source is kept, so that it can be read again.
#[derive(Clone)]
pub struct Secret {
    value: Arc<str>,
    source: SecretSource,
}

/// Where a secret stands; never in the configuration itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// `{ file = "…" }`, relative to the working directory.
    File(PathBuf),
    /// `{ env = "…" }`.
    Environment(String),
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is missing, not ours to read, or not text.
    #[error("the file cannot be read ({0})")]
    Unreadable(#[from] io::Error),
    /// No such variable.
    #[error("the environment variable is not set")]
    Unset,
    /// Nothing, or nothing but a line break.
    #[error("the secret is empty")]
    Empty,
    /// A control character: more than one line, or not a secret at all.
    #[error("the secret holds a line break or another control character")]
    ControlCharacter,
}

impl Secret {
    /// Reads the secret; one line break at its end does not count.
    pub fn read(source: SecretSource, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, SecretError> {
        let text = match &source {
            SecretSource::File(path) => fs::read_to_string(path)?,
            SecretSource::Environment(name) => env(name).ok_or(SecretError::Unset)?,
        };
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let value = line.strip_suffix('\r').unwrap_or(line);
        if value.is_empty() {
            return Err(SecretError::Empty);
        }
        if value.contains(char::is_control) {
            return Err(SecretError::ControlCharacter);
        }
        Ok(Self { value: value.into(), source })
    }

    /// Reads the secret again from where it came from.
    pub fn reread(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, SecretError> {
        Self::read(self.source.clone(), env)
    }

    /// The secret for whoever may find it refused. A file is read again then; a variable of this process stays what
    /// it is.
    #[must_use]
    pub fn rotating(&self) -> Rotating {
        match &self.source {
            SecretSource::File(_) => {
                let secret = self.clone();
                Rotating::reread_by(&self.value, move || Some(secret.reread(&|_| None).ok()?.expose().to_owned()))
            }
            SecretSource::Environment(_) => Rotating::fixed(&self.value),
        }
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> &SecretSource {
        &self.source
    }
}

impl SecretSource {
    /// Whether every account of the machine may read it (OWASP ASVS 13.3).
    #[must_use]
    pub fn is_readable_by_others(&self) -> bool {
        match self {
            Self::File(path) => fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0),
            Self::Environment(_) => false,
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let same = verify_slices_are_equal(self.value.as_bytes(), other.value.as_bytes()).is_ok();
        same & (self.source == other.source)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_env(value: Option<&str>) -> Result<Secret, SecretError> {
        let value = value.map(str::to_owned);
        Secret::read(SecretSource::Environment("KEY".to_owned()), &|name| value.clone().filter(|_| name == "KEY"))
    }

    #[test]
    fn one_line_break_at_the_end_does_not_count() {
        for text in ["hunter2", "hunter2\n", "hunter2\r\n"] {
            assert_eq!(from_env(Some(text)).unwrap().expose(), "hunter2");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        assert!(matches!(from_env(None), Err(SecretError::Unset)));
        assert!(matches!(from_env(Some("")), Err(SecretError::Empty)));
        assert!(matches!(from_env(Some("\n")), Err(SecretError::Empty)));
        assert!(matches!(from_env(Some("a\n\n")), Err(SecretError::ControlCharacter)));
        let missing = SecretSource::File("/nonexistent/secret".into());
        assert!(matches!(Secret::read(missing, &|_| None), Err(SecretError::Unreadable(_))));
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = from_env(Some("hunter2")).unwrap();
        assert!(!format!("{secret} {secret:?} {secret:#?}").contains("hunter2"));
    }

    #[test]
    fn a_secret_is_read_again_from_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "first\n").unwrap();
        let secret = Secret::read(SecretSource::File(file.path().to_owned()), &|_| None).unwrap();
        fs::write(file.path(), "second\n").unwrap();
        assert_eq!(secret.reread(&|_| None).unwrap().expose(), "second");
        assert_eq!(secret.expose(), "first");
    }

    #[test]
    fn a_file_that_everybody_may_read_is_noticed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = SecretSource::File(file.path().to_owned());
        for (mode, noticed) in [(0o600, false), (0o640, false), (0o644, true)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(source.is_readable_by_others(), noticed, "{mode:o}");
        }
    }
}
