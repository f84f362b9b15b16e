//! What a configuration file says, resolved and checked: every default filled in, every value typed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jsonwebtoken::Algorithm;
use url::Url;

use super::{Secret, SecretSource};
use crate::listener::Names;
use crate::routing::Route;
use crate::store::Address;

/// The whole configuration.
#[derive(Debug)]
pub struct Settings {
    /// `[server]`.
    pub server: Server,
    /// `[keycloak]`: our own realm.
    pub keycloak: Issuer,
    /// Every `[[keycloak.also]]`.
    pub also: Vec<Issuer>,
    /// `[auth]`.
    pub auth: Auth,
    /// `[users]`.
    pub users: Users,
    /// `[revocation]`.
    pub revocation: Revocation,
    /// Every `[[upstream]]`.
    pub upstreams: Vec<Upstream>,
    /// Every `[[route]]`, in the order of the file.
    pub routes: Vec<Route>,
}

impl Settings {
    /// Every issuer whose tokens are accepted, our own realm first.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        std::iter::once(&self.keycloak).chain(&self.also)
    }

    /// The longest that a token can be accepted after it was issued.
    #[must_use]
    pub fn longest_life(&self) -> Duration {
        self.issuers().map(|issuer| issuer.max_lifetime + issuer.leeway).max().unwrap_or_default()
    }

    /// The files that secrets were read from.
    pub fn secret_files(&self) -> impl Iterator<Item = &Path> {
        let clients = self.issuers().filter_map(|issuer| issuer.client.as_ref()).map(|client| &client.secret);
        clients.chain(&self.users.password).filter_map(|secret| match secret.source() {
            SecretSource::File(path) => Some(path.as_path()),
            SecretSource::Environment(_) => None,
        })
    }
}

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where requests are taken.
    pub listen: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are served.
    pub admin_listen: SocketAddr,
    /// How clients reach the gateway, where it cannot be told from a request.
    pub public_url: Option<Url>,
    /// Where TLS is spoken, if it is.
    pub tls: Option<Tls>,
    /// Whether HTTP/2 is spoken without TLS too.
    pub h2c: bool,
    /// Peers whose `X-Forwarded-*` and `X-Request-Id` are believed; IPv4-mapped networks are unmapped.
    pub trusted_proxies: Vec<IpNet>,
    /// Worker threads.
    pub threads: usize,
    /// How long a request head may take, from its first byte to its last.
    pub header_timeout: Duration,
    /// How long a TLS handshake may take, and an HTTP/2 connection to begin.
    pub handshake_timeout: Duration,
    /// How long a connection may be idle between two requests.
    pub idle_timeout: Duration,
    /// The largest request head in bytes, request line included.
    pub max_header_size: usize,
    /// The most header fields.
    pub max_headers: usize,
    /// The most connections at once.
    pub max_connections: usize,
    /// The most connections at once of one address; trusted proxies are exempt.
    pub max_connections_per_address: usize,
    /// The most requests at once on one HTTP/2 connection.
    pub max_streams: u32,
    /// How long a stop waits for requests in flight.
    pub shutdown_timeout: Duration,
    /// Whether a file that changes is read again without being told.
    pub reload_on_change: bool,
}

/// `[server.tls]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Where requests are taken.
    pub listen: SocketAddr,
    /// Its own certificate, then every `[[server.tls.sni]]`.
    pub certificates: Vec<CertificateFiles>,
}

/// A certificate, its key, and the hosts that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// `names`; empty where those of the certificate count.
    pub names: Names,
    /// The chain in PEM, the certificate first.
    pub certificate: PathBuf,
    /// The private key in PEM.
    pub key: PathBuf,
}

