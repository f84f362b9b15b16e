//! What every store must do, whatever database is behind it.

use std::sync::Arc;
use std::time::Duration;

use super::testing::{node, read};
use super::{
    Change, ChangeKind, Ledger, Position, RoleName, Store, StoreError, User, UserFilter, UserKey, UserKind, UserState,
    Username,
};
use crate::accounts::{
    AccountError, CreatePermission, CreateRole, Enrol, Grant, KeycloakAccount, Refusal, Revoke, Seed, Seeded, Taken,
    carry_out,
};
use crate::id;
use crate::identity::Subject;
use crate::store::{Applied, PermissionName};

/// Makes the suite into tests of one store; `$fresh` makes an empty one and a guard to keep while it is used.
macro_rules! conforms {
    ($fresh:expr; $($test:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            let (store, _guard) = $fresh;
            $crate::store::conformance::$test(&store).await;
        }
    )*};
}

pub(crate) use conforms;

fn account(name: &str) -> KeycloakAccount {
    KeycloakAccount {
        subject: Subject::new("https://sso".into(), format!("k-{name}").into()),
        username: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        email_verified: true,
        first_name: Some("Ünal".to_owned()),
        last_name: None,
        enabled: true,
    }
}

fn key(name: &str) -> UserKey {
    UserKey::Username(Username::mirror(name).unwrap())
}

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

async fn adopt(store: &impl Store, name: &str) -> Applied {
    carry_out(store, Enrol::adopt(id::user_id(), account(name)).unwrap()).await.unwrap()
}

async fn grant(store: &impl Store, user: &str, name: &str) -> Result<Applied, AccountError> {
    carry_out(store, Grant { user: key(user), role: role(name) }).await
}

async fn all(store: &impl Store, filter: UserFilter) -> Vec<String> {
    store.users(filter).await.unwrap().users.into_iter().map(|user| user.username).collect()
}

fn everybody() -> UserFilter {
    UserFilter { search: None, role: None, state: None, after: None, limit: 100 }
}

async fn alice(store: &impl Store) -> User {
    store.user(key("alice")).await.unwrap().unwrap()
}

pub(crate) async fn what_is_adopted_can_be_enriched(store: &impl Store) {
    let applied = adopt(store, "Alice").await;
    let found = store.enrich(&account("Alice").subject).await.unwrap();
    let row = found.account.unwrap();
    assert_eq!((row.username.as_str(), row.kind, row.state), ("alice", UserKind::Person, UserState::Active));
    assert_eq!((row.email.as_deref(), row.email_verified), (Some("alice@example.com"), true));
    assert_eq!(row.first_name.as_deref(), Some("Ünal"));
    assert!(row.roles.is_empty());
    assert!(applied.changed && found.as_of >= applied.position);
    assert!(!adopt(store, "Alice").await.changed);
}

pub(crate) async fn a_role_is_granted_and_revoked_once(store: &impl Store) {
    adopt(store, "alice").await;
    assert!(grant(store, "alice", "admin").await.unwrap().changed);
    assert!(!grant(store, "alice", "admin").await.unwrap().changed);
    let granted = alice(store).await;
    assert_eq!((granted.roles, granted.version), (vec!["admin".to_owned()], 2));
    let revoke = Revoke { user: key("alice"), role: role("admin") };
    assert!(carry_out(store, revoke.clone()).await.unwrap().changed);
    assert!(!carry_out(store, revoke).await.unwrap().changed);
    assert!(alice(store).await.roles.is_empty());
}

pub(crate) async fn a_refused_change_writes_nothing(store: &impl Store) {
    adopt(store, "alice").await;
    let before = read(store, None).await;
    let refused = grant(store, "alice", "nobody-knows").await;
    assert!(matches!(refused, Err(AccountError::Refused(Refusal::UnknownRole(_)))), "{refused:?}");
    let taken = KeycloakAccount { subject: account("other").subject, ..account("alice") };
    let refused = carry_out(store, Enrol::adopt(id::user_id(), taken).unwrap()).await;
    assert!(matches!(refused, Err(AccountError::Refused(Refusal::NameTaken(Taken::Username)))), "{refused:?}");
    assert_eq!(read(store, None).await, before);
    assert!(store.enrich(&account("other").subject).await.unwrap().account.is_none());
}

