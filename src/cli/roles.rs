//! `doorward roles`: list, create.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Record};
use crate::accounts::{CreateRole, carry_out};
use crate::store::{Ledger, PermissionName, Role, RoleName};

/// See and make roles.
#[derive(Args, Debug)]
pub struct Roles {
    #[command(subcommand)]
    command: Command,
    /// Print JSON: one role a line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List roles with their permissions.
    List,
    /// Make a role.
    Create {
        /// Its name: a letter a-z, then at most 62 of a-z 0-9 _ -
        #[arg(value_parser = RoleName::parse)]
        name: RoleName,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// A permission that it holds; may be repeated.
        #[arg(long = "permission", value_name = "PERMISSION", value_parser = PermissionName::parse)]
        permissions: Vec<PermissionName>,
    },
}

impl Roles {
    /// Whether JSON is asked for.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }
}

/// Runs the command.
pub async fn run(roles: Roles, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
    match roles.command {
        Command::List => {
            let roles = ledger.roles().await?;
            Ok(output.list(&roles.iter().map(RoleRecord::from).collect::<Vec<_>>())?)
        }
        Command::Create { name, description, permissions } => {
            let create = CreateRole { name: name.clone(), description, permissions };
            carry_out(ledger, create).await?;
            let made = ledger.roles().await?.into_iter().find(|role| role.name == name.as_str());
            Ok(output.done(&format!("the role {name} exists now"), &made.as_ref().map(RoleRecord::from))?)
        }
    }
}

#[derive(Serialize)]
struct RoleRecord<'r> {
    name: &'r str,
    description: Option<&'r str>,
    system: bool,
    grants_all: bool,
    permissions: &'r [String],
}

impl<'r> From<&'r Role> for RoleRecord<'r> {
    fn from(role: &'r Role) -> Self {
        Self {
            name: &role.name,
            description: role.description.as_deref(),
            system: role.system,
            grants_all: role.grants_all,
            permissions: &role.permissions,
        }
    }
}

impl Record for RoleRecord<'_> {
    const HEADER: &'static [&'static str] = &["ROLE", "PERMISSIONS", "DESCRIPTION"];

    fn cells(&self) -> Vec<String> {
        let permissions = if self.grants_all { "(all)".to_owned() } else { self.permissions.join(",") };
        vec![self.name.to_owned(), permissions, self.description.unwrap_or_default().to_owned()]
    }
}
