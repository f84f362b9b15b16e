use std::net::SocketAddr;

use devrealm::{Error, Options, Realm};

use crate::http::Request;
use crate::world::World;

#[tokio::test]
async fn a_realm_refuses_to_be_reached_from_outside() {
    let listen: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused = Realm::start(Options { listen, ..Options::default() }).await;
    assert!(matches!(refused, Err(Error::NotLoopback(_))));
}

#[tokio::test]
async fn a_stopped_realm_answers_nobody() {
    let world = World::start().await;
    let address = world.realm.address();
    world.realm.stop().await;
    assert!(Request::new("GET", "/").send(address).await.is_err());
}

#[tokio::test]
async fn the_discovery_document_names_this_issuer() {
    let world = World::start().await;
    let document = world.get("/realms/doorward/.well-known/openid-configuration").await;
    assert_eq!(document.status, 200);
    assert_eq!(document.json()["issuer"], world.realm.issuer());
    assert_eq!(document.json()["jwks_uri"], format!("{}/protocol/openid-connect/certs", world.realm.issuer()));
}

#[tokio::test]
async fn unknown_realms_paths_and_methods_are_told_apart() {
    let world = World::start().await;
    let certs = "/realms/doorward/protocol/openid-connect/certs";
    assert_eq!(world.get("/realms/nobody/protocol/openid-connect/certs").await.verdict().1, "Realm does not exist");
    assert_eq!(world.get("/realms/doorward/nothing").await.verdict(), (404, "HTTP 404 Not Found".to_owned()));
    assert_eq!(world.get("/nothing").await.status, 404);
    assert_eq!(world.send(Request::new("DELETE", certs)).await.status, 405);
    assert_eq!(world.admin("PATCH", "users", None).await.status, 405);
    assert_eq!(world.admin("GET", "users/x/nothing", None).await.status, 404);
}

#[tokio::test]
async fn requests_are_counted_by_endpoint_and_grant() {
    let world = World::start().await;
    world.get("/realms/doorward/protocol/openid-connect/certs").await;
    world.tokens("alice").await;
    world.service_token().await;
    let requests = world.realm.requests();
    assert_eq!((requests.certs(), requests.token(), requests.total()), (1, 2, 3));
    assert_eq!((requests.grant("password"), requests.grant("client_credentials")), (1, 1));
}

#[tokio::test]
async fn the_people_of_the_design_are_listed_with_their_passwords() {
    let world = World::start().await;
    let users = world.realm.users();
    let names = users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["alice", "bob", "carol", "dave", "erin", "frank", "otto"]);
    assert!(users.iter().all(|user| user.password == format!("{}-password", user.username)));
}