pub(crate) async fn two_that_enrol_one_name_at_once_get_one_user(store: &impl Store) {
    let enrol = |subject: &str| {
        let account = KeycloakAccount { subject: account(subject).subject, ..account("alice") };
        carry_out(store, Enrol::adopt(id::user_id(), account).unwrap())
    };
    let (first, second) = tokio::join!(enrol("one"), enrol("two"));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(all(store, everybody()).await, ["alice"]);
}

pub(crate) async fn changes_of_rights_reach_the_log(store: &impl Store) {
    let known = read(store, None).await.entries.last().map(|entry| entry.tag);
    let adopted = adopt(store, "alice").await;
    let granted = grant(store, "alice", "admin").await.unwrap();
    assert!(granted.position > adopted.position);
    let batch = read(store, known).await;
    assert!(!batch.restarted);
    let alice = Change {
        issuer: Arc::clone(account("alice").subject.issuer()),
        kind: ChangeKind::Rights,
        key: Arc::clone(account("alice").subject.sub()),
        not_before: None,
    };
    assert!(!batch.entries.is_empty() && batch.entries.iter().all(|entry| entry.change == alice), "{batch:?}");
    assert_eq!(batch.entries.last().unwrap().position, granted.position);

    carry_out(store, CreateRole { name: role("editor"), description: None, permissions: vec![] }).await.unwrap();
    let news = read(store, batch.entries.last().map(|entry| entry.tag)).await;
    assert!(news.entries.iter().all(|entry| entry.change.kind == ChangeKind::Catalogue), "{news:?}");
    assert_eq!(store.catalogue().await.unwrap().as_of, news.entries.last().unwrap().position);
}

pub(crate) async fn the_log_is_read_from_a_tag_on(store: &impl Store) {
    let change = |key: &str, not_before| Change {
        issuer: "https://sso".into(),
        kind: ChangeKind::Subject,
        key: key.into(),
        not_before,
    };
    let (a, b) = (change("a", Some(17)), change("b", None));
    let first = store.record(std::slice::from_ref(&a)).await.unwrap();
    let tag = read(store, None).await.entries.last().unwrap().tag;
    let last = store.record(&[b.clone(), a.clone()]).await.unwrap();
    assert!(last > first && first > Position::START);
    let batch = read(store, Some(tag)).await;
    assert!(!batch.restarted);
    assert_eq!(batch.entries.iter().map(|entry| &entry.change).collect::<Vec<_>>(), [&b, &a]);
    assert_eq!(batch.entries[1].position, last);
    let end = read(store, Some(batch.entries[1].tag)).await;
    assert!(!end.restarted && end.entries.is_empty());

    let lost = read(store, Some(id::change_tag())).await;
    assert!(lost.restarted);
    assert_eq!(lost.entries, read(store, None).await.entries);
    assert_eq!(store.record(&[]).await.unwrap(), last);
}

pub(crate) async fn own_changes_are_noticed_at_once(store: &impl Store) {
    store.changed().await;
    let begun = std::time::Instant::now();
    let (_, recorded) = tokio::join!(store.changed(), adopt(store, "alice"));
    assert!(recorded.changed);
    assert!(begun.elapsed() < Duration::from_millis(150), "{:?}", begun.elapsed());
}

pub(crate) async fn users_are_listed_in_pages(store: &impl Store) {
    for name in ["ann", "ben", "cem", "dan", "eve"] {
        adopt(store, name).await;
    }
    let first = store.users(UserFilter { limit: 2, ..everybody() }).await.unwrap();
    assert_eq!(first.users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["ann", "ben"]);
    assert_eq!(all(store, UserFilter { after: first.next, ..everybody() }).await, ["cem", "dan", "eve"]);
    let last = store.users(UserFilter { after: first.next, limit: 3, ..everybody() }).await.unwrap();
    assert_eq!(last.next, None);
}

