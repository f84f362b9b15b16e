//! `doorward dev`: everything that a gateway needs, in one process, with nothing to install.

mod echo;
mod scene;
mod welcome;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::parser::ValueSource;

use super::run::runtime;
use super::{say, sentence};
use crate::app;
use crate::telemetry;
use scene::Scene;

/// Run a gateway to try: with a realm, users, a database and an application, in one process.
///
/// Nothing is installed and nothing outside of this machine is asked. The realm speaks the endpoints of Keycloak
/// that the gateway uses; its passwords are printed, so it listens on loopback only.
#[derive(Args, Debug)]
pub struct Dev {
    /// Where the gateway listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Where /livez, /readyz and /metrics are.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9180")]
    admin_listen: SocketAddr,
    /// Where the development realm listens; loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8180")]
    realm_listen: SocketAddr,
    /// A realm that runs already, instead of the development realm: a Keycloak with keycloak/realm.json and
    /// keycloak/users.dev.json, as `make keycloak` starts it.
    #[arg(long, value_name = "ISSUER", conflicts_with = "realm_listen")]
    realm: Option<String>,
    /// Where the application listens that answers with what it was sent.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    upstream_listen: SocketAddr,
    /// Where the users database is kept.
    #[arg(long, value_name = "DIR", default_value = "data/dev")]
    data: PathBuf,
    /// Print one line of JSON once everything answers, instead of the welcome.
    #[arg(long)]
    json: bool,
}

/// Why the scene cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The realm cannot be started.
    #[error("the development realm cannot be started (--realm-listen)")]
    Realm(#[from] devrealm::Error),
    /// The application cannot listen.
    #[error("the application cannot listen on {address} (--upstream-listen): {source}")]
    Upstream {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The configuration is wrong.
    #[error("the configuration is wrong:\n{0}")]
    Settings(#[from] crate::config::Complaints),
    /// The users database cannot be opened.
    #[error("the users database cannot be used (--data)")]
    Store(#[from] crate::store::StoreError),
    /// The people cannot be put into the users database.
    #[error("the people cannot be put into the users database")]
    Seed(#[from] crate::accounts::AccountError),
    /// The gateway does not start.
    #[error(transparent)]
    Start(#[from] app::StartError),
}

/// Runs everything until it is told to stop. A file that was named is the gateway's configuration.
pub fn run(dev: &Dev, config: &Path, config_named: bool) -> ExitCode {
    let runtime = match runtime(2) {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("doorward: cannot start threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let sink = telemetry::start();
    let config = config_named.then_some(config);
    let outcome: Result<app::Ended, DevError> = runtime.block_on(async {
        let scene = Scene::set(dev, config).await?;
        let (settings, source, cast) = scene.open();
        let (program, json) = (cast.program(), dev.json);
        let ready = Box::new(move |listening| welcome::print(&program(listening), json));
        let ended = app::serve(settings, source, sink.clone(), ready).await;
        drop(cast);
        Ok(ended?)
    });
    sink.finish();
    match outcome {
        Ok(app::Ended::Stopped) => ExitCode::SUCCESS,
        Ok(app::Ended::Lost(_)) => ExitCode::FAILURE,
        Err(error) => {
            say(&sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// Whether the user named a configuration file; `dev` has one of its own.
pub fn is_named(source: Option<ValueSource>) -> bool {
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}
