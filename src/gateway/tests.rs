//! What must hold between the steps: nobody passes on rights or sessions of yesterday.

use std::time::Duration;

use prometheus::Registry;
use serde_json::json;

use super::*;
use crate::clock::Timestamp;
use crate::identity::TokenMetrics;
use crate::identity::testing::identity;
use crate::keycloak::testing::{FakeKeycloak, INTROSPECT, Reply, http};
use crate::keycloak::{ClientCredentials, KeycloakError, Oidc};
use crate::policy::Requirements;
use crate::rights::Epoch;
use crate::routing::{HostPattern, Methods, PathPattern, Target};
use crate::signals::IntrospectionMetrics;
use crate::standing::{Death, Follower, Membership};
use crate::store::scratch::Scratch;
use crate::store::testing::node;
use crate::store::{Change, ChangeKind, Options};

/// To a route that wants nothing in particular.
pub(super) fn admission(live: Live) -> Admission {
    let requirements = Requirements::default();
    let grant = requirements.judge(live).unwrap();
    let route = Route {
        label: "any".into(),
        host: HostPattern::Any,
        path: PathPattern::parse("/*").unwrap(),
        methods: Methods::any(),
        rule: Rule::Protected(requirements),
        target: Target::Local(0),
        cors_origins: vec![],
    };
    Admission { route: Arc::new(route), grant }
}

struct Fixture {
    scratch: Scratch,
    clock: Clock,
    standing: Arc<Standing>,
    gateway: Gateway,
    follower: Follower,
}

const BLIND_AFTER: Duration = Duration::from_secs(60);
const SOON: Timestamp = Timestamp(Clock::MANUAL_EPOCH + 300);

impl Fixture {
    async fn new() -> Self {
        Self::with(vec![], WhenBlind::Introspect).await
    }

    async fn asking(keycloak: &FakeKeycloak, when_blind: WhenBlind) -> Self {
        let client = ClientCredentials::new("doorward", "secret");
        let oidc = Oidc::new(Arc::new(http()), "https://sso.test/realms/acme", &keycloak.url(), Some(client));
        Self::with(vec![Arc::new(oidc)], when_blind).await
    }

    /// alice is an active user with the role `user`.
    async fn with(realms: Vec<Arc<Oidc>>, when_blind: WhenBlind) -> Self {
        let clock = Clock::manual();
        clock.advance(Duration::from_secs(5));
        let scratch = Scratch::with(Options { clock: clock.clone(), ..Options::default() });
        scratch.sql(
            "insert into roles (name, created_at) values ('user', 0);
             insert into users (id, kind, issuer, keycloak_id, username, username_key, state, created_at, updated_at)
             values (zeroblob(16), 'person', 'https://sso.test/realms/acme', 'alice', 'alice', 'alice', 'active', 0, 0);
             insert into user_roles (user_pk, role_id, granted_at)
             select users.pk, roles.id, 0 from users, roles where users.username = 'alice' and roles.name = 'user'",
        );
        let store = Arc::new(scratch.reopen());
        let epoch = Arc::new(Epoch::default());
        let standing =
            Arc::new(Standing::new(clock.clone(), BLIND_AFTER, Duration::from_secs(3600), Arc::clone(&epoch)));
        let directory = Arc::new(Directory::open(Arc::clone(&store) as _, epoch, None).await.unwrap());
        let membership = Arc::new(Membership::new(Arc::clone(&store) as _, Arc::clone(&standing), node()));
        let mut follower = Follower::new(store, membership, Arc::clone(&standing), Arc::clone(&directory));
        follower.load().await.unwrap();
        let identities = Identities::new(vec![], 10, TokenMetrics::new(&Registry::new()).unwrap());
        let metrics = IntrospectionMetrics::new(&Registry::new()).unwrap();
        let introspector = Arc::new(Introspector::new(realms, metrics));
        let gateway = Gateway::new(Arc::new(identities), directory, Arc::clone(&standing), (introspector, when_blind));
        Self { scratch, clock, standing, gateway, follower }
    }