pub(crate) async fn users_are_found_by_what_they_have(store: &impl Store) {
    for name in ["ann", "ben", "p%t"] {
        adopt(store, name).await;
    }
    grant(store, "ben", "admin").await.unwrap();
    let search = |text: &str| UserFilter { search: Some(text.to_owned()), ..everybody() };
    assert_eq!(all(store, search("EN")).await, ["ben"]);
    assert_eq!(all(store, search("ann@exam")).await, ["ann"]);
    assert_eq!(all(store, search("%")).await, ["p%t"]);
    assert_eq!(all(store, search("_nn")).await, [""; 0]);
    assert_eq!(all(store, UserFilter { role: Some("admin".to_owned()), ..everybody() }).await, ["ben"]);
    assert_eq!(all(store, UserFilter { role: Some("none".to_owned()), ..everybody() }).await, [""; 0]);
    let absent = KeycloakAccount { enabled: false, ..account("cem") };
    carry_out(store, Enrol::adopt(id::user_id(), absent).unwrap()).await.unwrap();
    let state = |state| UserFilter { state: Some(state), ..everybody() };
    assert_eq!(all(store, state(UserState::Disabled)).await, ["cem"]);
    assert_eq!(all(store, state(UserState::Active)).await, ["ann", "ben", "p%t"]);
    assert_eq!(all(store, state(UserState::Purged)).await, [""; 0]);
    assert_eq!(all(store, everybody()).await, ["ann", "ben", "p%t", "cem"]);

    let ben = store.user(key("ben")).await.unwrap().unwrap();
    for key in [UserKey::Id(ben.id), UserKey::Subject(account("ben").subject)] {
        assert_eq!(store.user(key).await.unwrap().as_ref(), Some(&ben));
    }
    assert_eq!(store.user(key("nobody")).await.unwrap(), None);
}

pub(crate) async fn roles_and_permissions_are_made_and_listed(store: &impl Store) {
    let read = PermissionName::parse("post:read").unwrap();
    let create = CreatePermission { name: read.clone(), description: Some("read".to_owned()) };
    carry_out(store, create.clone()).await.unwrap();
    let again = carry_out(store, create).await;
    assert!(matches!(again, Err(AccountError::Refused(Refusal::NameTaken(Taken::Permission)))));
    let editor = CreateRole { name: role("editor"), description: Some("edits".to_owned()), permissions: vec![read] };
    carry_out(store, editor).await.unwrap();

    let roles = store.roles().await.unwrap();
    assert_eq!(roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["admin", "editor"]);
    assert!(roles[0].grants_all && roles[0].system);
    assert_eq!(roles[1].permissions, ["post:read"]);
    assert_eq!(store.permissions().await.unwrap().len(), 6);
    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.roles.iter().find(|role| role.name == "editor").unwrap().permissions, ["post:read"]);
}

pub(crate) async fn seeding_twice_changes_nothing(store: &impl Store) {
    let seed = || Seed {
        people: ["alice", "bob"]
            .map(|name| Seeded {
                account: Enrol::adopt(id::user_id(), account(name)).unwrap(),
                roles: vec![role(if name == "alice" { "admin" } else { "user" })],
            })
            .into(),
    };
    assert!(carry_out(store, seed()).await.unwrap().changed);
    assert!(!carry_out(store, seed()).await.unwrap().changed);
    assert_eq!(alice(store).await.roles, ["admin"]);
    assert_eq!(store.enrich(&account("bob").subject).await.unwrap().account.unwrap().roles.len(), 1);
}

pub(crate) async fn a_rule_that_panics_is_an_error_of_its_caller(store: &impl Store) {
    let ledger: &dyn Ledger = store;
    let outcome = ledger.change(super::Query::default(), |_| -> Result<super::Plan, Refusal> { panic!("on purpose") });
    assert!(matches!(outcome.await, Err(AccountError::Store(StoreError::Unavailable { .. }))));
    adopt(store, "alice").await;
}

pub(crate) async fn a_cursor_never_goes_back(store: &impl Store) {
    assert_eq!(store.cursor("https://sso", "admin").await.unwrap(), None);
    for (to, now) in [(7, 7), (9, 9), (8, 9)] {
        store.advance("https://sso", "admin", to).await.unwrap();
        assert_eq!(store.cursor("https://sso", "admin").await.unwrap(), Some(now));
    }
    assert_eq!(store.cursor("https://sso", "user").await.unwrap(), None);
    assert_eq!(store.cursor("https://other", "admin").await.unwrap(), None);
}

