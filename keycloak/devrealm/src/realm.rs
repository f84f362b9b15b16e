//! A running development realm.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::backchannel::{self, Action};
use crate::client::Client;
use crate::clock::Clock;
use crate::error::Error;
use crate::faults::Faults;
use crate::inner::Inner;
use crate::keys::Keys;
use crate::options::Options;
use crate::placeholders;
use crate::random;
use crate::requests::{Counts, Requests};
use crate::scope::Scope;
use crate::server;
use crate::settings::Files;
use crate::state::State;
use crate::tokens::{Mint, Subject, Via};
use crate::totp;
use crate::users::Users;

/// A running development realm; it ends when it is dropped.
#[derive(Debug)]
pub struct Realm {
    inner: Arc<Inner>,
    address: SocketAddr,
    options: Options,
    server: JoinHandle<()>,
}

/// A person that somebody can sign in as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevUser {
    /// Keycloak's id, the `sub` of the tokens.
    pub id: String,
    /// The name to sign in with.
    pub username: String,
    /// The password, in plain text.
    pub password: String,
}

impl DevUser {
    /// The people whom a realm of these options has, by name; no realm is started.
    pub fn all(options: &Options) -> Result<Vec<Self>, Error> {
        let files = read(options, None)?;
        Ok(people(&Users::import(files.users, Clock::default().now_ms())?))
    }
}

impl Realm {
    /// Starts a realm and returns when it answers.
    pub async fn start(options: Options) -> Result<Self, Error> {
        if !options.listen.ip().is_loopback() {
            return Err(Error::NotLoopback(options.listen));
        }
        let files = read(&options, None)?;
        let clock = Clock::default();
        let users = Users::import(files.users, clock.now_ms())?;
        let realm = files.settings.realm.clone();
        let state = State::new(files.settings, files.clients, users);
        let keys = tokio::task::spawn_blocking(Keys::generate).await.map_err(|_| Error::KeyGeneration)??;
        let listen = |source| Error::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let origin = format!("http://{address}");
        let inner = Arc::new(Inner {
            issuer: format!("{origin}/realms/{realm}"),
            realm,
            origin,
            keys,
            faults: Faults::default(),
            counts: Counts::default(),
            clock,
            proxy_headers: options.proxy_headers,
            login_milliseconds: AtomicU64::new(0),
            state: Mutex::new(state),
        });
        let server = tokio::spawn(server::serve(listener, Arc::clone(&inner)));
        Ok(Self { inner, address, options, server })
    }

    /// The issuer: `http://127.0.0.1:PORT/realms/doorward`.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// Where the realm listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the realm does wrong.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The realm's keys.
    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    /// How often the realm was asked, up to now.
    pub fn requests(&self) -> Requests {
        self.inner.counts.read()
    }

    /// The people of the realm and their passwords, by name.
    pub fn users(&self) -> Vec<DevUser> {
        people(&self.inner.state().users)
    }

    /// Signs any header and claims with the key that signs now (RS256). `alg` and `kid` are added to the header where
    /// they are missing and left out where they are null.
    pub fn mint(&self, header: &Value, claims: &Value) -> String {
        self.inner.keys.sign(header, claims)
    }

    /// The claims of a good access token with a session of its own, to be changed and given to [`Realm::mint`];
    /// `None` when there is no such user or client.
    pub fn access_claims(&self, username: &str, client_id: &str) -> Option<Value> {
        let now = self.inner.clock.now();
        let mut state = self.inner.state();
        state.client(client_id)?;
        let user_id = state.users.sign_in(username, true)?.id.clone();
        let sid = state.sessions.start(&user_id, client_id, self.address.ip().to_string(), now).id.clone();
        let client = state.client(client_id)?;
        let scope = Scope::grant(Some("openid"), client)?;
        let subject =
            Subject { user: state.users.find(&user_id)?, client, session: state.sessions.find(&sid), scope: &scope };
        let mint = Mint { inner: &self.inner, settings: &state.settings, now };
        Some(mint.access_claims(subject, Via::Password))
    }

    /// The one-time code that a user's device shows now, if the user has one.
    pub fn otp(&self, username: &str) -> Option<String> {
        let state = self.inner.state();
        let key = state.users.sign_in(username, false)?.otp_key()?;
        Some(totp::code_at(&key, self.inner.clock.now()))
    }

    /// Tells the realm where the gateway is: fills `${DOORWARD_URL:…}` and its like in the clients again, for a gateway that got
    /// its port after the realm had started.
    pub fn set_gateway_url(&self, url: &str) -> Result<(), Error> {
        let files = read(&self.options, Some(url))?;
        self.inner.state().replace_clients(files.clients);
        Ok(())
    }