    async fn roles(&self, sub: &str) -> Result<Vec<String>, Rejection> {
        let live = self.gateway.confirm(Arc::new(identity(sub, SOON)), Evidence::Token("a.b.c")).await?;
        Ok(live.principal().entitlement().roles().iter().map(|role| role.to_string()).collect())
    }

    async fn strictly(&self) -> Result<Live, Rejection> {
        self.gateway.confirm(Arc::new(identity("alice", SOON)), Evidence::Strict("a.b.c")).await
    }

    /// Another program changes the database, and this node hears of it.
    async fn change(&mut self, sql: &str) {
        self.scratch.sql(sql);
        self.follower.load().await.unwrap();
    }
}

#[tokio::test]
async fn a_role_that_was_taken_away_is_gone_from_the_cache() {
    let mut fixture = Fixture::new().await;
    assert_eq!(fixture.roles("alice").await.unwrap(), ["user"]);
    fixture.change("delete from user_roles").await;
    assert_eq!(fixture.roles("alice").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_refusal_is_as_fresh_as_an_admission() {
    let mut fixture = Fixture::new().await;
    assert!(matches!(fixture.roles("bob").await, Err(Rejection::Enrich(EnrichError::UnknownUser(_)))));
    fixture.change("update users set keycloak_id = 'bob'").await;
    assert_eq!(fixture.roles("bob").await.unwrap(), ["user"]);
    assert!(matches!(fixture.roles("alice").await, Err(Rejection::Enrich(EnrichError::UnknownUser(_)))));
    fixture.change("update users set state = 'disabled'").await;
    assert!(matches!(fixture.roles("bob").await, Err(Rejection::Enrich(EnrichError::NotActive(..)))));
    fixture.change("update users set state = 'active'").await;
    assert_eq!(fixture.roles("bob").await.unwrap(), ["user"]);
}

#[tokio::test]
async fn a_renamed_role_is_known_by_its_new_name() {
    let mut fixture = Fixture::new().await;
    assert_eq!(fixture.roles("alice").await.unwrap(), ["user"]);
    fixture.change("update roles set name = 'clerk' where name = 'user'").await;
    assert_eq!(fixture.roles("alice").await.unwrap(), ["clerk"]);
}

#[tokio::test]
async fn an_ended_session_a_revoked_token_and_an_expired_one_are_dead() {
    let mut fixture = Fixture::new().await;
    let dead = |kind, key: &'static str| Change {
        issuer: "https://sso.test/realms/acme".into(),
        kind,
        key: key.into(),
        not_before: None,
    };
    fixture
        .standing
        .learn(&Change { issuer: "https://other.test".into(), ..dead(ChangeKind::Session, "sid-of-alice") });
    assert!(fixture.roles("alice").await.is_ok(), "a session of another issuer");
    fixture.clock.advance(Duration::from_secs(296));
    fixture.follower.load().await.unwrap();
    assert!(matches!(fixture.roles("alice").await, Err(Rejection::Dead(Death::Expired))));
    fixture.standing.learn(&dead(ChangeKind::Token, "jti-of-alice"));
    assert!(matches!(fixture.roles("alice").await, Err(Rejection::Dead(Death::Token))));
    fixture.standing.learn(&dead(ChangeKind::Session, "sid-of-alice"));
    assert!(matches!(fixture.roles("alice").await, Err(Rejection::Dead(Death::Session))));
}

#[tokio::test]
async fn whoever_is_dead_does_not_go_on_because_nobody_can_be_asked() {
    let fixture = Fixture::new().await;
    let live = fixture.gateway.confirm(Arc::new(identity("alice", SOON)), Evidence::Token("a.b.c")).await.unwrap();
    let admission = admission(live);
    fixture.gateway.still_admits(&admission).await.unwrap();
    // Neither the database nor a lease.
    fixture.scratch.sql("alter table users rename to users_that_are_away");
    fixture.gateway.directory.restart().await.unwrap();
    fixture.clock.advance(BLIND_AFTER * 2);
    let ended = Change {
        issuer: "https://sso.test/realms/acme".into(),
        kind: ChangeKind::Session,
        key: "sid-of-alice".into(),
        not_before: None,
    };
    fixture.standing.learn(&ended);
    let rejection = fixture.gateway.still_admits(&admission).await.unwrap_err();
    assert!(matches!(rejection, Rejection::Dead(Death::Session)), "{rejection:?}");
}

#[tokio::test]
async fn a_node_that_cannot_apply_what_it_reads_keeps_nobody_waiting() {
    let mut fixture = Fixture::new().await;
    let members = |fixture: &Fixture| -> i64 {
        fixture.scratch.shell().query_row("select count(*) from node", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(members(&fixture), 1);
    fixture
        .scratch
        .sql("update roles set name = 'clerk' where name = 'user'; alter table roles rename to roles_that_are_away");
    fixture.follower.load().await.unwrap_err();
    assert_eq!(members(&fixture), 1, "it has its lease still, and may do better the next time");
    fixture.clock.advance(Duration::from_secs(2));
    fixture.follower.load().await.unwrap_err();
    assert_eq!(members(&fixture), 0);
    fixture.scratch.sql("alter table roles_that_are_away rename to roles");
    fixture.follower.load().await.unwrap();
    assert_eq!((members(&fixture), fixture.roles("alice").await.unwrap()), (1, vec!["clerk".to_owned()]));
}

#[tokio::test]
async fn what_was_issued_before_a_mark_is_dead_and_what_comes_after_is_not() {
    let fixture = Fixture::new().await;
    let mark = |not_before: u64| Change {
        issuer: "https://sso.test/realms/acme".into(),
        kind: ChangeKind::Subject,
        key: "alice".into(),
        not_before: i64::try_from(not_before).ok(),
    };
    fixture.standing.learn(&mark(Clock::MANUAL_EPOCH));
    assert!(fixture.roles("alice").await.is_ok(), "issued in that very second");
    fixture.standing.learn(&mark(Clock::MANUAL_EPOCH + 1));
    fixture.standing.learn(&mark(Clock::MANUAL_EPOCH - 9));
    assert!(matches!(fixture.roles("alice").await, Err(Rejection::Dead(Death::Subject))));
}

#[tokio::test]
async fn a_node_that_does_not_hear_of_changes_admits_nobody() {
    let mut fixture = Fixture::new().await;
    fixture.clock.advance(Duration::from_millis(999));
    assert!(fixture.roles("alice").await.is_ok());
    fixture.clock.advance(Duration::from_millis(1));
    assert!(matches!(fixture.roles("alice").await, Err(Rejection::Blind)), "there is nobody to ask");
    fixture.follower.load().await.unwrap();
    assert!(fixture.roles("alice").await.is_ok());
}

/// The database answers again while Keycloak, which is away as well, is asked in vain.
#[tokio::test]
async fn a_lease_that_comes_back_while_keycloak_is_asked_in_vain_lets_pass() {
    let keycloak = FakeKeycloak::start().await;
    let mut fixture = Fixture::asking(&keycloak, WhenBlind::Introspect).await;
    keycloak.reply(INTROSPECT, Reply::Text(503, "away".into()));
    fixture.clock.advance(Duration::from_secs(1));
    let Fixture { standing, gateway, follower, .. } = &mut fixture;
    let back = async {
        while keycloak.requests(INTROSPECT).is_empty() {
            tokio::task::yield_now().await;
        }
        follower.load().await.unwrap();
    };
    let alice = Arc::new(identity("alice", SOON));
    let (outcome, ()) = tokio::join!(gateway.confirm(Arc::clone(&alice), Evidence::Token("a.b.c")), back);
    assert!(standing.sees() && outcome.is_ok(), "{outcome:?}");
    fixture.clock.advance(Duration::from_secs(1));
    let Fixture { standing, gateway, follower, .. } = &mut fixture;
    let back = async {
        while keycloak.requests(INTROSPECT).len() < 2 {
            tokio::task::yield_now().await;
        }
        follower.load().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(gateway.confirm(alice, Evidence::Strict("a.b.c")), back);
    assert!(standing.sees() && matches!(outcome, Err(Rejection::Blind)), "a strict route: {outcome:?}");
}

#[tokio::test]
async fn another_log_makes_everything_be_read_again() {
    let mut fixture = Fixture::new().await;
    assert_eq!(fixture.roles("alice").await.unwrap(), ["user"]);
    fixture.change("delete from user_roles; delete from change").await;
    assert_eq!(fixture.roles("alice").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_strict_route_goes_by_what_keycloak_says_now() {
    let keycloak = FakeKeycloak::start().await;
    let fixture = Fixture::asking(&keycloak, WhenBlind::Introspect).await;
    let says = |active: bool| keycloak.reply(INTROSPECT, Reply::json(200, &json!({ "active": active })));
    for _ in 0..2 {
        says(true);
        assert!(fixture.strictly().await.is_ok());
        says(false);
        assert!(matches!(fixture.strictly().await, Err(Rejection::Dead(Death::Inactive))));
    }
    assert!(fixture.roles("alice").await.is_ok(), "another route");
    assert_eq!(keycloak.requests(INTROSPECT).len(), 4, "once for every request of the strict one");
}

#[tokio::test]
async fn a_strict_route_lets_nobody_in_whom_keycloak_cannot_be_asked_about() {
    let keycloak = FakeKeycloak::start().await;
    let fixture = Fixture::asking(&keycloak, WhenBlind::Introspect).await;
    let unasked = fixture.strictly().await;
    assert!(matches!(&unasked, Err(Rejection::Unasked(error)) if matches!(**error, KeycloakError::Unavailable { .. })));
    keycloak.reply(INTROSPECT, Reply::Text(500, "unknown_error".into()));
    assert!(matches!(fixture.strictly().await, Err(Rejection::Unasked(_))));
    keycloak.reply(INTROSPECT, Reply::Hang);
    let unasked = fixture.strictly().await;
    assert!(matches!(&unasked, Err(Rejection::Unasked(error)) if matches!(**error, KeycloakError::TimedOut)));
    let nobody = Fixture::new().await.strictly().await;
    assert!(matches!(&nobody, Err(Rejection::Unasked(error)) if matches!(**error, KeycloakError::NoClient)));
}

#[tokio::test]
async fn what_is_dead_in_memory_is_dead_on_a_strict_route_without_a_question() {
    let keycloak = FakeKeycloak::start().await;
    let fixture = Fixture::asking(&keycloak, WhenBlind::Introspect).await;
    keycloak.reply(INTROSPECT, Reply::json(200, &json!({ "active": true })));
    let issuer = "https://sso.test/realms/acme".into();
    fixture.standing.learn(&Change { issuer, kind: ChangeKind::Session, key: "sid-of-alice".into(), not_before: None });
    assert!(matches!(fixture.strictly().await, Err(Rejection::Dead(Death::Session))));
    assert_eq!(keycloak.requests(INTROSPECT).len(), 0);
}

#[tokio::test]
async fn a_strict_route_of_a_node_that_is_blind_goes_by_when_blind() {
    for (when_blind, passes) in [(WhenBlind::Introspect, true), (WhenBlind::Refuse, false)] {
        let keycloak = FakeKeycloak::start().await;
        let fixture = Fixture::asking(&keycloak, when_blind).await;
        keycloak.reply(INTROSPECT, Reply::Late(Duration::from_millis(200), json!({ "active": true }).to_string()));
        let blind_meanwhile = async {
            while keycloak.requests(INTROSPECT).is_empty() {
                tokio::task::yield_now().await;
            }
            fixture.clock.advance(Duration::from_secs(1));
        };
        let (outcome, ()) = tokio::join!(fixture.strictly(), blind_meanwhile);
        assert_eq!(outcome.is_ok(), passes, "{when_blind:?}: the lease ended while Keycloak was asked: {outcome:?}");
        let outcome = fixture.strictly().await;
        assert_eq!(outcome.is_ok(), passes, "{when_blind:?}: {outcome:?}");
        assert!(passes || matches!(outcome, Err(Rejection::Blind)));
    }
}