async fn joined(store: &impl Store) -> uuid::Uuid {
    let id = id::node_id();
    store.join(id, &node()).await.unwrap();
    id
}

/// What a member has applied, and how often it has polled.
async fn seen(store: &impl Store, id: uuid::Uuid) -> Option<(Position, i64)> {
    let look = store.look().await.unwrap();
    look.members.iter().find(|member| member.id == id).map(|member| (member.applied, member.beat))
}

fn dead(key: &str) -> [Change; 1] {
    [Change { issuer: "https://sso".into(), kind: ChangeKind::Session, key: key.into(), not_before: None }]
}

pub(crate) async fn members_are_seen_with_what_they_have_applied(store: &impl Store) {
    let (quick, slow) = (joined(store).await, joined(store).await);
    assert_eq!(seen(store, quick).await, Some((Position::START, 0)));
    let position = store.record(&dead("a")).await.unwrap();
    let batch = store.attend(quick, None).await.unwrap().unwrap();
    let newest = batch.entries.last().unwrap();
    assert_eq!((newest.position, &newest.change), (position, &dead("a")[0]));
    assert_eq!(seen(store, quick).await, Some((Position::START, 1)), "acknowledged before it was applied");

    let again = store.attend(quick, Some(newest.tag)).await.unwrap().unwrap();
    assert!(again.entries.is_empty() && !again.restarted);
    assert_eq!(seen(store, quick).await, Some((position, 2)));
    let look = store.look().await.unwrap();
    assert_eq!((look.newest, look.is_everywhere(position)), (position, false));
    store.attend(slow, None).await.unwrap();
    store.attend(slow, Some(newest.tag)).await.unwrap();
    let look = store.look().await.unwrap();
    assert!(look.is_everywhere(position));
    assert_eq!((look.members.len(), &look.members[0].node), (2, &node()));
    assert_eq!(store.look().await.unwrap().line, look.line, "one connection looks for as long as it lives");

    // The name of a change that this log does not have is no place in it.
    assert!(store.attend(slow, Some(id::change_tag())).await.unwrap().unwrap().restarted);
    assert_eq!(seen(store, slow).await, Some((Position::START, 3)));
}

pub(crate) async fn a_member_says_how_long_its_last_revocation_took(store: &impl Store) {
    let [quiet, busy] = [joined(store).await, joined(store).await];
    for took in [1, 2] {
        store.note_revocation(busy, Duration::from_millis(took)).await.unwrap();
    }
    let look = store.look().await.unwrap();
    let last = |id| look.members.iter().find(|member| member.id == id).unwrap().last_revocation;
    assert_eq!(last(quiet), None);
    let last = last(busy).unwrap();
    assert_eq!(last.took, Duration::from_millis(2));
    assert!(last.ago < Duration::from_secs(60), "{last:?}");
    // Whoever is no member any more says nothing.
    store.note_revocation(id::node_id(), Duration::ZERO).await.unwrap();
    assert_eq!(store.look().await.unwrap().members.len(), 2);
}

pub(crate) async fn only_who_stands_still_is_evicted(store: &impl Store) {
    let id = joined(store).await;
    let look = store.look().await.unwrap();
    store.attend(id, None).await.unwrap();
    assert!(!store.evict(&look.members[0], &look.line).await.unwrap());
    let look = store.look().await.unwrap();
    assert!(store.evict(&look.members[0], &look.line).await.unwrap());
    assert_eq!(seen(store, id).await, None);
}

pub(crate) async fn who_was_evicted_or_left_hears_nothing(store: &impl Store) {
    let id = joined(store).await;
    assert!(store.attend(id, None).await.unwrap().is_some());
    store.leave(id).await.unwrap();
    assert!(store.attend(id, None).await.unwrap().is_none());
    store.leave(id).await.unwrap();
    assert!(store.attend(id::node_id(), None).await.unwrap().is_none());
}
