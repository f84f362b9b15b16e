//! Requests that the token endpoint does not understand, and clients that it does not know: the gateway must tell them
//! from what a person did wrong.

use crate::keycloak::world::{CLIENT, World, form, text, verdict};
use crate::support::raw::Request;

contracts! { a_wrong_request_is_told_from_a_wrong_client }

fn a_wrong_request_is_told_from_a_wrong_client(world: &World) {
    let grant = ("grant_type", "password");
    let alice = [("username", "alice"), ("password", "alice-password")];
    let stranger = "Invalid client or Invalid client credentials";
    let secret = ("client_secret", "nope");
    for (what, fields, expected) in [
        ("nothing", vec![], (400, "invalid_request: Missing form parameter: grant_type".to_owned())),
        ("a grant", vec![("grant_type", "magic")], (400, "unsupported_grant_type: Unsupported grant_type".to_owned())),
        ("no client", vec![grant], (401, format!("invalid_client: {stranger}"))),
        ("a client", vec![grant, ("client_id", "nobody"), secret], (401, format!("invalid_client: {stranger}"))),
        ("a secret", vec![grant, CLIENT[0], secret], (401, format!("unauthorized_client: {stranger}"))),
        ("no secret", vec![grant, CLIENT[0]], (401, format!("unauthorized_client: {stranger}"))),
        (
            "no name",
            vec![grant, CLIENT[0], CLIENT[1]],
            (401, "invalid_request: Missing parameter: username".to_owned()),
        ),
        ("twice, no client", vec![grant, grant], (401, format!("invalid_client: {stranger}"))),
        ("twice", vec![grant, grant, CLIENT[0], CLIENT[1]], (400, "invalid_request: duplicated parameter".to_owned())),
        (
            "a page's client",
            vec![grant, ("client_id", "spa"), alice[0], alice[1]],
            (400, "unauthorized_client: Client not allowed for direct access grants".to_owned()),
        ),
        (
            "a scope",
            vec![grant, CLIENT[0], CLIENT[1], alice[0], alice[1], ("scope", "magic")],
            (400, "invalid_scope: Invalid scopes: magic".to_owned()),
        ),
        (
            "an empty scope",
            vec![grant, CLIENT[0], CLIENT[1], alice[0], alice[1], ("scope", "")],
            (400, "invalid_scope: Invalid scopes: ".to_owned()),
        ),
        (
            "no token",
            vec![("grant_type", "refresh_token"), CLIENT[0], CLIENT[1]],
            (400, "invalid_request: No refresh token".to_owned()),
        ),
    ] {
        let answer = world.form("token", &fields);
        assert_eq!(verdict(&answer), expected, "{what}: {}", answer.shown());
        assert_eq!(answer.values("WWW-Authenticate"), Vec::<String>::new(), "{what}");
    }
    assert_eq!(world.get(&world.endpoint("token")).status, 405);
    let json = Request::new("POST", &world.endpoint("token")).json(&serde_json::json!({"grant_type": "password"}));
    assert!([400, 415].contains(&world.send(json).status));
    let basic = form(&world.endpoint("token"), &[("grant_type", "client_credentials")]);
    let basic = world.send(basic.with("Authorization", "Basic ZG9vcndhcmQ6ZG9vcndhcmQtc2VjcmV0"));
    assert_eq!(text(&basic.json(), "token_type"), "Bearer");
}
