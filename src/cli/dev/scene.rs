//! Sets the scene: realm, application, database with people, and the settings that join them.

use std::net::SocketAddr;
use std::path::Path;

use devrealm::{DevUser, Realm};

use super::echo::Echo;
use super::{Dev, DevError};
use crate::accounts::{Enrol, KeycloakAccount, Seed, Seeded, carry_out};
use crate::app::{Listening, database};
use crate::config::{Read, Settings, Source};
use crate::id;
use crate::identity::Subject;
use crate::store::{Options, RoleName};

/// A scene that is set.
pub(super) struct Scene {
    settings: Settings,
    source: Option<Source>,
    cast: Cast,
}

/// Who plays; the play ends when this is dropped.
pub(super) struct Cast {
    provider: Provider,
    echo: Echo,
}

/// Who issues the tokens, and to whom.
struct Provider {
    issuer: String,
    people: Vec<DevUser>,
    /// The development realm, unless another one was named.
    _realm: Option<Realm>,
}

/// Where everything is.
pub(super) struct Program {
    pub(super) gateway: SocketAddr,
    pub(super) operations: SocketAddr,
    pub(super) realm: String,
    pub(super) upstream: SocketAddr,
    pub(super) people: Vec<DevUser>,
}

impl Scene {
    /// Starts what the gateway needs, and seeds its users.
    pub(super) async fn set(dev: &Dev, config: Option<&Path>) -> Result<Self, DevError> {
        let provider = Provider::of(dev).await?;
        let echo = Echo::start(dev.upstream_listen).await?;
        let stage = Stage { listen: dev.listen, admin_listen: dev.admin_listen };
        let source = config.map(|file| Source::new(file, move |file| stage.read(file)));
        let settings = match &source {
            Some(source) => source.read()?.0,
            None => stage.set(&text(dev, &provider.issuer, echo.address()))?.0,
        };
        seed(&settings, &provider.people).await?;
        Ok(Self { settings, source, cast: Cast { provider, echo } })
    }

    /// The settings, where they can be read again, and who must stay alive beside the gateway.
    pub(super) fn open(self) -> (Settings, Option<Source>, Cast) {
        (self.settings, self.source, self.cast)
    }
}

impl Provider {
    async fn of(dev: &Dev) -> Result<Self, devrealm::Error> {
        let options = devrealm::Options { listen: dev.realm_listen, ..devrealm::Options::default() };
        match &dev.realm {
            Some(issuer) => Ok(Self { issuer: issuer.clone(), people: DevUser::all(&options)?, _realm: None }),
            None => {
                let realm = Realm::start(options).await?;
                Ok(Self { issuer: realm.issuer().to_owned(), people: realm.users(), _realm: Some(realm) })
            }
        }
    }
}

impl Cast {
    /// Says where everything is, once the gateway listens.
    pub(super) fn program(&self) -> impl FnOnce(Listening) -> Program + Send + 'static {
        let (realm, people) = (self.provider.issuer.clone(), self.provider.people.clone());
        let upstream = self.echo.address();
        move |listening| Program {
            gateway: listening.gateway,
            operations: listening.operations,
            realm,
            upstream,
            people,
        }
    }
}

/// What `doorward dev` decides itself, whatever the file says.
#[derive(Clone, Copy)]
struct Stage {
    listen: SocketAddr,
    admin_listen: SocketAddr,
}

impl Stage {
    fn read(self, file: &Path) -> Read {
        self.direct(Settings::load(file, &variable))
    }

    fn set(self, text: &str) -> Read {
        self.direct(Settings::from_text("the configuration of `doorward dev`", text, &variable))
    }

    fn direct(self, read: Read) -> Read {
        let (mut settings, warnings) = read?;
        settings.server.listen = self.listen;
        settings.server.admin_listen = self.admin_listen;
        settings.auth.password_login = true;
        settings.auth.test_endpoints = true;
        settings.auth.require_verified_email = true;
        Ok((settings, warnings))
    }
}

/// The environment, with the secret of the realm file where none is set.
fn variable(name: &str) -> Option<String> {
    let set = std::env::var(name).ok();
    set.or_else(|| (name == SECRET_VARIABLE).then(|| CLIENT_SECRET.to_owned()))
}

fn text(dev: &Dev, issuer: &str, echo: SocketAddr) -> String {
    let database = dev.data.join("doorward.db");
    format!(
        r#"
[server]
listen = "127.0.0.1:8000"
[keycloak]
issuer = "{issuer}"
client_id = "doorward"
client_secret = {{ env = "{SECRET_VARIABLE}" }}
audience = "doorward"
allowed_clients = ["doorward", "spa"]
[users]
database = {database}
[[upstream]]
name = "app"
servers = ["http://{echo}"]
[[route]]
path = "/public/*"
upstream = "app"
access = "public"
[[route]]
path = "/admin/*"
upstream = "app"
any_role = ["admin"]
[[route]]
path = "/*"
upstream = "app"
"#,
        database = serde_json::Value::from(format!("sqlite:{}", database.display())),
    )
}

/// Everybody of the realm but frank, whom the users database does not know; and the service.
async fn seed(settings: &Settings, people: &[DevUser]) -> Result<(), DevError> {
    let store = database::open(&settings.users, Options::default()).await?;
    let issuer = settings.keycloak.issuer.clone();
    let people = people.iter().filter(|user| user.username != "frank");
    let role = |name: &str| if name == "alice" { "admin" } else { "user" };
    let accounts = people.map(|user| (role(&user.username), account(&issuer, user.id.clone(), user.username.clone())));
    let service = account(&issuer, SERVICE_ID.to_owned(), "service-account-doorward".to_owned());
    let mut seeded = Vec::new();
    for (role, account) in accounts {
        seeded.push(person(Enrol::adopt(id::user_id(), account), role)?);
    }
    seeded.push(person(Enrol::service(id::user_id(), KeycloakAccount { email: None, ..service }), "user")?);
    carry_out(&*store, Seed { people: seeded }).await?;
    Ok(())
}

fn person(account: Result<Enrol, crate::accounts::Refusal>, role: &str) -> Result<Seeded, DevError> {
    let refused = crate::accounts::AccountError::Refused;
    let role = RoleName::parse(role).map_err(|error| refused(error.into()))?;
    Ok(Seeded { account: account.map_err(refused)?, roles: vec![role] })
}

fn account(issuer: &std::sync::Arc<str>, id: String, username: String) -> KeycloakAccount {
    KeycloakAccount {
        subject: Subject::new(issuer.clone(), id.into()),
        email: Some(format!("{username}@example.test")),
        email_verified: username != "carol",
        first_name: None,
        last_name: None,
        enabled: username != "dave",
        username,
    }
}

const SECRET_VARIABLE: &str = "DOORWARD_CLIENT_SECRET";
const CLIENT_SECRET: &str = "doorward-secret";
/// The service account of the client `doorward` in `keycloak/realm.json`.
const SERVICE_ID: &str = "d0000000-0000-4000-8000-000000000100";
