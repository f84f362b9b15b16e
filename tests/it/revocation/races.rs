//! What runs while a session ends.

use std::thread;
use std::time::Duration;

use devrealm::{Endpoint, Fault};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::scene::now;
use crate::keycloak::world::claims_of;
use crate::support::house::House;
use crate::support::patience::wait_for;
use crate::support::raw::Request;

fn logout_token(house: &House, access: &str) -> Request {
    let now = now();
    let claims = json!({"iss": house.realm.issuer(), "aud": "doorward", "iat": now, "exp": now + 120, "jti": "j-1",
                        "sid": claims_of(access)["sid"], "typ": "Logout",
                        "events": {"http://schemas.openid.net/event/backchannel-logout": {}}});
    let form = format!("logout_token={}", house.realm.mint(&json!({"typ": "logout+jwt"}), &claims));
    let request = Request::new("POST", "/auth/backchannel-logout");
    request.with("Content-Type", "application/x-www-form-urlencoded").body(form)
}

#[test]
fn a_refresh_that_runs_while_its_session_ends_does_not_bring_it_back() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set_for(Endpoint::Token, Fault::Late(Duration::from_secs(1)), 1);
    let refresh = Request::new("POST", "/auth/token/refresh").json(&json!({"refresh_token": session.refresh}));
    let answer = thread::scope(|scope| {
        let refreshing = scope.spawn(|| house.gateway.send(refresh));
        wait_for("the call to Keycloak", || (house.grants("refresh_token") == 1).then_some(()));
        assert_eq!(house.gateway.send(logout_token(&house, &session.access)).status, 200);
        refreshing.join().unwrap()
    });
    assert_eq!(answer.status, 401, "{}", answer.shown());
    let kind = answer.json()["type"].as_str().unwrap().to_owned();
    assert!(["/problems/invalid-token", "/problems/invalid-refresh-token"].contains(&kind.as_str()), "{kind}");

    // A token that Keycloak gave in that race, and somebody got hold of.
    let mut claims: Value = house.realm.access_claims("alice", "doorward").unwrap();
    claims["sid"] = claims_of(&session.access)["sid"].clone();
    let raced = house.realm.mint(&json!({"typ": "at+jwt"}), &claims);
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&raced)).status, 401);
}

#[test]
fn a_logout_token_that_cannot_be_written_holds_here_and_is_written_later() {
    let house = House::start();
    let session = house.session("alice");
    let status = || house.gateway.send(Request::get("/api/echo").bearer(&session.access)).status;
    assert_eq!(status(), 200);
    let other = Connection::open(house.setup.database()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let answer = house.gateway.send(logout_token(&house, &session.access));
    assert_eq!(answer.status, 503, "nothing claims more than is true: {}", answer.shown());
    assert_eq!(status(), 401, "and yet it holds here");
    other.execute_batch("rollback").unwrap();
    let sid = claims_of(&session.access)["sid"].as_str().unwrap().to_owned();
    wait_for("the row", || {
        let count = "select count(*) from change where kind = 'session' and key = ?1";
        other.query_row(count, [&sid], |row| row.get::<_, i64>(0)).ok().filter(|count| *count > 0)
    });
    let labels = ["signal=\"backchannel-logout\"", "outcome=\"unwritten\""];
    assert_eq!(house.gateway.metric("doorward_signals_total", &labels), 1.0);
    assert_eq!(house.gateway.send(logout_token(&house, &session.access)).status, 200, "sent again, it is durable");
}

#[test]
fn keycloak_away_costs_one_line_and_no_request() {
    let house = House::build(|plan| plan.keycloak.push_str("events_interval = \"200ms\"\n"));
    let session = house.session("alice");
    let heard = || house.gateway.operations("/readyz").json()["events"][0]["heard"] == true;
    wait_for("the events", || heard().then_some(()));
    house.realm.faults().set(Endpoint::Admin, Fault::Refuse);
    let failed = || house.gateway.metric("doorward_event_polls_total", &["outcome=\"keycloak\""]);
    wait_for("three polls that fail", || (failed() >= 3.0).then_some(()));
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&session.access)).status, 200);
    assert_eq!(house.gateway.operations("/readyz").status, 200);
    assert_eq!(house.gateway.log.text().matches("events of the realm cannot be read").count(), 1);
    house.realm.faults().clear(Endpoint::Admin);
    wait_for("the events again", || house.gateway.log.text().contains("are read again").then_some(()));
}
