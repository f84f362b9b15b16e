//! `[users]`.

use std::path::PathBuf;
use std::time::Duration;

use super::server::seconds;
use crate::config::raw::Section;
use crate::config::{Database, Fault, Provision, Users, postgres_url};

/// Reads the section.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<Users> {
    let default = Database::Sqlite(PathBuf::from("data/doorward.db"));
    let database = section.parsed_or("database", default, database);
    let provision = section.parsed_or("provision", Provision::Never, provision);
    let password = section.entry("password").map(|_| section.secret("password"));
    warn(section, database.as_ref());
    Some(Users {
        stale_when_blind: section.duration("stale_when_blind", seconds(60), Duration::ZERO..=seconds(300)),
        connections: section.number("connections", 8, 1..=500),
        read_timeout: section.duration("read_timeout", Duration::from_millis(500), MOMENT..=seconds(10)),
        database: database?,
        password: password.map_or(Some(None), |read| read.map(Some))?,
        provision: provision?,
    })
}

fn database(text: &str) -> Result<Database, Fault> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return postgres_url::parse(text).map(Database::Postgres);
    }
    // SQLite itself gives a meaning to these beginnings: `:memory:`, `file:…?mode=memory`.
    let is_path = |path: &&str| !path.is_empty() && !path.starts_with(':') && !path.starts_with("file:");
    match text.strip_prefix("sqlite:").filter(is_path).filter(|path| !path.starts_with("//")) {
        Some(path) => Ok(Database::Sqlite(path.into())),
        None => {
            let remedy =
                r#"write "sqlite:" and a path, such as "sqlite:data/doorward.db", or "postgres://USER@HOST/DATABASE""#;
            Err(Fault::new("not a database file", remedy))
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

/// Of what is written and does nothing, and of what is sent so that others may read it.
fn warn<'s>(section: &'s Section<'s>, database: Option<&Database>) {
    match database {
        Some(Database::Sqlite(_)) => {
            for key in ["password", "connections"] {
                if let Some(entry) = section.entry(key) {
                    entry.warn(Fault::new("SQLite has none", "take it out, or name a server in `database`"));
                }
            }
        }
        Some(Database::Postgres(address)) if !address.tls && !address.is_local() => {
            if let Some(entry) = section.entry("database") {
                let remedy = "take out sslmode=disable, unless that network is yours alone";
                entry.warn(Fault::new("the users' rights travel in plain text, and nobody vouches for them", remedy));
            }
        }
        Some(Database::Postgres(_)) | None => {}
    }
}

const MOMENT: Duration = Duration::from_millis(10);
