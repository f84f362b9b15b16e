//! Which statements are believed.

use serde_json::{Value, json};

use super::scene::now;
use crate::support::house::House;
use crate::support::raw::{Request, Response};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn post(house: &House, token: &str) -> Response {
    let request = Request::new("POST", "/auth/backchannel-logout");
    let form = format!("logout_token={token}");
    house.gateway.send(request.with("Content-Type", "application/x-www-form-urlencoded").body(form))
}

fn claims(house: &House, sid: &str) -> Value {
    let now = now();
    json!({"iss": house.realm.issuer(), "aud": "doorward", "iat": now, "exp": now + 120, "jti": format!("j-{sid}-{now}"),
           "sid": sid, "typ": "Logout", "events": {EVENT: {}}})
}

fn mint(house: &House, claims: &Value) -> String {
    house.realm.mint(&json!({"typ": "logout+jwt"}), claims)
}

fn signals(house: &House, outcome: &str) -> f64 {
    let labels = ["signal=\"backchannel-logout\"", &*format!("outcome=\"{outcome}\"")];
    house.gateway.metric("doorward_signals_total", &labels)
}

fn sid_of(token: &str) -> String {
    crate::keycloak::world::claims_of(token)["sid"].as_str().unwrap().to_owned()
}

#[test]
fn a_logout_token_ends_its_session_alone_and_once() {
    let house = House::start();
    let (alice, bob) = (house.session("alice"), house.session("bob"));
    let status = |token: &str| house.gateway.send(Request::get("/api/echo").bearer(token)).status;
    let token = mint(&house, &claims(&house, &sid_of(&alice.access)));
    let answer = post(&house, &token);
    assert_eq!((answer.status, answer.value("Cache-Control")), (200, "no-store".to_owned()), "{}", answer.shown());
    assert_eq!((status(&alice.access), status(&bob.access)), (401, 200));
    assert_eq!(post(&house, &token).status, 200, "what holds already is no error");
    assert_eq!((signals(&house, "applied"), signals(&house, "replayed")), (1.0, 1.0));
}

#[test]
fn a_logout_token_without_a_session_ends_all_of_its_subject() {
    let house = House::start();
    let (one, other, bob) = (house.session("alice"), house.session("alice"), house.session("bob"));
    let mut all = claims(&house, "x");
    all.as_object_mut().unwrap().remove("sid");
    all["sub"] = crate::keycloak::world::claims_of(&one.access)["sub"].clone();
    assert_eq!(post(&house, &mint(&house, &all)).status, 200);
    let status = |token: &str| house.gateway.send(Request::get("/api/echo").bearer(token)).status;
    assert_eq!((status(&one.access), status(&other.access), status(&bob.access)), (401, 401, 200));
}

#[test]
fn what_cannot_be_believed_changes_nothing_and_is_counted() {
    let house = House::start();
    let alice = house.session("alice");
    let sid = sid_of(&alice.access);
    let good = mint(&house, &claims(&house, &sid));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims(&house, &sid);
        claims[name] = value;
        mint(&house, &claims)
    };
    let wrong = [
        "garbage".to_owned(),
        alice.access.clone(),
        format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]),
        house.realm.mint(&json!({"typ": "at+jwt"}), &claims(&house, &sid)),
        with("iss", json!("https://elsewhere.example.test")),
        with("aud", json!("somebody-else")),
        with("nonce", json!("n")),
        with("events", json!({})),
        with("exp", json!(now() - 60)),
        with("iat", json!(now() - 3600)),
        with("jti", json!(null)),
        with("sid", json!([sid])),
    ];
    for token in &wrong {
        let answer = post(&house, token);
        assert_eq!(answer.status, 400, "{token}: {}", answer.shown());
    }
    let form = |kind: &str, body: String| {
        house
            .gateway
            .send(Request::new("POST", "/auth/backchannel-logout").with("Content-Type", kind).body(body))
            .status
    };
    assert_eq!(form("application/json", json!({"logout_token": good}).to_string()), 400);
    assert_eq!(form("application/x-www-form-urlencoded", format!("logout_token={good}&logout_token={good}")), 400);
    assert_eq!(form("application/x-www-form-urlencoded", String::new()), 400);
    assert_eq!(form("application/x-www-form-urlencoded", "a".repeat(100_000)), 413);
    assert_eq!(house.gateway.send(Request::get(&format!("/auth/backchannel-logout?logout_token={good}"))).status, 405);
    for path in ["/auth/keycloak/doorward/k_logout", "/auth/keycloak/elsewhere/k_push_not_before"] {
        assert_eq!(house.gateway.send(Request::new("POST", path).body(good.clone())).status, 400, "{path}");
    }
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&alice.access)).status, 200);
    assert_eq!((signals(&house, "refused"), signals(&house, "applied")), (15.0, 0.0));
}

#[test]
fn an_order_is_taken_from_the_realm_of_its_path_for_what_it_says() {
    let house = House::start();
    let alice = house.session("alice");
    let order = |action: &str, id: &str| {
        let claims = json!({"id": id, "expiration": now() + 30, "resource": "doorward", "action": action,
                            "notBefore": now() + 1});
        house.realm.mint(&json!({"typ": "JWT"}), &claims)
    };
    let post = |path: &str, body: String| {
        let request = Request::new("POST", &format!("/auth/keycloak/doorward/{path}"));
        house.gateway.send(request.with("Content-Type", "text/plain; charset=ISO-8859-1").body(body)).status
    };
    assert_eq!(post("k_logout", order("PUSH_NOT_BEFORE", "1")), 400, "the path says something else");
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&alice.access)).status, 200);
    assert_eq!(post("k_push_not_before", order("PUSH_NOT_BEFORE", "2")), 200);
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&alice.access)).status, 401);
}
