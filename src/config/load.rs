//! From a path or a text to `Settings`.

use std::fs;
use std::io;
use std::path::Path;

use toml::de::DeTable;

use super::raw::{Environment, Reading, Section};
use super::{Complaint, Complaints, Fault, Settings, resolve};

impl Settings {
    /// Reads a file: the settings and warnings about them, or everything that is wrong.
    pub fn load(path: &Path, env: Environment<'_>) -> Result<(Self, Vec<Complaint>), Complaints> {
        let name = path.display().to_string();
        let text = fs::read(path).map_err(|error| unreadable(&name, &error.to_string(), remedy(&error)))?;
        let text = String::from_utf8(text).map_err(|_| unreadable(&name, "it is not UTF-8", ANOTHER))?;
        Self::from_text(&name, &text, env)
    }

    /// Reads a text as if it stood in a file of that name.
    pub fn from_text(file_name: &str, text: &str, env: Environment<'_>) -> Result<(Self, Vec<Complaint>), Complaints> {
        let reading = Reading::new(file_name, text, env);
        let settings = read(&reading, text);
        let (complaints, warnings) = reading.end();
        match settings {
            Some(settings) if complaints.is_empty() => Ok((settings, Complaints::new(warnings).into_iter().collect())),
            _ => Err(Complaints::new(complaints)),
        }
    }
}

/// Every reader that returns nothing has complained; so have some that returned a default.
pub(super) fn read(reading: &Reading<'_>, text: &str) -> Option<Settings> {
    match DeTable::parse(text) {
        Ok(table) => resolve::settings(&Section::root(reading, table.get_ref())),
        Err(error) => {
            reading.complain_of_syntax(&error);
            None
        }
    }
}

fn unreadable(name: &str, problem: &str, remedy: &str) -> Complaints {
    let reading = Reading::new(name, "", &|_| None);
    reading.complain_of_file(Fault::new(format!("cannot be read ({problem})"), remedy));
    Complaints::new(reading.end().0)
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound if cfg!(feature = "dev") => NEWCOMER,
        io::ErrorKind::NotFound => NEW_FILE,
        _ => ANOTHER,
    }
}

const ANOTHER: &str = "name another file with --config";
const NEW_FILE: &str = "name another file with --config, or write one after config/doorward.example.toml";
const NEWCOMER: &str = "name another file with --config, or write one after config/doorward.example.toml; or try `doorward dev`, \
                        which needs none";
