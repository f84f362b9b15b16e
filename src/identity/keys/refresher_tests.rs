use std::time::Duration;

use futures_util::future::join_all;
use prometheus::Registry;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::clock::Clock;
use crate::identity::keys::{Key, KeyError, KeysMetrics, Pace};
use crate::identity::testing::{Signer, issuer, jwks};
use crate::keycloak::Oidc;
use crate::keycloak::testing::{CERTS, FakeKeycloak, Reply, http};

struct Rig {
    keycloak: FakeKeycloak,
    clock: Clock,
    keys: Arc<IssuerKeys>,
    registry: Registry,
    task: JoinHandle<()>,
    _stop: oneshot::Sender<()>,
}

/// Long enough that nothing waits for it in a good run.
const PATIENCE: Duration = Duration::from_secs(20);

impl Rig {
    async fn start(refresh: Duration, reply: Reply) -> Self {
        Self::start_at(FakeKeycloak::start().await, refresh, reply, None)
    }

    fn start_at(keycloak: FakeKeycloak, refresh: Duration, reply: Reply, public: Option<&str>) -> Self {
        keycloak.reply(CERTS, reply);
        let mut settings = issuer();
        settings.issuer = public.map_or_else(|| keycloak.issuer(), str::to_owned).into();
        let oidc = Oidc::new(Arc::new(http()), &settings.issuer, &keycloak.url(), None);
        let clock = Clock::manual();
        let registry = Registry::new();
        let pace = Pace {
            wait: PATIENCE,
            back_off: (Duration::from_millis(10), Duration::from_millis(50)),
            ..Pace::new(refresh, Duration::from_secs(3600))
        };
        let metrics = KeysMetrics::new(&registry).unwrap();
        let keys = Arc::new(IssuerKeys::new("acme".into(), pace, clock.clone(), metrics));
        let (stop, stopped) = oneshot::channel::<()>();
        let source = KeySource::new(&settings, Arc::new(oidc));
        let task = tokio::spawn(Arc::clone(&keys).run(source, async {
            let _ = stopped.await;
        }));
        Self { keycloak, clock, keys, registry, task, _stop: stop }
    }

    fn publish(&self, signers: &[&Signer]) {
        self.keycloak.reply(CERTS, Reply::Text(200, jwks(signers)));
    }

    fn fetches(&self) -> usize {
        self.keycloak.requests(CERTS).len()
    }

    fn counted(&self, outcome: &str) -> u64 {
        let family = self.registry.gather().into_iter().find(|family| family.name() == "doorward_keys_fetches_total");
        let metrics = family.map(|family| family.get_metric().to_vec()).unwrap_or_default();
        let of = |metric: &prometheus::proto::Metric| metric.get_label().iter().any(|label| label.value() == outcome);
        metrics.iter().filter(|metric| of(metric)).map(|metric| metric.get_counter().get_value() as u64).sum()
    }
}

async fn eventually(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the condition holds in time");
}

fn good(signers: &[&Signer]) -> Reply {
    Reply::Text(200, jwks(signers))
}