/// `[keycloak]` or `[[keycloak.also]]`: an issuer whose tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// A short name for metrics and paths.
    pub name: Arc<str>,
    /// The exact `iss` of its tokens.
    pub issuer: Arc<str>,
    /// Where to call it: `internal_url`, else the issuer.
    pub url: Url,
    /// Our client there, and its secret; an additional issuer needs none.
    pub client: Option<Client>,
    /// What `aud` must hold.
    pub audience: String,
    /// The signature algorithms that are accepted; never a symmetric one.
    pub algorithms: Vec<Algorithm>,
    /// Tolerance for clock differences.
    pub leeway: Duration,
    /// The longest life (`exp` − `iat`) of a token.
    pub max_lifetime: Duration,
    /// The clients (`azp`) whose tokens are accepted.
    pub allowed_clients: Vec<String>,
    /// Roles of the issuer that count beside those of the users database: realm roles by name, client roles
    /// as `client:role`.
    pub roles: Vec<String>,
    /// How often the keys are read again.
    pub keys_refresh: Duration,
    /// How long keys are used after they were last read.
    pub keys_max_stale: Duration,
    /// From one read of its events to the next; zero where they are not read.
    pub events_interval: Duration,
}

/// The gateway's own client at an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: Secret,
}

/// `[auth]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Where the gateway's own endpoints are.
    pub prefix: String,
    /// Whether `POST /auth/login` exists.
    pub password_login: bool,
    /// Whether endpoints that only tests need exist.
    pub test_endpoints: bool,
    /// Whether a log-in needs a verified e-mail address.
    pub require_verified_email: bool,
    /// Origins that browsers may call the endpoints from.
    pub cors_origins: Vec<String>,
    /// How long the same refresh token gets the same answer again.
    pub refresh_replay: Duration,
    /// How often somebody may try or ask.
    pub throttle: Throttling,
}

/// The throttle numbers of `[auth]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// The span in which tries are counted.
    pub login_window: Duration,
    /// The most log-ins of one name in it.
    pub login_tries_per_name: usize,
    /// The most log-ins from one address in it.
    pub login_tries_per_address: usize,
    /// The most refresh tokens from one address that Keycloak refuses in it.
    pub refused_tokens_per_address: usize,
    /// The most tokens that one caller may have validated in a minute.
    pub validations_per_caller: usize,
}

/// `[users]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    /// Where the users database is.
    pub database: Database,
    /// The password there.
    pub password: Option<Secret>,
    /// How many connections read for requests.
    pub connections: usize,
    /// How long a request waits for the database.
    pub read_timeout: Duration,
    /// What becomes of a valid token of a user that is not known.
    pub provision: Provision,
    /// How old rights may be that cannot be checked against the database.
    pub stale_when_blind: Duration,
}

/// `[revocation]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// How a node goes on that hears of no changes.
    pub when_blind: WhenBlind,
}

/// `[revocation] when_blind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBlind {
    /// Keycloak is asked about each token.
    Introspect,
    /// Protected routes answer 503.
    Refuse,
}

/// `[users] database`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
    /// `postgres://USER@HOST/DATABASE`.
    Postgres(Address),
}

/// `[users] provision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provision {
    /// 403 `unknown-user`.
    Never,
    /// An account without roles is made.
    OnFirstSight,
}

/// `[[upstream]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// How routes name it.
    pub name: Arc<str>,
    /// Its servers, taken in turn.
    pub servers: Vec<ServerUrl>,
    /// How long a connection attempt may take.
    pub connect_timeout: Duration,
    /// How long writing may be stuck.
    pub write_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// Whether HTTP/2 is spoken to it.
    pub http2: bool,
    /// How many requests may wait for its answers.
    pub max_waiting: usize,
    /// How its servers are asked whether they are well.
    pub health: Option<Health>,
}

/// `[[upstream]] health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What is asked for; any 2xx is well.
    pub path: String,
    /// From one check to the next.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// So many good checks in a row bring a server back.
    pub up: u32,
    /// So many bad ones in a row take it away.
    pub down: u32,
}

/// One server of an upstream: scheme, host and port; no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// The port, from the URL or the scheme.
    pub port: u16,
}
