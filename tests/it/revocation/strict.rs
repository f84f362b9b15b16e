//! A strict route: Keycloak is asked about the token of every request.

use devrealm::{Endpoint, Fault};
use serde_json::json;
use test_services::keycloak::Keycloak;

use super::scene::Tokens;
use crate::keycloak::front::Front;
use crate::keycloak::world::{World, claims_of};
use crate::support::house::{House, Session, kind};
use crate::support::patience::PATIENCE;
use crate::support::raw::{Request, Response};

/// Neither logout tokens nor events reach this gateway.
fn deaf_house() -> House {
    House::build(|plan| plan.routes.push_str("[[route]]\npath = \"/strict/*\"\nupstream = \"app\"\nstrict = true\n"))
}

fn ask(house: &House, path: &str, session: &Session) -> Response {
    house.gateway.send(Request::get(path).bearer(&session.access))
}

fn asked(house: &House, outcome: &str) -> f64 {
    let labels = ["cause=\"strict\"", &*format!("outcome=\"{outcome}\"")];
    house.gateway.metric("doorward_introspections_total", &labels)
}

fn reason(house: &House, answer: &Response) -> String {
    let id = answer.value("X-Request-Id");
    let line = house.gateway.log.wait(PATIENCE, |line| line["message"] == "request" && line["request_id"] == id);
    line.expect("a line")["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_session_that_ended_unheard_is_refused_at_once_on_a_strict_route_alone() {
    let house = deaf_house();
    let (alice, bob) = (house.session("alice"), house.session("bob"));
    let statuses = |session| ["/api/x", "/strict/x"].map(|path| ask(&house, path, session).status);
    assert_eq!((statuses(&alice), statuses(&bob)), ([200, 200], [200, 200]));
    assert_eq!(house.realm.requests().introspect(), 2, "once for each request of the strict route");
    let sid = claims_of(&alice.access)["sid"].as_str().unwrap().to_owned();
    assert_eq!(house.admin("DELETE", &format!("sessions/{sid}")).status, 204);
    let refused = ask(&house, "/strict/x", &alice);
    assert_eq!((refused.status, kind(&refused).as_str()), (401, "invalid-token"), "{}", refused.shown());
    assert_eq!(refused.value("WWW-Authenticate"), r#"Bearer realm="doorward", error="invalid_token""#);
    assert_eq!(reason(&house, &refused), "inactive");
    assert_eq!(ask(&house, "/api/x", &alice).status, 200, "nobody has told the gateway");
    assert_eq!(statuses(&bob), [200, 200], "nobody else is concerned");
    assert_eq!((asked(&house, "active"), asked(&house, "inactive")), (3.0, 1.0));
}

#[test]
fn keycloak_away_closes_a_strict_route_and_no_other() {
    let house = deaf_house();
    let alice = house.session("alice");
    for (fault, expected) in [
        (Fault::Refuse, "keycloak-unavailable"),
        (Fault::Status(500), "keycloak-unavailable"),
        (Fault::Rubbish, "keycloak-malformed"),
    ] {
        house.realm.faults().set(Endpoint::Introspect, fault);
        let closed = ask(&house, "/strict/x", &alice);
        assert_eq!((closed.status, kind(&closed).as_str()), (503, "keycloak-unavailable"), "{}", closed.shown());
        assert_eq!((closed.value("Retry-After"), reason(&house, &closed)), ("2".to_owned(), expected.to_owned()));
        assert_eq!(ask(&house, "/api/x", &alice).status, 200);
    }
    house.realm.faults().clear(Endpoint::Introspect);
    assert_eq!(ask(&house, "/strict/x", &alice).status, 200);
    assert_eq!((asked(&house, "unknown"), asked(&house, "active")), (3.0, 1.0));
}

#[test]
fn nobody_is_asked_about_what_is_refused_anyway() {
    let house = deaf_house();
    let alice = house.session("alice");
    assert_eq!(house.gateway.send(Request::get("/strict/x")).status, 401);
    assert_eq!(house.gateway.send(Request::get("/strict/x").bearer("a.b.c")).status, 401);
    assert_eq!(house.log_out(&alice.refresh).status, 204);
    let refused = ask(&house, "/strict/x", &alice);
    assert_eq!((refused.status, reason(&house, &refused)), (401, "session-ended".to_owned()));
    assert_eq!(house.realm.requests().introspect(), 0);
}

#[test]
fn at_a_real_keycloak_a_strict_route_is_told_of_what_no_signal_brings() {
    let world = World::of(Keycloak::shared().realm());
    let front = Front::with(&world, |text| text.replace("keys_refresh", "events_interval = \"0s\"\nkeys_refresh"));
    let statuses = |tokens: &Tokens| ["/items", "/strict/items"].map(|path| front.status(path, &tokens.access));
    let (alice, bob) = (Tokens::of(&world.tokens("alice")), Tokens::of(&world.tokens("bob")));
    assert_eq!((statuses(&alice), statuses(&bob)), ([200, 200], [200, 200]), "{}", front.gateway.log.text());

    world.realm().delete(&format!("sessions/{}", alice.sid));
    assert_eq!(statuses(&alice), [200, 401], "a session deleted");
    let path = format!("users/{}", world.id_of("bob"));
    let enable = |enabled: bool| {
        let mut user = world.realm().get(&path);
        user["enabled"] = json!(enabled);
        world.realm().put(&path, &user);
    };
    enable(false);
    assert_eq!(statuses(&bob), [200, 401], "a user disabled");
    enable(true);
    assert_eq!(statuses(&bob), [200, 200], "what Keycloak revives is alive: nobody had told the gateway");
    assert_eq!(world.post("revoke", &[("token", &bob.access)]).status, 200);
    assert_eq!(statuses(&bob), [200, 401], "an access token revoked");
    let labels = ["cause=\"strict\"", "outcome=\"inactive\""];
    assert_eq!(front.gateway.metric("doorward_introspections_total", &labels), 3.0);
}
