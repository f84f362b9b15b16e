//! What stands in the tokens.

use serde_json::json;

use crate::keycloak::world::{World, about, claims_of, header_of, names, set, text, words};

contracts! { the_tokens_of_a_log_in_hold_exactly_these_claims }

fn the_tokens_of_a_log_in_hold_exactly_these_claims(world: &World) {
    let answer = world.tokens("alice");
    access(world, text(&answer, "access_token"));
    let sid = &claims_of(text(&answer, "access_token"))["sid"];
    assert_eq!(sid, &answer["session_state"]);

    let id = text(&answer, "id_token");
    assert_eq!(names(&header_of(id)), ["alg", "kid", "typ"]);
    assert_eq!((&header_of(id)["alg"], &header_of(id)["typ"]), (&json!("RS256"), &json!("JWT")));
    let claims = claims_of(id);
    assert_eq!(
        (&claims["typ"], &claims["aud"], &claims["azp"]),
        (&json!("ID"), &json!("doorward"), &json!("doorward"))
    );
    assert_eq!(&claims["sid"], sid);
    let expected = "acr at_hash aud azp email email_verified exp family_name given_name iat iss jti name \
                    preferred_username sid sub typ";
    assert_eq!(names(&claims), words(expected));

    let refresh = text(&answer, "refresh_token");
    assert_eq!((&header_of(refresh)["alg"], &header_of(refresh)["typ"]), (&json!("HS512"), &json!("JWT")));
    let claims = claims_of(refresh);
    assert_eq!((&claims["typ"], &claims["azp"]), (&json!("Refresh"), &json!("doorward")));
    assert_eq!((&claims["aud"], &claims["sid"]), (&json!(world.issuer), sid));
    assert_eq!(set(&claims["aud_x"]), ["account", "doorward"]);
    about(&(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()).into(), 1800);
    assert_eq!(
        words(text(&claims, "scope")),
        words("openid profile acr roles email web-origins basic service_account")
    );
    assert_eq!(names(&claims), words("aud aud_x azp exp iat iss jti prov reuse_id scope sid sub typ"));
}

fn access(world: &World, token: &str) {
    let (header, claims) = (header_of(token), claims_of(token));
    assert_eq!(names(&header), ["alg", "kid", "typ"]);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("at+jwt")));
    let expected = "acr aud azp email email_verified exp family_name given_name iat iss jti name preferred_username \
                    realm_access resource_access scope sid sub typ";
    assert_eq!(names(&claims), words(expected));
    assert_eq!(claims["iss"], world.issuer.as_str());
    assert_eq!(claims["sub"], world.id_of("alice"));
    assert_eq!((&claims["typ"], &claims["azp"], &claims["acr"]), (&json!("Bearer"), &json!("doorward"), &json!("1")));
    assert_eq!(set(&claims["aud"]), ["account", "doorward"]);
    about(&(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()).into(), 300);
    assert_eq!(words(text(&claims, "scope")), ["email", "openid", "profile"]);
    assert_eq!(text(&claims, "sid").len(), 24);
    assert_eq!(text(&claims, "jti").split(':').next(), Some("onrtro"));
    assert_eq!((&claims["preferred_username"], &claims["name"]), (&json!("alice"), &json!("Alice Archer")));
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("alice@example.test"), &json!(true)));
    let roles = set(&claims["realm_access"]["roles"]);
    for role in ["admin", "user", "offline_access", "uma_authorization"] {
        assert!(roles.contains(&role), "{roles:?}");
    }
    assert_eq!(roles.len(), 5, "and the default roles of the realm: {roles:?}");
    let account = set(&claims["resource_access"]["account"]["roles"]);
    assert_eq!(account, ["manage-account", "manage-account-links", "view-profile"]);
}
