//! The password grant.

use crate::keycloak::totp;
use crate::keycloak::world::{CLIENT, World, about, claims_of, names, text, verdict, words};

contracts! {
    a_log_in_is_answered_with_tokens,
    each_refusal_of_a_log_in_has_its_words,
    a_name_counts_in_any_case_and_so_does_the_address,
    a_one_time_password_works_once,
}

fn a_log_in_is_answered_with_tokens(world: &World) {
    let answer = world.login("bob", "bob-password");
    assert_eq!(answer.status, 200, "{}", answer.shown());
    assert!(answer.value("Content-Type").starts_with("application/json"), "{}", answer.shown());
    assert_eq!(answer.value("Cache-Control"), "no-store");
    let tokens = answer.json();
    let expected = "access_token expires_in id_token not-before-policy refresh_expires_in refresh_token scope \
                    session_state token_type";
    assert_eq!(names(&tokens), words(expected));
    about(&tokens["expires_in"], 300);
    about(&tokens["refresh_expires_in"], 1800);
    assert_eq!((&tokens["token_type"], &tokens["not-before-policy"]), (&"Bearer".into(), &0.into()));
    assert_eq!(words(text(&tokens, "scope")), ["email", "openid", "profile"]);

    let fields = [("grant_type", "password"), ("username", "alice"), ("password", "alice-password")];
    let unasked = world.post("token", &fields).json();
    assert_eq!(words(text(&unasked, "scope")), ["email", "profile"]);
    assert!(unasked.get("id_token").is_none());
    let two = [&tokens, &unasked].map(|tokens| text(tokens, "session_state").to_owned());
    assert_ne!(two[0], two[1], "every log-in is a session of its own");
}

/// A second wrong password within a second locks an account, so nobody has two before a right one.
fn each_refusal_of_a_log_in_has_its_words(world: &World) {
    let wrong = "invalid_grant: Invalid user credentials";
    let unfinished = "invalid_grant: Account is not fully set up";
    for (username, password, expected) in [
        ("alice", "nope", wrong),
        ("bob", "", wrong),
        ("nobody", "nobody-password", wrong),
        ("service-account-doorward", "x", wrong),
        ("otto", "otto-password", wrong),
        ("dave", "dave-password", "invalid_grant: Account disabled"),
        ("dave", "nope", wrong),
        ("carol", "carol-password", unfinished),
        ("erin", "erin-password", unfinished),
        ("erin", "nope", wrong),
    ] {
        let answer = world.login(username, password);
        assert_eq!(verdict(&answer), (400, expected.to_owned()), "{username} with {password:?}");
        assert!(answer.value("Content-Type").starts_with("application/json"), "{}", answer.shown());
    }
}

fn a_name_counts_in_any_case_and_so_does_the_address(world: &World) {
    for name in ["ALICE", "Alice@Example.test"] {
        let answer = world.login(name, "alice-password");
        assert_eq!(answer.status, 200, "{name}: {}", answer.shown());
        let claims = claims_of(text(&answer.json(), "access_token"));
        assert_eq!((text(&claims, "preferred_username"), text(&claims, "sub")), ("alice", &*world.id_of("alice")));
    }
}

fn a_one_time_password_works_once(world: &World) {
    let login = |field, code: &str| {
        let person = [("grant_type", "password"), ("username", "otto"), ("password", "otto-password"), (field, code)];
        verdict(&world.form("token", &[&CLIENT, &person[..]].concat()))
    };
    let refused = (400, "invalid_grant: Invalid user credentials".to_owned());
    assert_eq!(login("otp", "000000"), refused);
    let code = totp::code();
    assert_eq!(login("totp", &code).0, 200);
    assert_eq!(login("otp", &code), refused);
}
