//! A real Keycloak changes its keys by its Admin API, under a gateway that serves.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use test_services::keycloak::Keycloak;

use crate::keycloak::front::Front;
use crate::keycloak::world::{World, header_of, text};
use crate::support::patience::{wait_for, within};

fn kid(token: &str) -> String {
    text(&header_of(token), "kid").to_owned()
}

#[test]
fn keys_rotate_while_requests_run_and_none_fails() {
    let world = World::of(Keycloak::shared().realm());
    let front = Front::of(&world);
    front.doorward(&["users", "create", "--service", "doorward"]);
    let alice = front.tokens("alice");
    let old = text(&alice, "access_token");
    let (stop, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut kids = vec![kid(old)];
    let failed = std::thread::scope(|scope| {
        // One with a token of the first key; one with a new token every time, whose key may be news to the gateway.
        let known = scope.spawn(|| requests(&stop, &sent, || front.status("/items", old)));
        let fresh = scope.spawn(|| requests(&stop, &sent, || front.status("/items", &world.service_token())));
        let mut failed = vec![];
        for _ in 0..2 {
            world.realm().rotate_keys();
            let (began, before) = (Instant::now(), sent.load(Ordering::Relaxed));
            let token = world.service_token();
            failed.extend(Some(front.status("/items", &token)).filter(|status| *status != 200));
            kids.push(kid(&token));
            let rest = within(BETWEEN_ROTATIONS * 2, || {
                let enough = sent.load(Ordering::Relaxed) > before + 100;
                (enough && began.elapsed() > BETWEEN_ROTATIONS).then_some(())
            });
            assert!(rest.is_some(), "only {} requests", sent.load(Ordering::Relaxed) - before);
        }
        stop.store(true, Ordering::Relaxed);
        failed.extend(known.join().unwrap());
        failed.extend(fresh.join().unwrap());
        failed
    });
    assert_eq!(failed, Vec::<u16>::new(), "of {} requests", sent.load(Ordering::Relaxed));
    kids.dedup();
    assert_eq!(kids.len(), 3, "every rotation brought a key: {kids:?}");
}

/// Sends until it is told to stop; the statuses that are not 200.
fn requests(stop: &AtomicBool, sent: &AtomicUsize, send: impl Fn() -> u16) -> Vec<u16> {
    let mut failed = vec![];
    while !stop.load(Ordering::Relaxed) {
        failed.extend(Some(send()).filter(|status| *status != 200));
        sent.fetch_add(1, Ordering::Relaxed);
    }
    failed
}

#[test]
fn the_tokens_of_a_disabled_key_die_within_the_interval() {
    let world = World::of(Keycloak::shared().realm());
    let front = Front::of(&world);
    let alice = world.tokens("alice");
    let old = text(&alice, "access_token");
    assert_eq!(front.status("/items", old), 200);
    world.realm().rotate_keys();
    let bob = world.tokens("bob");
    let new = text(&bob, "access_token");
    assert_ne!(kid(old), kid(new));
    wait_for("the new key", || (front.status("/items", new) == 200).then_some(()));
    assert_eq!(front.status("/items", old), 200, "the old key is only not the first any more");
    world.realm().disable_key(&kid(old));
    let dead = within(KEYS_REFRESH + SPARE, || {
        assert_eq!(front.status("/items", new), 200);
        (front.status("/items", old) == 401).then_some(())
    });
    assert!(dead.is_some(), "the token of a disabled key lives for more than {KEYS_REFRESH:?}");
    assert_eq!(front.status("/items", new), 200);
}

/// The gateway reads keys for unknown ones at most every ten seconds.
const BETWEEN_ROTATIONS: Duration = Duration::from_secs(15);
/// `keys_refresh` of the fixture.
const KEYS_REFRESH: Duration = Duration::from_secs(10);
/// For the read itself, on a busy machine.
const SPARE: Duration = Duration::from_secs(5);
