use serde_json::json;

use crate::world::{World, claims_of, header_of, text};

const CERTS: &str = "/realms/doorward/protocol/openid-connect/certs";

#[tokio::test]
async fn the_key_set_holds_one_key_to_sign_and_one_to_encrypt() {
    let world = World::start().await;
    let certs = world.get(CERTS).await;
    let keys = certs.json()["keys"].as_array().unwrap().clone();
    let facts = keys.iter().map(|key| (text(key, "use"), text(key, "alg"))).collect::<Vec<_>>();
    assert_eq!(facts, [("sig", "RS256"), ("enc", "RSA-OAEP")]);
    assert_eq!(keys[0]["kid"], world.realm.keys().current());
    assert_eq!(certs.header("Cache-Control"), Some("no-cache"));
}

#[tokio::test]
async fn a_rotated_key_signs_at_once_and_the_old_one_stays_until_disabled() {
    let world = World::start().await;
    let old = world.tokens("alice").await;
    let old_kid = world.realm.keys().current();
    let new_kid = world.realm.keys().rotate().unwrap();
    let new = world.tokens("alice").await;
    assert_eq!(header_of(text(&new, "access_token"))["kid"], new_kid);
    let published = world.get(CERTS).await.json();
    assert_eq!(
        (&published["keys"][0]["kid"], &published["keys"][1]["kid"]),
        (&new_kid.into(), &old_kid.clone().into())
    );
    assert_eq!(world.introspect(text(&old, "access_token"), "access_token").await["active"], true);
    world.realm.keys().disable(&old_kid);
    assert_eq!(world.introspect(text(&old, "access_token"), "access_token").await["active"], false);
    assert!(!world.get(CERTS).await.text().contains(&old_kid));
    assert_eq!(world.refresh(text(&old, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_minted_token_is_as_good_as_its_claims() {
    let world = World::start().await;
    let claims = world.realm.access_claims("alice", "doorward").unwrap();
    let good = world.realm.mint(&json!({"typ": "at+jwt"}), &claims);
    assert_eq!(claims_of(&good), claims);
    assert_eq!(world.introspect(&good, "access_token").await["active"], true);
    let mut expired = claims.clone();
    expired["exp"] = 1.into();
    assert_eq!(world.introspect(&world.realm.mint(&json!({}), &expired), "access_token").await["active"], false);
    assert_eq!(world.realm.access_claims("nobody", "doorward"), None);
}
