//! `doorward doctor`: says whether a deployment is what the promises need, and what to do where it is not.

mod examine;
mod page;
mod password;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{block_on, say};
use crate::config::{Complaint, Settings};
use crate::doctor::{Check, Finding, Remedy, Report};
use crate::keycloak::Administrator;

/// Look at Keycloak, the users database, the nodes, the gateway and the applications, and say what is wrong and how it
/// is mended: a line for kcadm.sh, a setting, a command.
///
/// Nothing is changed, but that a log-in with a name that nobody has leaves an event at Keycloak. What the gateway's own
/// client may not see is inferred from tokens and signals, or said to be not tried. Exit code 1 where something is broken.
#[derive(Args, Debug)]
#[command(after_help = "Run it where the gateway runs, with its configuration and environment.\n\n  \
    doorward doctor                          what our own client can see\n  \
    doorward doctor --admin-user admin       also the settings of the clients (asks for the password)\n  \
    doorward doctor --probe                  also ends a session, and watches its token die\n  \
    doorward doctor --json                   for CI: one JSON document")]
pub struct Doctor {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Make a user to throw away, log in, end the session, and measure when the gateway refuses its token.
    #[arg(long)]
    probe: bool,
    /// Look with the eyes of this administrator too; the password is asked for, or read from a standard input that is no
    /// terminal.
    #[arg(long, value_name = "NAME")]
    admin_user: Option<String>,
    /// The realm where that account is.
    #[arg(long, value_name = "REALM", default_value = "master", requires = "admin_user")]
    admin_realm: String,
}

/// Examines, prints, and fails where something is broken.
pub fn run(doctor: &Doctor, config: &Path, env: &dyn Fn(&str) -> Option<String>) -> ExitCode {
    let report = match Settings::load(config, env) {
        Ok((settings, warnings)) => {
            let administrator = match doctor.administrator() {
                Ok(administrator) => administrator,
                Err(error) => {
                    say(&format!("doorward: no password was given: {error}"));
                    return ExitCode::from(USAGE);
                }
            };
            let order = examine::Order { administrator, probe: doctor.probe };
            let findings = match block_on(examine::run(&settings, &order)) {
                Ok(findings) => findings,
                Err(error) => {
                    say(&format!("doorward: {error}"));
                    return ExitCode::FAILURE;
                }
            };
            let read = configuration(&settings, warnings);
            Report::new(read.into_iter().chain(findings).collect())
        }
        Err(complaints) => Report::new(complaints.into_iter().map(|complaint| complained(&complaint, true)).collect()),
    };
    match print(&report, doctor.json) {
        Ok(()) if report.is_well() => ExitCode::SUCCESS,
        Ok(()) | Err(_) => ExitCode::FAILURE,
    }
}

impl Doctor {
    fn administrator(&self) -> io::Result<Option<Administrator>> {
        let Some(username) = &self.admin_user else { return Ok(None) };
        let password = password::ask(&format!("Password of {username} in realm {}: ", self.admin_realm))?;
        Ok(Some(Administrator { realm: self.admin_realm.clone(), username: username.clone(), password }))
    }
}

fn print(report: &Report, json: bool) -> io::Result<()> {
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut output, report)?;
        return writeln!(output);
    }
    write!(output, "{}", page::page(report))
}

/// The file is right, perhaps with warnings.
fn configuration(settings: &Settings, warnings: Vec<Complaint>) -> Vec<Finding> {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let what = [
        counted(settings.routes.len(), "route"),
        counted(settings.upstreams.len(), "upstream"),
        counted(settings.issuers().count(), "issuer"),
    ];
    let read = Finding::ok(Check::Configuration, format!("the file is right: {}", what.join(", ")));
    std::iter::once(read).chain(warnings.iter().map(|warning| complained(warning, false))).collect()
}

fn complained(complaint: &Complaint, fatal: bool) -> Finding {
    let line = complaint.line.map(|line| format!(":{line}")).unwrap_or_default();
    let key = format!("{} {}", complaint.section, complaint.key);
    let message = format!("{}{line}: {}: {}", complaint.file, key.trim(), complaint.problem);
    let finding = if fatal { Finding::fail } else { Finding::warn };
    finding(Check::Configuration, message).remedy(Remedy::Setting(complaint.remedy.clone()))
}

const USAGE: u8 = 2;