    /// Sets or removes an attribute of a client (`backchannel.logout.url`, …). Whether there is such a client.
    pub fn set_client_attribute(&self, client_id: &str, name: &str, value: Option<&str>) -> bool {
        self.change_client(client_id, |client| match value {
            Some(value) => drop(client.attributes.insert(name.to_owned(), value.to_owned())),
            None => drop(client.attributes.remove(name)),
        })
    }

    /// Lets tokens that are older than a mark be dead, and orders the clients to refuse them, as an administrator may
    /// whom the realm does not have.
    pub async fn push_not_before(&self, mark: i64) {
        let note = |method: &str, inside: &[&str], body: &str| {
            self.inner.state().events.note_admin(self.inner.clock.now_ms(), method, inside, body);
        };
        self.inner.state().not_before = mark;
        note("PUT", &[], &json!({ "notBefore": mark }).to_string());
        backchannel::order(&self.inner, Action::PushNotBefore, mark).await;
        note("POST", &["push-revocation"], "");
    }

    /// Takes a key out of use, as an administrator does: there is an event of it. Whether there is such a key.
    pub fn disable_key(&self, kid: &str) -> bool {
        let disabled = self.inner.keys.disable(kid);
        if disabled {
            let component = random::uuid();
            self.inner.state().events.note_admin(self.inner.clock.now_ms(), "PUT", &["components", &component], "");
        }
        disabled
    }

    /// Plays an older Keycloak, which does not know this type of users' events and refuses to be asked for it.
    pub fn forget_event_type(&self, kind: &str) {
        self.inner.state().events.forget(kind);
    }

    /// Enables or disables a client. Whether there is such a client.
    pub fn set_client_enabled(&self, client_id: &str, enabled: bool) -> bool {
        self.change_client(client_id, |client| client.enabled = enabled)
    }

    /// Switches the rotation of refresh tokens on or off; the realm file has it on.
    pub fn set_refresh_rotation(&self, rotation: bool) {
        self.inner.state().settings.revoke_refresh_token = rotation;
    }

    /// Lets every log-in by password take that long, as the hash of a real one does. Those of one user that arrive
    /// together are then refused but the first.
    pub fn set_login_time(&self, takes: Duration) {
        let milliseconds = u64::try_from(takes.as_millis()).unwrap_or(u64::MAX);
        self.inner.login_milliseconds.store(milliseconds, Ordering::Relaxed);
    }

    /// Moves the realm's clock forward, so that tokens and sessions expire without a wait.
    pub fn advance_clock(&self, by: Duration) {
        self.inner.clock.advance(by);
    }

    /// Stops the realm; its connections are closed when this returns.
    pub async fn stop(mut self) {
        self.server.abort();
        // The task was aborted, so its end is an error by design.
        let _ = (&mut self.server).await;
    }

    fn change_client(&self, client_id: &str, change: impl FnOnce(&mut Client)) -> bool {
        let mut state = self.inner.state();
        let client = state.clients.iter_mut().find(|client| client.client_id == client_id);
        client.map(change).is_some()
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn people(users: &Users) -> Vec<DevUser> {
    let people = users.all().filter(|user| user.is_person()).filter_map(|user| {
        let password = user.password()?.to_owned();
        Some(DevUser { id: user.id.clone(), username: user.username.clone(), password })
    });
    let mut people = people.collect::<Vec<_>>();
    people.sort_by(|one, other| one.username.cmp(&other.username));
    people
}

/// The environment is read here only; what the options say goes before it.
fn read(options: &Options, gateway_url: Option<&str>) -> Result<Files, Error> {
    let lookup = |name: &str| match (name, &options.client_secret, gateway_url) {
        ("DOORWARD_CLIENT_SECRET", Some(secret), _) => Some(secret.clone()),
        ("DOORWARD_URL" | "DOORWARD_INTERNAL_URL", _, Some(url)) => Some(url.trim_end_matches('/').to_owned()),
        _ => std::env::var(name).ok(),
    };
    let realm = placeholders::fill(&options.realm_json, lookup);
    let people = options.users_json.as_deref().map(|people| placeholders::fill(people, lookup));
    let mut files = Files::read(&realm, people.as_deref())?;
    if let Some(lifespan) = options.access_token_lifespan {
        files.settings.override_lifespan(lifespan);
    }
    Ok(files)
}
