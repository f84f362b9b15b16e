//! The whole fixture of facts/security.md §2.1: issuer, upstream, users database and configuration.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::gateway::{Gateway, free_address, run};
use super::issuer::Issuer;
use super::raw::{Request, Response};
use super::recorder::Recorder;
use super::users;
use super::words::Words;

/// What a gateway needs around it, before one is started.
pub struct Setup {
    /// Who signs the tokens.
    pub issuer: Issuer,
    /// Where requests go.
    pub upstream: Recorder,
    /// Tokens of that issuer.
    pub words: Words,
    /// The configuration; tables may be changed before the start.
    pub config: Config,
    directory: TempDir,
}

/// The parts of a configuration file.
pub struct Config {
    /// `[server]` without its table line; the addresses are there already.
    pub server: String,
    /// `[keycloak]`.
    pub keycloak: String,
    /// `[users]`.
    pub users: String,
    /// Every `[[upstream]]`, with table lines.
    pub upstreams: String,
    /// Every `[[route]]`, with table lines.
    pub routes: String,
    /// Anything else, with table lines.
    pub more: String,
}

/// A fixture with its gateway running.
pub struct Running {
    /// The gateway.
    pub gateway: Gateway,
    /// What is around it.
    pub setup: Setup,
}

impl Setup {
    /// The fixture as the case file describes it, its database migrated and seeded.
    pub fn new() -> Self {
        Self::with_issuer(Issuer::start())
    }

    /// The fixture with another issuer.
    pub fn with_issuer(issuer: Issuer) -> Self {
        let setup = Self::without_people(issuer);
        users::seed(&setup.database(), &setup.issuer.url());
        setup
    }

    /// The fixture with a migrated database and nobody in it.
    pub fn without_people(issuer: Issuer) -> Self {
        let setup = Self::around(issuer);
        let file = setup.write();
        let migrated = run(&["migrate", "--config", file.to_str().unwrap()]);
        assert!(migrated.status.success(), "doorward migrate: {}", String::from_utf8_lossy(&migrated.stderr));
        setup
    }

    /// The fixture with the users database of that URL, which is neither migrated nor seeded.
    pub fn with_database(url: &str) -> Self {
        let mut setup = Self::around(Issuer::start());
        setup.config.users = format!("database = \"{url}\"\n");
        setup
    }

    fn around(issuer: Issuer) -> Self {
        let upstream = Recorder::start();
        let directory = tempfile::tempdir().unwrap();
        let words = Words::new(&issuer.url());
        let config = Config::fixture(&issuer.url(), &upstream.url(), &words, directory.path());
        Self { issuer, upstream, words, config, directory }
    }

    /// The same with other routes.
    pub fn with_routes(routes: &str) -> Self {
        let mut setup = Self::new();
        setup.config.routes = routes.to_owned();
        setup
    }

    /// Leads to an application that speaks HTTP/2, at that address; by HTTP/2 no WebSocket is opened.
    pub fn speak_http2_to(&mut self, application: SocketAddr) {
        let (old, new) = (format!("\"{}\"", self.upstream.url()), format!("\"http://{application}\""));
        self.config.upstreams = self.config.upstreams.replace(&old, &new) + "http2 = true\n";
        self.config.routes = self.config.routes.replace("websocket = true", "");
    }

    /// Writes the configuration file and says where.
    pub fn write(&self) -> PathBuf {
        let file = self.directory.path().join("doorward.toml");
        fs::write(&file, self.config.text()).unwrap();
        file
    }

    /// Where the users database is.
    pub fn database(&self) -> PathBuf {
        self.directory.path().join("users.db")
    }

    /// A place for files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the gateway.
    pub fn start(self) -> Running {
        Running { gateway: Gateway::start(&self.write()), setup: self }
    }

    /// Starts a gateway that may never become ready.
    pub fn start_unready(mut self, environment: &[(&str, &str)]) -> Running {
        let (address, admin) = (free_address(), free_address());
        self.config.server = format!("listen = \"{address}\"\nadmin_listen = \"{admin}\"\n");
        Running { gateway: Gateway::start_unready(&self.write(), address, admin, environment), setup: self }
    }
}

impl Running {
    /// The fixture, started as it is.
    pub fn new() -> Self {
        Setup::new().start()
    }

    /// Sends a request of a user.
    pub fn send_as(&self, user: &str, request: Request) -> Response {
        self.gateway.send(request.bearer(&self.setup.words.token_of(user)))
    }

    /// A token of a user whom no cache knows yet.
    pub fn new_token(&self, user: &str) -> String {
        self.token(&json!({ "claims_set": { "sub": user } }))
    }

    /// The token of a recipe.
    pub fn token(&self, recipe: &Value) -> String {
        String::from_utf8(self.setup.words.token(recipe).unwrap()).unwrap()
    }

    /// The upstream.
    pub fn upstream(&self) -> &Recorder {
        &self.setup.upstream
    }
}

impl Config {
    fn fixture(issuer: &str, upstream: &str, words: &Words, directory: &Path) -> Self {
        let secret = directory.join("client-secret");
        write_secret(&secret, &words.client_secret);
        Self {
            server: "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n".into(),
            keycloak: format!(
                "issuer = \"{issuer}\"\nclient_id = \"{}\"\nclient_secret = {{ file = \"{}\" }}\naudience = \"{}\"\n\
                 allowed_clients = [\"{}\"]\nevents_interval = \"0s\"\nleeway = \"5s\"\nalgorithms = [\"RS256\", \"ES256\"]\n",
                words.client,
                secret.display(),
                words.audience,
                words.client
            ),
            users: format!("database = \"sqlite:{}\"\n", directory.join("users.db").display()),
            upstreams: format!("[[upstream]]\nname = \"app\"\nservers = [\"{upstream}\"]\n"),
            routes: ROUTES.into(),
            more: String::new(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        format!(
            "[server]\n{}\n[keycloak]\n{}\n[users]\n{}\n{}\n{}\n{}",
            self.server, self.keycloak, self.users, self.upstreams, self.routes, self.more
        )
    }
}

/// Writes a file that only its owner may read.
pub fn write_secret(file: &Path, secret: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(file, secret).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The routes of facts/security.md §2.1.
pub const ROUTES: &str = r#"
[[route]]
path = "/public/*"
methods = ["GET"]
upstream = "app"
access = "public"

[[route]]
path = "/api/*"
upstream = "app"

[[route]]
path = "/admin/*"
upstream = "app"
any_role = ["admin"]

[[route]]
path = "/reports/*"
methods = ["GET"]
upstream = "app"
any_permission = ["reports:read"]

[[route]]
path = "/reports/*"
methods = ["POST"]
upstream = "app"
any_permission = ["reports:write"]

[[route]]
path = "/stepup/*"
upstream = "app"
acr = ["1"]

[[route]]
path = "/ws/*"
methods = ["GET"]
upstream = "app"
websocket = true
"#;
