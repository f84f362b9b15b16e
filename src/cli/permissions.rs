//! `doorward permissions`: list, create.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Record};
use crate::accounts::{CreatePermission, carry_out};
use crate::store::{Ledger, PermissionName};

/// See and make permissions.
#[derive(Args, Debug)]
pub struct Permissions {
    #[command(subcommand)]
    command: Command,
    /// Print JSON: one permission a line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List permissions.
    List,
    /// Make a permission.
    Create {
        /// Its name, `resource:action`.
        #[arg(value_parser = PermissionName::parse)]
        name: PermissionName,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
    },
}

impl Permissions {
    /// Whether JSON is asked for.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }
}

/// Runs the command.
pub async fn run(permissions: Permissions, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
    match permissions.command {
        Command::List => {
            let permissions = ledger.permissions().await?;
            let records = permissions.iter().map(|permission| PermissionRecord {
                name: &permission.name,
                description: permission.description.as_deref(),
                system: permission.system,
            });
            Ok(output.list(&records.collect::<Vec<_>>())?)
        }
        Command::Create { name, description } => {
            carry_out(ledger, CreatePermission { name: name.clone(), description: description.clone() }).await?;
            let made = PermissionRecord { name: name.as_str(), description: description.as_deref(), system: false };
            Ok(output.done(&format!("the permission {name} exists now"), &made)?)
        }
    }
}

#[derive(Serialize)]
struct PermissionRecord<'p> {
    name: &'p str,
    description: Option<&'p str>,
    system: bool,
}

impl Record for PermissionRecord<'_> {
    const HEADER: &'static [&'static str] = &["PERMISSION", "DESCRIPTION"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.to_owned(), self.description.unwrap_or_default().to_owned()]
    }
}
