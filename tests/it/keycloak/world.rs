//! A realm of a test's own at either provider, and the requests that a gateway sends it.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devrealm::Options;
use serde_json::{Value, json};
use test_services::keycloak::{Keycloak, Realm};
use tokio::runtime::Runtime;
use url::form_urlencoded::Serializer;

use crate::support::raw::{Request, Response};

/// A realm made of `keycloak/realm.json`, with the people of `keycloak/users.dev.json`.
pub struct World {
    /// Exactly the `iss` of its tokens.
    pub issuer: String,
    address: SocketAddr,
    provider: Provider,
    keep: bool,
}

enum Provider {
    Development { realm: devrealm::Realm, runtime: Runtime },
    Real(Option<Realm>),
}

impl World {
    /// At the development realm.
    pub fn development() -> Self {
        let runtime = Runtime::new().unwrap();
        let realm = runtime.block_on(devrealm::Realm::start(Options::default())).unwrap();
        let (issuer, address) = (realm.issuer().to_owned(), realm.address());
        Self { issuer, address, provider: Provider::Development { realm, runtime }, keep: false }
    }

    /// At a real Keycloak.
    pub fn real() -> Self {
        let rested = RESTED.lock().unwrap().pop();
        let realm = rested.unwrap_or_else(|| Keycloak::shared().realm());
        Self { issuer: realm.issuer(), address: realm.address(), provider: Provider::Real(Some(realm)), keep: true }
    }

    /// At a realm of a real Keycloak that is not given back.
    pub fn of(realm: Realm) -> Self {
        Self { issuer: realm.issuer(), address: realm.address(), provider: Provider::Real(Some(realm)), keep: false }
    }

    /// The realm at a real Keycloak.
    pub fn realm(&self) -> &Realm {
        match &self.provider {
            Provider::Real(Some(realm)) => realm,
            _ => panic!("this is the development realm"),
        }
    }

    /// Sends a request as it is.
    pub fn send(&self, request: Request) -> Response {
        let request = request.with("Host", &self.address.to_string()).with("Connection", "close");
        request.send_patiently(self.address, PATIENCE)
    }

    /// GET of a path of the server.
    pub fn get(&self, path: &str) -> Response {
        self.send(Request::get(path))
    }

