//! A house with a doorkeeper: the development realm, a gateway in front of an upstream, and a users database that knows
//! the realm's people.

use std::thread;

use devrealm::{Options, Realm};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::gateway::Gateway;
use super::issuer::Issuer;
use super::patience::wait_for;
use super::raw::{Request, Response};
use super::setup::{Running, Setup, write_secret};
use super::users::{self, User};

/// Everything, running.
pub struct House {
    /// The gateway.
    pub gateway: Gateway,
    /// Keycloak's part.
    pub realm: Realm,
    /// Upstream, database and configuration.
    pub setup: Setup,
    runtime: Runtime,
}

/// What may be different before the start.
pub struct Plan {
    /// The realm.
    pub realm: Options,
    /// Lines of `[auth]`.
    pub auth: String,
    /// More lines of `[keycloak]`.
    pub keycloak: String,
    /// More lines of `[users]`.
    pub users: String,
    /// More lines of `[server]`.
    pub server: String,
    /// More routes, with table lines.
    pub routes: String,
    /// The environment of the gateway.
    pub environment: Vec<(&'static str, &'static str)>,
}

impl Default for Plan {
    /// Password log-in, test endpoints and hardly a throttle.
    fn default() -> Self {
        Self {
            realm: Options { client_secret: Some(SECRET.to_owned()), ..Options::default() },
            auth: "login_tries_per_name = 1000\nlogin_tries_per_address = 100000\n".to_owned(),
            keycloak: String::new(),
            users: String::new(),
            server: String::new(),
            routes: String::new(),
            environment: vec![],
        }
    }
}

impl House {
    /// The realm of the repository and its people.
    pub fn start() -> Self {
        Self::build(|_| {})
    }

    /// With something different.
    pub fn build(change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan);
        let runtime = Runtime::new().unwrap();
        let realm = runtime.block_on(Realm::start(plan.realm)).unwrap();
        let mut setup = Setup::without_people(Issuer::start());
        if !plan.keycloak.contains("events_interval") {
            // Most tests count what the gateway asks.
            plan.keycloak.push_str("events_interval = \"0s\"\n");
        }
        let secret = setup.directory().join("realm-secret");
        write_secret(&secret, SECRET);
        setup.config.keycloak = format!(
            "issuer = \"{}\"\nclient_id = \"doorward\"\nclient_secret = {{ file = \"{}\" }}\naudience = \"doorward\"\n\
             allowed_clients = [\"doorward\", \"spa\", \"backend\"]\n{}",
            realm.issuer(),
            secret.display(),
            plan.keycloak
        );
        setup.config.users.push_str(&plan.users);
        setup.config.server.push_str(&plan.server);
        setup.config.routes.push_str(&plan.routes);
        setup.config.more = format!(
            "[auth]\npassword_login = true\ntest_endpoints = true\nrequire_verified_email = true\n{}",
            plan.auth
        );
        let database = setup.database();
        users::execute(&database, "insert into roles (name) values ('user')");
        for person in realm.users().iter().filter(|person| person.username != "frank") {
            let roles: &[&str] = if person.username == "alice" { &["admin"] } else { &["user"] };
            let user = User { name: &person.username, state: "active", roles };
            users::add_known_as(&database, realm.issuer(), &person.id, &user);
        }
        users::execute(&database, "update users set email = username || '@example.test'");
        let gateway = Gateway::start_with(&setup.write(), &plan.environment);
        Self { gateway, realm, setup, runtime }
    }

    /// The gateway with what is around it, and what must live as long.
    pub fn open(self) -> (Running, Realm, Runtime) {
        (Running { gateway: self.gateway, setup: self.setup }, self.realm, self.runtime)
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.gateway.send(Request::new("POST", path).json(body))
    }

    /// Logs in with the password that the realm's people have.
    pub fn log_in(&self, user: &str) -> Response {
        self.try_password(user, &format!("{user}-password"))
    }

    /// Logs in with any password.
    pub fn try_password(&self, user: &str, password: &str) -> Response {
        self.post("/auth/login", &json!({ "username": user, "password": password }))
    }

    /// The tokens of a new session.
    pub fn session(&self, user: &str) -> Session {
        Session::of(&self.log_in(user))
    }

    /// Asks for new tokens.
    pub fn refresh(&self, refresh_token: &str) -> Response {
        self.post("/auth/token/refresh", &json!({ "refresh_token": refresh_token }))
    }

    /// Logs out.
    pub fn log_out(&self, refresh_token: &str) -> Response {
        self.post("/auth/logout", &json!({ "refresh_token": refresh_token }))
    }

    /// What a route says to an access token.
    pub fn status_of(&self, access_token: &str) -> u16 {
        self.gateway.send(Request::get("/api/echo").bearer(access_token)).status
    }

    /// Runs a statement in the users database, as another program would.
    pub fn execute(&self, statement: &str) {
        assert!(users::execute(&self.setup.database(), statement) > 0, "{statement} changes nothing");
    }

    /// Sets the state of a user in the users database, and waits until a route says that to their access token.
    pub fn set_state(&self, user: &str, state: &str, access_token: &str, status: u16) {
        self.execute(&format!("update users set state = '{state}' where username = '{user}'"));
        wait_for("the change to hold", || (self.status_of(access_token) == status).then_some(()));
    }

    /// How often Keycloak was asked for tokens by this grant.
    pub fn grants(&self, grant: &str) -> u64 {
        self.realm.requests().grant(grant)
    }

    /// Keycloak's own id of a user.
    pub fn id_of(&self, user: &str) -> String {
        self.realm.users().into_iter().find(|person| person.username == user).unwrap().id
    }

    /// Calls Keycloak itself with a form of our client.
    pub fn ask_keycloak(&self, endpoint: &str, fields: &str) -> Response {
        let path = format!("/realms/doorward/protocol/openid-connect/{endpoint}");
        let form = format!("client_id=doorward&client_secret={SECRET}&{fields}");
        let request = Request::new("POST", &path).with("Content-Type", "application/x-www-form-urlencoded");
        request.body(form).send(self.realm.address())
    }

    /// Calls Keycloak's Admin API.
    pub fn admin(&self, method: &str, path: &str) -> Response {
        let token = self.ask_keycloak("token", "grant_type=client_credentials").json();
        let path = format!("/admin/realms/doorward/{path}");
        let request = Request::new(method, &path).bearer(token["access_token"].as_str().unwrap());
        request.send(self.realm.address())
    }

    /// Sets and pushes a not-before, as an administrator of Keycloak.
    pub fn push_not_before(&self, mark: i64) {
        self.runtime.block_on(self.realm.push_not_before(mark));
    }

    /// Sends many requests at once and gives their answers.
    pub fn together(&self, requests: Vec<Request>) -> Vec<Response> {
        let address = self.gateway.address;
        let send = |request: Request| thread::spawn(move || request.send(address));
        let sent: Vec<_> = requests.into_iter().map(send).collect();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    }
}

/// The tokens of a session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Session {
    /// The tokens of an answer that must be one with tokens.
    pub fn of(answer: &Response) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.shown());
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// The last part of a problem's type.
pub fn kind(answer: &Response) -> String {
    let body = answer.json();
    body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned()
}

/// The secret of the client `doorward`.
pub const SECRET: &str = "doorward-secret";
