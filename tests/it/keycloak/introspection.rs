//! What introspection says of each kind of token (RFC 7662), and to whom.

use serde_json::json;

use crate::keycloak::world::{CLIENT, World, names, set, text, verdict, words};

contracts! {
    the_hint_decides_which_token_is_understood,
    callers_and_requests_are_told_apart,
}

fn the_hint_decides_which_token_is_understood(world: &World) {
    let tokens = world.tokens("alice");
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let said = world.introspect(access, "access_token");
    let expected = "acr active aud azp client_id email email_verified exp family_name given_name iat iss jti name \
                    preferred_username realm_access resource_access scope sid sub token_type typ username";
    assert_eq!(names(&said), words(expected));
    assert_eq!((&said["active"], &said["username"]), (&json!(true), &json!("alice")));
    assert_eq!((&said["client_id"], &said["token_type"]), (&json!("doorward"), &json!("Bearer")));
    assert_eq!((&said["sid"], &said["typ"]), (&tokens["session_state"], &json!("Bearer")));
    assert_eq!(set(&said["aud"]), ["account", "doorward"]);
    assert_eq!(world.post("token/introspect", &[("token", access)]).json(), said, "without a hint");

    let inactive = json!({"active": false});
    assert_eq!(world.introspect(access, "refresh_token"), inactive);
    assert_eq!(world.introspect(refresh, "access_token"), inactive);
    assert_eq!(world.post("token/introspect", &[("token", refresh)]).json(), inactive, "without a hint");
    let said = world.introspect(refresh, "refresh_token");
    assert_eq!(
        (&said["active"], &said["typ"], &said["sid"]),
        (&json!(true), &json!("Refresh"), &tokens["session_state"])
    );
    let id = world.introspect(text(&tokens, "id_token"), "access_token");
    assert_eq!((&id["active"], &id["typ"]), (&json!(true), &json!("ID")), "an ID token is called active");
    let service = world.introspect(&world.service_token(), "access_token");
    assert_eq!((&service["active"], service.get("sid")), (&json!(true), None));
    assert_eq!(world.introspect("garbage", "access_token"), inactive);
    assert_eq!(world.introspect(&access[..access.len() - 8], "access_token"), inactive);
}

fn callers_and_requests_are_told_apart(world: &World) {
    let ask = |fields: &[(&str, &str)]| verdict(&world.form("token/introspect", fields));
    let token = ("token", "x");
    let secret = ask(&[CLIENT[0], ("client_secret", "nope"), token]);
    assert_eq!(secret, (401, "invalid_client: Client authentication failed.".to_owned()));
    let stranger = ask(&[("client_id", "nobody"), ("client_secret", "x"), token]);
    assert_eq!(stranger, (401, "invalid_client: Invalid client or Invalid client credentials".to_owned()));
    let public = ask(&[("client_id", "spa"), token]);
    assert_eq!(public, (403, "invalid_request: Client not allowed.".to_owned()));
    let nothing = ask(&CLIENT);
    assert_eq!(nothing, (400, "invalid_request: Token not provided.".to_owned()));
    let hint = ask(&[CLIENT[0], CLIENT[1], token, ("token_type_hint", "magic")]);
    assert_eq!(hint, (400, "invalid_request: Unsupported token type.".to_owned()));
    let twice = ask(&[CLIENT[0], CLIENT[1], token, token]);
    assert_eq!(twice, (400, "invalid_request: duplicated parameter".to_owned()));
}
