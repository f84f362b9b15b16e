//! Everything that was found.

use serde::{Serialize, Serializer};

use super::{Finding, Verdict};

/// The findings, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Finding>);

/// How many findings there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// As it should be.
    pub ok: usize,
    /// It works, but.
    pub warn: usize,
    /// It is broken.
    pub fail: usize,
    /// Nobody looked.
    pub not_tried: usize,
}

impl Report {
    /// Of these findings.
    #[must_use]
    pub fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// The findings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// Whether nothing is broken.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.counts().fail == 0
    }

    /// How many there are of each.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for finding in &self.0 {
            *match finding.verdict() {
                Verdict::Ok => &mut counts.ok,
                Verdict::Warn => &mut counts.warn,
                Verdict::Fail => &mut counts.fail,
                Verdict::NotTried => &mut counts.not_tried,
            } += 1;
        }
        counts
    }
}

/// A contract: `docs/doctor.md` describes it.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'r> {
            well: bool,
            counts: Counts,
            findings: &'r [Finding],
        }
        Document { well: self.is_well(), counts: self.counts(), findings: &self.0 }.serialize(serializer)
    }
}
