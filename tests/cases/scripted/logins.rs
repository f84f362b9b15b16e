//! Passwords are guessed, and log-ins are kept from others.

use std::time::Duration;

use serde_json::{Value, json};

use super::Script;
use crate::support::house::{House, kind};
use crate::support::patience::wait_for;
use crate::support::raw::{Request, Response};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("API-028", |_| twenty_wrong_passwords()),
    ("API-029", |_| spellings_share_a_counter()),
    ("API-030", |_| forwarded_for_is_no_new_client()),
    ("API-032", |_| a_lock_ends()),
    ("API-033", |_| locked_at_keycloak()),
    ("API-034", |_| something_to_do_first()),
];

fn house(auth: &str) -> House {
    House::build(|plan| plan.auth = auth.to_owned())
}

fn twenty_wrong_passwords() {
    let house = House::build(|plan| {
        plan.auth = "login_window = \"3s\"\n".into();
        plan.keycloak = "leeway = \"60s\"\n".into();
        plan.server = "trusted_proxies = [\"127.0.0.0/8\"]\n".into();
    });
    let from = |address: &str, password: &str| -> Response {
        let body = json!({ "username": "bob", "password": password });
        house.gateway.send(Request::new("POST", "/auth/login").json(&body).with("X-Forwarded-For", address))
    };
    let answers: Vec<Response> = (0..20).map(|_| from("192.0.2.1", "wrong")).collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((&statuses[..10], &statuses[10..]), (&[401; 10][..], &[429; 10][..]));
    assert!(answers[19].value("retry-after").parse::<u64>().unwrap() >= 1);
    // Keycloak has locked the account for a minute by itself; the gateway's window takes the last seconds of it.
    house.realm.advance_clock(Duration::from_secs(58));
    wait_for("the end of the window", || (from("192.0.2.2", "bob-password").status == 200).then_some(()));
}

fn spellings_share_a_counter() {
    let house = house("login_tries_per_name = 6\n");
    let spellings = ["alice", "Alice", "ALICE ", " alice", "\u{ff21}lice", "alice@example.test", "a\u{ad}lice"];
    let statuses = spellings.map(|user| house.try_password(user, "wrong").status);
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
}

fn forwarded_for_is_no_new_client() {
    let house = house("login_tries_per_address = 3\n");
    let try_as = |index: u8| {
        let body = json!({ "username": format!("user-{index}"), "password": "wrong" });
        let request = Request::new("POST", "/auth/login").json(&body);
        house.gateway.send(request.with("X-Forwarded-For", &format!("192.0.2.{index}"))).status
    };
    assert_eq!([1, 2, 3, 4].map(try_as), [401, 401, 401, 429]);
}

fn a_lock_ends() {
    let house = house("login_tries_per_name = 2\nlogin_window = \"2s\"\n");
    for _ in 0..2 {
        assert_eq!(house.try_password("bob", "wrong").status, 401);
        // Slowly enough for Keycloak's own lock.
        house.realm.advance_clock(Duration::from_millis(1100));
    }
    assert_eq!(house.log_in("bob").status, 429);
    wait_for("the end of the lock", || (house.log_in("bob").status == 200).then_some(()));
}

fn locked_at_keycloak() {
    let house = House::start();
    let text = |answer: &Response| -> Value {
        let mut body = answer.json();
        body["instance"].take();
        body
    };
    let wrong = house.try_password("bob", "wrong");
    house.try_password("bob", "wrong");
    let locked = house.log_in("bob");
    assert_eq!((locked.status, text(&locked)), (401, text(&wrong)));
}

fn something_to_do_first() {
    let house = House::start();
    let unfinished = house.log_in("erin");
    assert_eq!((unfinished.status, kind(&unfinished).as_str()), (403, "account-not-set-up"));
    let without_code = house.log_in("otto");
    assert_eq!((without_code.status, kind(&without_code).as_str()), (401, "invalid-credentials"));
    for answer in [unfinished, without_code] {
        assert!(!answer.shown().contains("eyJ"));
    }
}
