use super::*;
use crate::identity::testing::identity;
use crate::store::Options;
use crate::store::scratch::Scratch;

#[tokio::test]
async fn who_was_read_before_is_known_where_the_database_is_away_and_nobody_else() {
    let scratch = Scratch::with(Options::default());
    scratch.sql(
        "insert into users (id, kind, issuer, keycloak_id, username, username_key, state, created_at, updated_at)
         values (zeroblob(16), 'person', 'https://sso.test/realms/acme', 'alice', 'alice', 'alice', 'active', 0, 0)",
    );
    let epoch = Arc::new(Epoch::default());
    let directory = Directory::open(Arc::new(scratch.reopen()), Arc::clone(&epoch), None).await.unwrap();
    let known = |sub: &str| {
        let identity = Arc::new(identity(sub, crate::clock::Timestamp(u64::MAX)));
        let directory = &directory;
        async move { directory.enrich(identity).await.map(drop) }
    };
    let alice = identity("alice", crate::clock::Timestamp(u64::MAX)).subject().clone();
    let expire = async || {
        directory.sweep();
        directory.accounts.invalidate(&alice).await;
    };
    known("alice").await.unwrap();

    scratch.sql("alter table users rename to users_that_are_away");
    expire().await;
    known("alice").await.unwrap();
    assert!(matches!(known("bob").await, Err(EnrichError::Store(_))), "nobody knows");
    expire().await;
    directory.forget(&alice, Position(i64::MAX)).await;
    assert!(matches!(known("alice").await, Err(EnrichError::Store(_))), "a change has made it untrue");

    scratch.sql("alter table users_that_are_away rename to users");
    known("alice").await.unwrap();
    scratch.sql("alter table users rename to users_that_are_away");
    expire().await;
    epoch.turn();
    assert!(matches!(known("alice").await, Err(EnrichError::Store(_))), "positions of another log mean nothing");
}
