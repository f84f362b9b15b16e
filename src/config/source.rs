//! Where the configuration stands, so that it can be read again.

use std::path::{Path, PathBuf};

use super::{Complaint, Complaints, Settings};

/// What is read again: the settings with warnings about them, or every complaint.
pub type Read = Result<(Settings, Vec<Complaint>), Complaints>;

/// The configuration file, and how it becomes settings.
pub struct Source {
    file: PathBuf,
    read: Box<dyn Fn(&Path) -> Read + Send + Sync>,
}

impl Source {
    /// That file, read in this way.
    #[must_use]
    pub fn new(file: &Path, read: impl Fn(&Path) -> Read + Send + Sync + 'static) -> Self {
        Self { file: file.to_owned(), read: Box::new(read) }
    }

    /// The configuration file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Reads and checks everything anew: the file, and what it names.
    pub fn read(&self) -> Read {
        (self.read)(&self.file)
    }
}
