//! The command line: arguments in, exit code out; one file a command.

pub mod check;
#[cfg(feature = "dev")]
pub mod dev;
pub mod doctor;
pub mod explain;
mod explanation;
pub mod failure;
pub mod healthcheck;
pub mod ledger;
pub mod migrate;
pub mod nodes;
pub mod output;
pub mod permissions;
pub mod pipe;
pub mod roles;
pub mod run;
mod settled;
mod user_record;
pub mod users;
mod whom;

use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Complaint, Settings, Source};
use crate::doctor::causes;

/// An authentication gateway: checks tokens of Keycloak, adds roles and permissions of your users database,
/// forwards to your applications.
///
/// Begin with `doorward dev`, which needs no file and no other service. In production write a configuration
/// (config/doorward.example.toml documents every setting), look at it with `doorward check`, and start it with
/// `doorward run`.
#[derive(Parser, Debug)]
#[command(name = "doorward", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", env = "DOORWARD_CONFIG", default_value = "doorward.toml")]
    config: PathBuf,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the gateway until SIGTERM or SIGINT; requests in flight are finished.
    Run,
    /// Run a gateway to try: with a realm, users, a database and an application, in one process.
    #[cfg(feature = "dev")]
    Dev(dev::Dev),
    /// Read the configuration, offline, and print the routes in the order in which they are tried.
    Check(check::Check),
    /// Look at Keycloak, the users database, the nodes and the applications, and say what is wrong and how it is mended.
    Doctor(doctor::Doctor),
    /// Say which route holds for a request, and whether a user may enter it.
    Explain(explain::Explain),
    /// Bring the users database up to date. `doorward run` does the same when it starts.
    Migrate(migrate::Migrate),
    /// See and change users.
    Users(users::Users),
    /// See and make roles.
    Roles(roles::Roles),
    /// See and make permissions.
    Permissions(permissions::Permissions),
    /// See the nodes that share the users database, whether they live, and how far behind they are.
    Nodes(nodes::Nodes),
    /// Ask a running gateway whether it is ready; exit code 0 if it is.
    Healthcheck(healthcheck::Healthcheck),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    crate::app::install_cryptography();
    let config = arguments.config;
    match arguments.command {
        Command::Run => {
            let source = Source::new(&config, |file| Settings::load(file, &environment));
            with_warnings(&config, |settings| run::run(settings, source))
        }
        #[cfg(feature = "dev")]
        Command::Dev(dev) => {
            let named = matches.subcommand().and_then(|(_, dev)| dev.value_source("config"));
            dev::run(&dev, &config, dev::is_named(named))
        }
        Command::Check(check) => check::run(&check, &config, &environment),
        Command::Doctor(doctor) => doctor::run(&doctor, &config, &environment),
        Command::Explain(explain) => with_settings(&config, |settings| explain::run(&explain, settings)),
        Command::Migrate(migrate) => with_settings(&config, |settings| ledger::migrate(&migrate, &settings)),
        Command::Users(users) => with_settings(&config, |settings| ledger::users(users, &settings)),
        Command::Roles(roles) => with_settings(&config, |settings| ledger::roles(roles, &settings)),
        Command::Permissions(permissions) => {
            with_settings(&config, |settings| ledger::permissions(permissions, &settings))
        }
        Command::Nodes(nodes) => with_settings(&config, |settings| ledger::nodes(&nodes, &settings)),
        Command::Healthcheck(healthcheck) => {
            with_settings(&config, |settings| healthcheck::run(&healthcheck, &settings.server))
        }
    }
}

/// The variables of the process; the only place that reads them for the configuration.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a command that needs the settings. What they warn of is said by `check` and `run`, and not again by everything.
fn with_settings(config: &Path, command: impl FnOnce(Settings) -> ExitCode) -> ExitCode {
    with(config, |settings, _| command(settings))
}

fn with_warnings(config: &Path, command: impl FnOnce(Settings) -> ExitCode) -> ExitCode {
    with(config, |settings, warnings| {
        for warning in warnings {
            say(&format!("warning: {warning}"));
        }
        command(settings)
    })
}

fn with(config: &Path, command: impl FnOnce(Settings, Vec<Complaint>) -> ExitCode) -> ExitCode {
    match Settings::load(config, &environment) {
        Ok((settings, warnings)) => command(settings, warnings),
        Err(complaints) => {
            say(complaints.to_string().trim_end());
            ExitCode::FAILURE
        }
    }
}

/// Runs a short command to its end.
fn block_on<F: Future>(future: F) -> Result<F::Output, std::io::Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| runtime.block_on(future))
}

/// One sentence for people, on standard error.
fn say(sentence: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{sentence}");
}

/// An error with everything behind it, as one sentence.
fn sentence(error: &dyn std::error::Error) -> String {
    format!("doorward: {}", causes(error))
}
