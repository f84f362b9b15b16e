//! `doorward migrate`: brings the users database to the schema of this version.

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::output::Output;
use crate::app::database;
use crate::config::Users;

/// Bring the users database up to date. `doorward run` does the same when it starts.
#[derive(Args, Debug)]
pub struct Migrate {
    /// Print JSON: `{"applied": N}`.
    #[arg(long)]
    json: bool,
}

impl Migrate {
    /// Whether JSON is asked for.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }
}

/// Runs the command.
pub async fn run(users: &Users, output: &mut Output<'_>) -> Result<(), Failure> {
    let applied = database::migrate(users).await?;
    let sentence = match applied {
        0 => "the users database was up to date".to_owned(),
        1 => "the users database is up to date: 1 migration applied".to_owned(),
        _ => format!("the users database is up to date: {applied} migrations applied"),
    };
    Ok(output.done(&sentence, &Applied { applied })?)
}

#[derive(Serialize)]
struct Applied {
    applied: usize,
}
