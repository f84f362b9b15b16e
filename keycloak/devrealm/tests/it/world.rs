//! A realm of a test's own, and the requests that a gateway would send it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devrealm::{Options, Realm};
use serde_json::Value;

use crate::http::{Request, Response};

pub(crate) struct World {
    pub(crate) realm: Realm,
}

pub(crate) const CLIENT: [(&str, &str); 2] = [("client_id", "doorward"), ("client_secret", "doorward-secret")];

impl World {
    pub(crate) async fn start() -> Self {
        Self { realm: Realm::start(Options::default()).await.unwrap() }
    }

    pub(crate) async fn send(&self, request: Request) -> Response {
        request.send(self.realm.address()).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Request::new("GET", path)).await
    }

    /// Posts a form of the gateway's client to `protocol/openid-connect/…`.
    pub(crate) async fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        let path = format!("/realms/doorward/protocol/openid-connect/{endpoint}");
        self.send(Request::new("POST", &path).form(&[&CLIENT, fields].concat())).await
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Response {
        let fields = [("grant_type", "password"), ("username", username), ("password", password), ("scope", "openid")];
        self.post("token", &fields).await
    }

    pub(crate) async fn tokens(&self, username: &str) -> Value {
        let response = self.login(username, &format!("{username}-password")).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Response {
        self.post("token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(crate) async fn introspect(&self, token: &str, hint: &str) -> Value {
        let hint = [("token", token), ("token_type_hint", hint)];
        self.post("token/introspect", &hint).await.json()
    }

    pub(crate) async fn service_token(&self) -> String {
        let response = self.post("token", &[("grant_type", "client_credentials")]).await;
        text(&response.json(), "access_token").to_owned()
    }

    /// Calls the Admin API as the gateway's service account.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let request = Request::new(method, &format!("/admin/realms/doorward/{path}"));
        let request = request.bearer(&self.service_token().await);
        self.send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub(crate) fn id_of(&self, username: &str) -> String {
        self.realm.users().into_iter().find(|user| user.username == username).unwrap().id
    }
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

pub(crate) fn header_of(token: &str) -> Value {
    part(token, 0)
}

pub(crate) fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
