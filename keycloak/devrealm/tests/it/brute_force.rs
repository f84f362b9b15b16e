use std::time::Duration;

use devrealm::{Options, Realm};

use crate::http::Request;
use crate::world::{CLIENT, World};

#[tokio::test]
async fn two_wrong_passwords_in_a_hurry_lock_the_account_for_a_minute() {
    let world = World::start().await;
    for _ in 0..2 {
        assert_eq!(world.login("alice", "nope").await.status, 400);
    }
    let locked = world.login("alice", "alice-password").await.verdict();
    assert_eq!(locked, (400, "invalid_grant: Invalid user credentials".to_owned()));
    assert_eq!(world.login("bob", "bob-password").await.status, 200);
    world.realm.advance_clock(Duration::from_secs(61));
    assert_eq!(world.login("alice", "alice-password").await.status, 200);
}

#[tokio::test]
async fn the_fifth_wrong_password_locks_however_slowly_they_come_and_a_right_one_forgives() {
    let world = World::start().await;
    let wrong = async |tries: usize| {
        for _ in 0..tries {
            world.realm.advance_clock(Duration::from_secs(2));
            assert_eq!(world.login("alice", "nope").await.status, 400);
        }
    };
    wrong(4).await;
    assert_eq!(world.login("alice", "alice-password").await.status, 200);
    wrong(5).await;
    assert_eq!(world.login("alice", "alice-password").await.status, 400);
}

#[tokio::test]
async fn of_log_ins_that_arrive_together_one_is_accepted_and_no_failure_is_counted() {
    let world = World::start().await;
    world.realm.set_login_time(Duration::from_millis(200));
    let login = || world.login("alice", "alice-password");
    let (one, other, third) = tokio::join!(login(), login(), login());
    let accepted = [one, other, third].iter().filter(|answer| answer.status == 200).count();
    assert_eq!(accepted, 1);
    assert_eq!(login().await.status, 200);
}

#[tokio::test]
async fn the_address_of_the_client_is_believed_where_the_realm_is_told_to() {
    for (proxy_headers, seen) in [(false, "127.0.0.1"), (true, "192.0.2.7")] {
        let world = World { realm: Realm::start(Options { proxy_headers, ..Options::default() }).await.unwrap() };
        let fields = [("grant_type", "password"), ("username", "alice"), ("password", "alice-password")];
        let login = Request::new("POST", "/realms/doorward/protocol/openid-connect/token")
            .header("X-Forwarded-For", "192.0.2.7")
            .form(&[&CLIENT[..], &fields].concat());
        assert_eq!(world.send(login).await.status, 200);
        let sessions = world.admin("GET", &format!("users/{}/sessions", world.id_of("alice")), None).await.json();
        assert_eq!(sessions[0]["ipAddress"], seen);
    }
}
