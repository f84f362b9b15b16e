//! The commands that work on the users database: opens it, asks Keycloak where that is needed, prints.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;

use super::failure::Failure;
use super::output::{Form, Output};
use super::pipe::Pipe;
use super::users::Lookup;
use super::{
    block_on, migrate as migration, nodes as node_commands, permissions as permission_commands, roles as role_commands,
    say, sentence, settled, users as user_commands,
};
use crate::accounts::KeycloakAccount;
use crate::app::{database, realm};
use crate::config::Settings;
use crate::identity::Subject;
use crate::keycloak::{Admin, KeycloakMetrics, KeycloakUser};
use crate::store::{Options, Store};

/// `doorward migrate`.
pub fn migrate(command: &migration::Migrate, settings: &Settings) -> ExitCode {
    print(command.json(), |output| wait(migration::run(&settings.users, output)))
}

/// `doorward users`.
pub fn users(command: user_commands::Users, settings: &Settings) -> ExitCode {
    print(command.json(), |output| {
        wait(async {
            let found = match command.lookup() {
                Some(lookup) => ask(lookup, settings).await?,
                None => None,
            };
            let store = open(settings).await?;
            let before = settled::before(&*store).await;
            user_commands::run(command, found, &*store, output).await?;
            settled::after(store, before).await;
            Ok(())
        })
    })
}

/// `doorward roles`.
pub fn roles(command: role_commands::Roles, settings: &Settings) -> ExitCode {
    print(command.json(), |output| {
        wait(async {
            let store = open(settings).await?;
            let before = settled::before(&*store).await;
            role_commands::run(command, &*store, output).await?;
            settled::after(store, before).await;
            Ok(())
        })
    })
}

/// `doorward permissions`.
pub fn permissions(command: permission_commands::Permissions, settings: &Settings) -> ExitCode {
    print(command.json(), |output| {
        wait(async {
            let store = open(settings).await?;
            let before = settled::before(&*store).await;
            permission_commands::run(command, &*store, output).await?;
            settled::after(store, before).await;
            Ok(())
        })
    })
}

/// `doorward nodes`.
pub fn nodes(command: &node_commands::Nodes, settings: &Settings) -> ExitCode {
    print(command.json(), |output| wait(async { node_commands::run(&*open(settings).await?, output).await }))
}

async fn open(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    Ok(database::open(&settings.users, Options::default()).await?)
}

/// What Keycloak knows of an account.
async fn ask(lookup: Lookup<'_>, settings: &Settings) -> Result<Option<KeycloakAccount>, Failure> {
    let registry = prometheus::Registry::new();
    let metrics = KeycloakMetrics::new(&registry).map_err(|_| Failure::Setup)?;
    let http = Arc::new(realm::http(metrics).map_err(|_| Failure::Setup)?);
    let admin = Admin::new(Arc::new(realm::oidc(&settings.keycloak, &http))).ok_or(Failure::Setup)?;
    let found = match lookup {
        Lookup::Person(username) => admin.find_user(username).await?,
        Lookup::ServiceAccount(client) => admin.service_account_user(client).await?,
    };
    Ok(found.map(|user| account(&settings.keycloak.issuer, user)))
}

fn account(issuer: &Arc<str>, user: KeycloakUser) -> KeycloakAccount {
    KeycloakAccount {
        subject: Subject::new(Arc::clone(issuer), user.id.into()),
        username: user.username,
        email: user.email,
        email_verified: user.email_verified,
        first_name: user.first_name,
        last_name: user.last_name,
        enabled: user.enabled,
    }
}

fn wait<F: Future<Output = Result<(), Failure>>>(command: F) -> Result<(), Failure> {
    block_on(command)?
}

fn print(json: bool, command: impl FnOnce(&mut Output<'_>) -> Result<(), Failure>) -> ExitCode {
    let mut stdout = Pipe::stdout();
    let form = Form::choose(json, io::stdout().is_terminal());
    match command(&mut Output::new(form, &mut stdout)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&sentence(&failure));
            ExitCode::from(failure.exit_code())
        }
    }
}
