//! Everything that is wrong with a file, told like a compiler does.

use std::fmt;
use std::sync::Arc;

/// One thing that is wrong: where, what, and what to do. It never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The line, from 1; none where the whole file is meant.
    pub line: Option<usize>,
    /// The section as its header is written, such as `[[route]]`; empty above the first one.
    pub section: String,
    /// The key; empty where a whole section is meant.
    pub key: String,
    /// The offending value as TOML, shortened.
    pub value: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// Every complaint about a file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaints(Vec<Complaint>);

impl Complaints {
    /// Sorts complaints by line.
    #[must_use]
    pub fn new(mut complaints: Vec<Complaint>) -> Self {
        complaints.sort_by(|left, right| (left.line, &left.key).cmp(&(right.line, &right.key)));
        Self(complaints)
    }

    /// The complaints, in the order of their lines.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Complaint> {
        self.0.iter()
    }
}

impl IntoIterator for Complaints {
    type Item = Complaint;
    type IntoIter = std::vec::IntoIter<Complaint>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl std::error::Error for Complaints {}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|complaint| writeln!(f, "{complaint}"))
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(":")?;
        for part in [&self.section, &self.key].into_iter().filter(|part| !part.is_empty()) {
            write!(f, " {part}")?;
        }
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        let colon = if self.section.is_empty() && self.key.is_empty() { "" } else { ":" };
        write!(f, "{colon} {}; {}", self.problem, self.remedy)
    }
}
