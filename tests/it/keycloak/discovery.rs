//! The discovery document and the key set.

use crate::keycloak::world::{World, header_of, names, set, text, verdict};

contracts! {
    the_document_names_the_issuer_and_where_everything_is,
    the_key_set_holds_the_key_of_the_tokens,
}

fn the_document_names_the_issuer_and_where_everything_is(world: &World) {
    let answer = world.get(&format!("{}/.well-known/openid-configuration", world.path()));
    assert_eq!(answer.status, 200);
    assert!(answer.value("Content-Type").starts_with("application/json"), "{}", answer.shown());
    assert_eq!(answer.value("Cache-Control"), "no-cache, must-revalidate, no-transform, no-store");
    let document = answer.json();
    assert_eq!(document["issuer"], world.issuer.as_str());
    for (name, endpoint) in [
        ("authorization_endpoint", "auth"),
        ("token_endpoint", "token"),
        ("introspection_endpoint", "token/introspect"),
        ("userinfo_endpoint", "userinfo"),
        ("end_session_endpoint", "logout"),
        ("revocation_endpoint", "revoke"),
        ("jwks_uri", "certs"),
    ] {
        assert_eq!(document[name], format!("{}/protocol/openid-connect/{endpoint}", world.issuer), "{name}");
    }
    for (name, value) in [
        ("grant_types_supported", "password"),
        ("grant_types_supported", "client_credentials"),
        ("grant_types_supported", "refresh_token"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("token_endpoint_auth_methods_supported", "client_secret_post"),
        ("code_challenge_methods_supported", "S256"),
    ] {
        assert!(set(&document[name]).contains(&value), "{name}: {}", document[name]);
    }
    assert_eq!(document["backchannel_logout_session_supported"], true);
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    let elsewhere = world.get("/realms/nowhere/.well-known/openid-configuration");
    assert_eq!(verdict(&elsewhere), (404, "Realm does not exist".to_owned()));
}

fn the_key_set_holds_the_key_of_the_tokens(world: &World) {
    let answer = world.get(&world.endpoint("certs"));
    assert_eq!((answer.status, answer.value("Cache-Control").as_str()), (200, "no-cache"));
    assert!(answer.value("Content-Type").starts_with("application/json"), "{}", answer.shown());
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let signing: Vec<_> = keys.iter().filter(|key| key["use"] == "sig").collect();
    assert_eq!(signing.len(), 1, "{keys:?}");
    assert_eq!((&signing[0]["kty"], &signing[0]["alg"]), (&"RSA".into(), &"RS256".into()));
    assert_eq!(text(signing[0], "e"), "AQAB");
    assert!(names(signing[0]).contains(&"n"));
    // The gateway must not take this one for a key of signatures.
    let encrypting = keys.iter().find(|key| key["use"] == "enc").unwrap();
    assert_eq!(encrypting["alg"], "RSA-OAEP");
    let header = header_of(&world.service_token());
    assert_eq!(header["kid"], signing[0]["kid"]);
}