const RARELY: Duration = Duration::from_secs(300);
const OFTEN: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_thousand_requests_on_a_cold_start_make_one_read() {
    let signer = Signer::es256("ec-1");
    let rig = Rig::start(RARELY, Reply::Late(Duration::from_millis(50), jwks(&[&signer]))).await;
    let answers = join_all((0..1000).map(|_| rig.keys.find("ec-1"))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(rig.fetches(), 1);
}

#[tokio::test]
async fn a_storm_of_unknown_keys_makes_one_read_in_a_cool_down() {
    let rig = Rig::start(RARELY, good(&[&Signer::es256("ec-1")])).await;
    assert!(rig.keys.load_first(PATIENCE).await);
    for round in 1..=3 {
        let names: Vec<_> = (0..300).map(|n| format!("{round}-{n}")).collect();
        let answers = join_all(names.iter().map(|kid| rig.keys.find(kid))).await;
        assert!(answers.iter().all(|answer| *answer == Err(KeyError::Unknown)));
        assert_eq!(rig.keys.find("late").await, Err(KeyError::Unknown));
        assert_eq!(rig.fetches(), 1 + round);
        rig.clock.advance(Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_an_old_one_is_gone() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let rig = Rig::start(RARELY, good(&[&old])).await;
    let old_key = rig.keys.find("old").await.unwrap();
    rig.publish(&[&new, &old]);
    let new_key = rig.keys.find("new").await.unwrap();
    assert!(rig.keys.vouch_for(&old_key) && rig.keys.vouch_for(&new_key));
    rig.publish(&[&new]);
    rig.clock.advance(Duration::from_secs(10));
    assert_eq!(rig.keys.find("other").await, Err(KeyError::Unknown));
    assert!(!rig.keys.vouch_for(&old_key) && rig.keys.vouch_for(&new_key));
}

#[tokio::test]
async fn a_removed_key_is_gone_after_one_interval() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let rig = Rig::start(OFTEN, good(&[&old, &new])).await;
    let old_key = rig.keys.find("old").await.unwrap();
    rig.publish(&[&new]);
    eventually(|| !rig.keys.vouch_for(&old_key)).await;
    rig.publish(&[&Signer::es256("old"), &new]);
    eventually(|| rig.fetches() > 2 && rig.keys.known("old").is_some()).await;
    assert!(!rig.keys.vouch_for(&old_key), "another key of the same name");
}

#[tokio::test]
async fn a_bad_answer_keeps_the_keys_and_blames_the_issuer() {
    let signer = Signer::es256("ec-1");
    let rig = Rig::start(RARELY, good(&[&signer])).await;
    let key: Arc<Key> = rig.keys.find("ec-1").await.unwrap();
    let cases = [
        (Reply::Text(404, "{}".to_owned()), "refused"),
        (Reply::Text(404, "<html>".to_owned()), "malformed"),
        (Reply::Text(500, "{}".to_owned()), "server-error"),
        (Reply::Text(200, "<html>".to_owned()), "malformed"),
        (Reply::Text(200, format!("{{\"keys\":[{}]}}", vec!["{}"; 10_000].join(","))), "too-many-keys"),
        (Reply::Redirect(format!("{}/sink", rig.keycloak.issuer())), "malformed"),
        (Reply::Redirect("file:///etc/passwd".to_owned()), "malformed"),
        (Reply::Endless, "malformed"),
        (Reply::Cut, "unavailable"),
        (Reply::Close, "unavailable"),
        (Reply::Drip, "timed-out"),
        (Reply::Hang, "timed-out"),
    ];
    for (reply, outcome) in cases {
        let before = rig.counted(outcome);
        rig.keycloak.reply(CERTS, reply);
        rig.clock.advance(Duration::from_secs(10));
        assert_eq!(rig.keys.find("other").await, Err(KeyError::Unavailable), "{outcome}");
        assert_eq!(rig.keys.find("other").await, Err(KeyError::Unavailable), "in the cool-down: {outcome}");
        assert_eq!(rig.keys.find("ec-1").await.as_ref(), Ok(&key));
        assert_eq!(rig.counted(outcome), before + 1, "{outcome}");
    }
    assert!(rig.keycloak.requests("/sink").is_empty());
    rig.publish(&[&signer]);
    rig.clock.advance(Duration::from_secs(10));
    assert_eq!(rig.keys.find("other").await, Err(KeyError::Unknown));
}

#[tokio::test]
async fn a_key_that_is_newer_than_the_read_in_flight_is_found_by_one_more() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let rig = Rig::start(RARELY, Reply::Late(Duration::from_millis(100), jwks(&[&old]))).await;
    eventually(|| rig.fetches() == 1).await;
    rig.publish(&[&new]);
    assert!(rig.keys.find("new").await.is_ok());
    assert_eq!(rig.fetches(), 2);
}

#[tokio::test]
async fn a_known_key_never_waits_for_a_read() {
    let rig = Rig::start(RARELY, good(&[&Signer::es256("ec-1")])).await;
    assert!(rig.keys.load_first(PATIENCE).await);
    rig.keycloak.reply(CERTS, Reply::Hang);
    let waiting = tokio::spawn({
        let keys = Arc::clone(&rig.keys);
        async move { keys.find("other").await }
    });
    eventually(|| rig.fetches() == 2).await;
    let known = futures_util::FutureExt::now_or_never(rig.keys.find("ec-1"));
    assert!(known.expect("answers without waiting").is_ok());
    assert_eq!(waiting.await.unwrap(), Err(KeyError::Unavailable));
}

#[tokio::test]
async fn keys_are_used_for_an_hour_and_not_longer() {
    let rig = Rig::start(RARELY, good(&[&Signer::es256("ec-1")])).await;
    let key = rig.keys.find("ec-1").await.unwrap();
    rig.keycloak.reply(CERTS, Reply::Close);
    rig.clock.advance(Duration::from_secs(3600));
    assert!(rig.keys.vouch_for(&key) && rig.keys.find("ec-1").await.is_ok());
    rig.clock.advance(Duration::from_secs(1));
    assert!(!rig.keys.vouch_for(&key) && !rig.keys.is_usable());
    assert_eq!(rig.keys.find("ec-1").await, Err(KeyError::Unavailable));
    rig.keys.observe();
    assert_eq!(rig.keys.age(), Some(Duration::from_secs(3601)));
}

#[tokio::test]
async fn without_the_issuer_nobody_knows_until_it_is_there() {
    let rig = Rig::start(RARELY, Reply::Close).await;
    assert!(!rig.keys.load_first(Duration::from_millis(50)).await);
    assert_eq!(rig.keys.find("ec-1").await, Err(KeyError::Unavailable));
    rig.publish(&[&Signer::es256("ec-1")]);
    assert!(rig.keys.load_first(PATIENCE).await);
    assert!(rig.keys.find("ec-1").await.is_ok());
}

#[tokio::test]
async fn an_issuer_of_another_name_is_never_ready() {
    let rig = Rig::start(RARELY, good(&[&Signer::es256("ec-1")])).await;
    assert!(rig.keys.load_first(PATIENCE).await);
    let keycloak = FakeKeycloak::start().await;
    let issuer = keycloak.issuer();
    keycloak.discover(&format!("{issuer}/"), &format!("{issuer}{CERTS}"));
    let rig = Rig::start_at(keycloak, RARELY, good(&[&Signer::es256("ec-1")]), None);
    eventually(|| rig.counted("wrong-issuer") > 2).await;
    assert_eq!(rig.keys.find("ec-1").await, Err(KeyError::Unavailable));
    assert_eq!(rig.fetches(), 0);
    rig.keycloak.discover(&issuer, &format!("{issuer}{CERTS}"));
    assert!(rig.keys.load_first(PATIENCE).await);
}

#[tokio::test]
async fn an_internal_address_is_used_for_the_keys_too() {
    let keycloak = FakeKeycloak::start().await;
    let public = "https://sso.test/realms/acme";
    keycloak.discover(public, "https://sso.test/realms/acme/protocol/openid-connect/certs");
    let rig = Rig::start_at(keycloak, RARELY, good(&[&Signer::es256("ec-1")]), Some(public));
    assert!(rig.keys.load_first(PATIENCE).await);
}

#[tokio::test]
async fn stop_ends_the_task() {
    let mut rig = Rig::start(RARELY, good(&[&Signer::es256("ec-1")])).await;
    assert!(rig.keys.load_first(PATIENCE).await);
    let (stop, _) = oneshot::channel();
    drop(std::mem::replace(&mut rig._stop, stop));
    tokio::time::timeout(PATIENCE, &mut rig.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn keys_that_have_changed_are_read_again_though_a_read_was_in_flight() {
    let (old, new) = (Signer::es256("ec-1"), Signer::es256("ec-2"));
    let rig = Rig::start(RARELY, good(&[&old])).await;
    assert!(rig.keys.load_first(PATIENCE).await);
    rig.keycloak.reply(CERTS, Reply::Late(Duration::from_millis(200), jwks(&[&old])));
    rig.keys.read_again();
    eventually(|| rig.fetches() == 2).await;
    rig.publish(&[&new]);
    rig.keys.read_again();
    eventually(|| rig.fetches() == 3).await;
    eventually(|| rig.keys.known("ec-2").is_some() && rig.keys.known("ec-1").is_none()).await;
}
