use std::time::{Duration, Instant};

use devrealm::{Endpoint, Fault};

use crate::http::Request;
use crate::world::World;

const CERTS: &str = "/realms/doorward/protocol/openid-connect/certs";

async fn with(fault: Fault) -> World {
    let world = World::start().await;
    world.realm.faults().set(Endpoint::Certs, fault);
    world
}

#[tokio::test]
async fn a_slow_answer_is_right_but_late() {
    let wait = Duration::from_millis(80);
    let world = with(Fault::Slow(wait)).await;
    let began = Instant::now();
    assert_eq!(world.get(CERTS).await.status, 200);
    assert!(began.elapsed() >= wait);
}

#[tokio::test]
async fn a_hanging_endpoint_hangs_and_the_others_do_not() {
    let world = with(Fault::Hang).await;
    let hanging = tokio::time::timeout(Duration::from_millis(100), world.get(CERTS)).await;
    assert!(hanging.is_err());
    assert_eq!(world.login("alice", "alice-password").await.status, 200);
    world.realm.faults().clear(Endpoint::Certs);
    assert_eq!(world.get(CERTS).await.status, 200);
}

#[tokio::test]
async fn a_refused_request_gets_no_byte() {
    let world = with(Fault::Refuse).await;
    assert!(Request::new("GET", CERTS).send(world.realm.address()).await.is_err());
    assert_eq!(world.realm.requests().certs(), 1);
}

#[tokio::test]
async fn statuses_and_rubbish_come_as_asked() {
    let world = with(Fault::Status(502)).await;
    assert_eq!(world.get(CERTS).await.status, 502);
    world.realm.faults().set(Endpoint::Certs, Fault::Rubbish);
    let rubbish = world.get(CERTS).await;
    assert_eq!((rubbish.status, rubbish.header("Content-Type")), (200, Some("text/html;charset=utf-8")));
    let body = Fault::Body { status: 299, content_type: "text/odd".to_owned(), body: "odd".into() };
    world.realm.faults().set(Endpoint::Certs, body);
    let odd = world.get(CERTS).await;
    assert_eq!((odd.status, odd.text()), (299, "odd".to_owned()));
}

#[tokio::test]
async fn a_cut_body_promises_more_than_it_brings() {
    let world = with(Fault::Cut).await;
    let cut = world.get(CERTS).await;
    let promised = cut.header("Content-Length").unwrap().parse::<usize>().unwrap();
    assert_eq!(cut.body.len(), promised / 2);
}

#[tokio::test]
async fn a_huge_body_is_right_but_ten_megabytes_long() {
    let world = with(Fault::Huge).await;
    let huge = world.get(CERTS).await;
    assert!(huge.body.len() > 10_000_000);
    assert!(huge.json()["keys"].is_array());
}

#[tokio::test]
async fn a_fault_of_all_ends_with_its_count() {
    let world = World::start().await;
    world.realm.faults().set_for(Endpoint::All, Fault::Status(503), 2);
    assert_eq!(world.get(CERTS).await.status, 503);
    assert_eq!(world.login("alice", "alice-password").await.status, 503);
    assert_eq!(world.get(CERTS).await.status, 200);
}
