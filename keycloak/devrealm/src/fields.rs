//! A query or a form into its fields.

use url::form_urlencoded;

/// The fields of a query or a form, in the order they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=b&c=d`.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether a name comes twice (RFC 6749 §3.2 forbids it).
    pub(crate) fn repeat(&self) -> bool {
        self.0.iter().enumerate().any(|(at, (name, _))| self.0.iter().take(at).any(|(other, _)| other == name))
    }
}
