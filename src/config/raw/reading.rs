//! One reading of one file: where its lines are, and what was found wrong so far.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use crate::config::{Complaint, Fault};

/// How the environment is asked.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Collects the complaints and warnings about a file.
pub(crate) struct Reading<'a> {
    file: Arc<str>,
    text: &'a str,
    pub(crate) env: Environment<'a>,
    complaints: RefCell<Vec<Complaint>>,
    warnings: RefCell<Vec<Complaint>>,
    /// Every key that was asked for, for the test that the example names them all.
    #[cfg(test)]
    pub(crate) asked: RefCell<std::collections::BTreeSet<(String, &'static str)>>,
}

/// Where something stands.
#[derive(Clone, Default)]
pub(super) struct Place {
    pub(super) line: Option<usize>,
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: Option<String>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(file: &str, text: &'a str, env: Environment<'a>) -> Self {
        Self {
            file: file.into(),
            text,
            env,
            complaints: RefCell::default(),
            warnings: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// The line, from 1, on which the span begins.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    pub(super) fn complain(&self, place: Place, fault: Fault) {
        self.complaints.borrow_mut().push(self.complaint(place, fault));
    }

    pub(super) fn warn(&self, place: Place, fault: Fault) {
        self.warnings.borrow_mut().push(self.complaint(place, fault));
    }

    /// A complaint about the whole file.
    pub(crate) fn complain_of_file(&self, fault: Fault) {
        self.complain(Place::default(), fault);
    }

    /// A complaint about what is not TOML.
    pub(crate) fn complain_of_syntax(&self, error: &toml::de::Error) {
        let line = error.span().map(|span| self.line(&span));
        let fault = Fault::new(error.message(), "correct it; other mistakes are looked for after that");
        self.complain(Place { line, ..Place::default() }, fault);
    }

    /// The complaints and the warnings.
    pub(crate) fn end(self) -> (Vec<Complaint>, Vec<Complaint>) {
        (self.complaints.into_inner(), self.warnings.into_inner())
    }

    fn complaint(&self, place: Place, fault: Fault) -> Complaint {
        Complaint {
            file: self.file.clone(),
            line: place.line,
            section: place.section,
            key: place.key,
            value: place.value,
            problem: fault.problem,
            remedy: fault.remedy,
        }
    }
}
