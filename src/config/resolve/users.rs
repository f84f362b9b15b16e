//! `[users]`.

use std::path::PathBuf;
use std::time::Duration;

use super::server::seconds;
use crate::config::raw::Section;
use crate::config::{Database, Fault, Provision, Users};

/// Reads the section.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<Users> {
    let default = Database::Sqlite(PathBuf::from("data/doorward.db"));
    let database = section.parsed_or("database", default, database);
    let provision = section.parsed_or("provision", Provision::Never, provision);
    Some(Users {
        stale_when_blind: section.duration("stale_when_blind", seconds(60), Duration::ZERO..=seconds(300)),
        database: database?,
        provision: provision?,
    })
}

fn database(text: &str) -> Result<Database, Fault> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Err(Fault::new("this version keeps users in SQLite only", r#"write "sqlite:data/doorward.db""#));
    }
    // SQLite itself gives a meaning to these beginnings: `:memory:`, `file:…?mode=memory`.
    let is_path = |path: &&str| !path.is_empty() && !path.starts_with(':') && !path.starts_with("file:");
    match text.strip_prefix("sqlite:").filter(is_path).filter(|path| !path.starts_with("//")) {
        Some(path) => Ok(Database::Sqlite(path.into())),
        None => {
            Err(Fault::new("not a database file", r#"write "sqlite:" and a path, such as "sqlite:data/doorward.db""#))
        }
    }
}

fn provision(text: &str) -> Result<Provision, Fault> {
    match text {
        "never" => Ok(Provision::Never),
        "on-first-sight" => Ok(Provision::OnFirstSight),
        _ => Err(Fault::new("not a way to provision", r#"take "never" or "on-first-sight""#)),
    }
}