    /// The path of an OpenID Connect endpoint.
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.path())
    }

    /// The path of the realm.
    pub fn path(&self) -> &str {
        &self.issuer[self.issuer.find("/realms/").unwrap()..]
    }

    /// POST of a form to an OpenID Connect endpoint.
    pub fn form(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        self.send(form(&self.endpoint(endpoint), fields))
    }

    /// The same with the gateway's client and secret.
    pub fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        self.form(endpoint, &[&CLIENT, fields].concat())
    }

    /// A log-in, as the gateway sends it.
    pub fn login(&self, username: &str, password: &str) -> Response {
        let fields = [("grant_type", "password"), ("username", username), ("password", password), ("scope", "openid")];
        self.post("token", &fields)
    }

    /// The tokens of somebody who can log in.
    pub fn tokens(&self, username: &str) -> Value {
        let answer = self.login(username, &format!("{username}-password"));
        assert_eq!(answer.status, 200, "{username}: {}", answer.shown());
        answer.json()
    }

    /// A refresh.
    pub fn refresh(&self, token: &str) -> Response {
        self.post("token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// What introspection says.
    pub fn introspect(&self, token: &str, hint: &str) -> Value {
        let answer = self.post("token/introspect", &[("token", token), ("token_type_hint", hint)]);
        assert_eq!(answer.status, 200, "{}", answer.shown());
        answer.json()
    }

    /// A token of the gateway's own client.
    pub fn service_token(&self) -> String {
        let answer = self.post("token", &[("grant_type", "client_credentials")]);
        text(&answer.json(), "access_token").to_owned()
    }

    /// A request of the Admin API by the gateway's service account; the path is that behind the realm's name.
    pub fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = Request::new(method, &self.admin_path(path)).bearer(&self.service_token());
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
    }

    /// The path of a resource of the Admin API.
    pub fn admin_path(&self, path: &str) -> String {
        format!("/admin{}/{path}", self.path())
    }

    /// The id of somebody.
    pub fn id_of(&self, username: &str) -> String {
        match &self.provider {
            Provider::Development { realm, .. } => {
                realm.users().into_iter().find(|user| user.username == username).unwrap().id
            }
            Provider::Real(_) => self.realm().id_of(username),
        }
    }

    /// Enables or disables somebody.
    pub fn set_enabled(&self, username: &str, enabled: bool) {
        let path = format!("users/{}", self.id_of(username));
        assert_eq!(self.admin("PUT", &path, Some(&json!({"enabled": enabled}))).status, 204);
    }

    /// Tells the realm where the gateway is: its clients are told there of ends of sessions.
    pub fn tell(&self, gateway: &str) {
        match &self.provider {
            Provider::Development { realm, .. } => realm.set_gateway_url(gateway).unwrap(),
            Provider::Real(_) => {
                let realm = self.realm();
                let mut client = realm.get("clients?clientId=doorward")[0].clone();
                client["adminUrl"] = json!(format!("{gateway}/auth/keycloak/{}", realm.name()));
                client["attributes"]["backchannel.logout.url"] = json!(format!("{gateway}/auth/backchannel-logout"));
                realm.put(&format!("clients/{}", text(&client, "id")), &client);
            }
        }
    }

    /// Sets and pushes a not-before, as an administrator of the realm.
    pub fn push_not_before(&self, mark: u64) {
        match &self.provider {
            Provider::Development { realm, runtime } => {
                runtime.block_on(realm.push_not_before(i64::try_from(mark).unwrap()));
            }
            Provider::Real(_) => {
                self.realm().put("", &json!({"notBefore": mark}));
                self.realm().post("push-revocation", &json!({}));
            }
        }
    }

    /// Switches the rotation of refresh tokens off.
    pub fn stop_rotation(&self) {
        match &self.provider {
            Provider::Development { realm, .. } => realm.set_refresh_rotation(false),
            Provider::Real(_) => self.realm().put("", &json!({"revokeRefreshToken": false})),
        }
    }
}

/// A realm takes five seconds to make. One whose test went well is put back as it was, for another test.
impl Drop for World {
    fn drop(&mut self) {
        let Provider::Real(realm) = &mut self.provider else { return };
        let Some(realm) = realm.take().filter(|_| self.keep && !std::thread::panicking()) else { return };
        realm.put("", &json!({"revokeRefreshToken": true}));
        realm.delete("attack-detection/brute-force/users");
        RESTED.lock().unwrap().push(realm);
    }
}

/// POST of a form.
pub fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::new("POST", path).with("Content-Type", "application/x-www-form-urlencoded").body(body)
}

/// Status, error and description in one.
pub fn verdict(answer: &Response) -> (u16, String) {
    let body = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let field = |name: &str| body[name].as_str().map(str::to_owned);
    let said = ["error", "error_description", "errorMessage"].into_iter().filter_map(field).collect::<Vec<_>>();
    (answer.status, said.join(": "))
}

/// A member that is a text.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The names of the members, sorted.
pub fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The words of a text, sorted.
pub fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_unstable();
    words
}

/// The texts of a list, or the one text, sorted.
pub fn set(value: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = match value {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    texts.sort_unstable();
    texts
}

/// The header of a token.
pub fn header_of(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
pub fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

/// A lifetime counts from before the answer was made.
pub fn about(seconds: &Value, expected: i64) {
    let seconds = seconds.as_i64().unwrap_or_else(|| panic!("no number: {seconds}"));
    assert!((expected - 10..=expected).contains(&seconds), "{seconds}, not {expected}");
}

static RESTED: Mutex<Vec<Realm>> = Mutex::new(Vec::new());
/// A real server that shows a page for the first time is slow, and so is one on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The gateway's client in `keycloak/realm.json`.
pub const CLIENT: [(&str, &str); 2] = [("client_id", "doorward"), ("client_secret", "doorward-secret")];
