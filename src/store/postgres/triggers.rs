//! Every change of rights reaches the log at COMMIT, whoever makes it.

use super::scratch::{Scratch, client, link, person};
use crate::store::testing::read;

const ALICE: &str = "https://sso rights k-alice";
const BOB: &str = "https://sso rights k-bob";
const CATALOGUE: &str = " catalogue *";
const EVERYBODY: &str = " rights *";

async fn with_alice_and_bob() -> Scratch {
    let scratch = Scratch::new().await;
    scratch.sql(&(person("alice") + &person("bob")));
    scratch
}

fn many(count: u32) -> String {
    format!(
        "insert into doorward.users (id, issuer, keycloak_id, username, username_key, state)
         select gen_random_uuid(), 'https://sso', 'k' || i, 'u' || i, 'u' || i, 'active' from generate_series(1, {count}) i"
    )
}

#[tokio::test]
async fn a_new_and_a_deleted_user_are_logged() {
    let scratch = Scratch::new().await;
    assert_eq!(scratch.logged(&person("alice")).await, [ALICE]);
    assert_eq!(scratch.logged("delete from doorward.users").await, [ALICE]);
}

#[tokio::test]
async fn a_link_is_logged_when_made_moved_and_cut() {
    let scratch = with_alice_and_bob().await;
    assert_eq!(scratch.logged(&link("alice", "admin")).await, [ALICE]);
    let moved = "update doorward.user_roles set user_id = (select id from doorward.users where username = 'bob')";
    assert_eq!(scratch.logged(moved).await, [ALICE, BOB]);
    assert_eq!(scratch.logged("delete from doorward.user_roles").await, [BOB]);
}

#[tokio::test]
async fn only_columns_that_a_request_sees_and_only_real_changes_are_logged() {
    let scratch = with_alice_and_bob().await;
    let alice = |set: &str| format!("update doorward.users set {set} where username = 'alice'");
    for column in ["email", "first_name", "last_name", "phone_number"] {
        assert_eq!(scratch.logged(&alice(&format!("{column} = 'new'"))).await, [ALICE], "{column}");
        assert_eq!(scratch.logged(&alice(&format!("{column} = 'new'"))).await, [""; 0], "{column}");
        assert_eq!(scratch.logged(&alice(&format!("{column} = null"))).await, [ALICE], "{column}");
    }
    assert_eq!(scratch.logged(&alice("email_verified = true")).await, [ALICE]);
    assert_eq!(scratch.logged(&alice("state = 'disabled'")).await, [ALICE]);
    assert_eq!(scratch.logged(&alice("kind = 'service'")).await, [ALICE]);
    assert_eq!(scratch.logged(&alice("version = version + 1, updated_at = now()")).await, [""; 0]);
}

#[tokio::test]
async fn a_new_subject_is_logged_beside_the_old_one() {
    let scratch = with_alice_and_bob().await;
    let moved = "update doorward.users set keycloak_id = 'k-other' where username = 'alice'";
    assert_eq!(scratch.logged(moved).await, [ALICE, "https://sso rights k-other"]);
    let moved = "update doorward.users set issuer = 'https://new' where username = 'bob'";
    assert_eq!(scratch.logged(moved).await, [BOB, "https://new rights k-bob"]);
}

#[tokio::test]
async fn roles_permissions_and_their_links_are_the_catalogue() {
    let scratch = Scratch::new().await;
    assert_eq!(scratch.logged("insert into doorward.roles (name) values ('editor')").await, [CATALOGUE]);
    assert_eq!(scratch.logged("update doorward.roles set description = 'x' where name = 'editor'").await, [""; 0]);
    assert_eq!(scratch.logged("update doorward.roles set name = 'author' where name = 'editor'").await, [CATALOGUE]);
    assert_eq!(scratch.logged("insert into doorward.permissions (name) values ('a:b'), ('c:d')").await, [CATALOGUE]);
    let link = "insert into doorward.role_permissions (role_id, permission_id)
                select r.id, p.id from doorward.roles r, doorward.permissions p where r.name = 'author'";
    assert_eq!(scratch.logged(link).await, [CATALOGUE]);
    assert_eq!(scratch.logged("delete from doorward.role_permissions").await, [CATALOGUE]);
    assert_eq!(scratch.logged("truncate doorward.role_permissions").await, [CATALOGUE]);
    assert_eq!(scratch.logged("delete from doorward.roles where name = 'author'").await, [CATALOGUE]);
}

#[tokio::test]
async fn a_pending_user_is_not_logged() {
    let scratch = Scratch::new().await;
    let pending = "insert into doorward.users (id, issuer, username, username_key, state)
                   values (gen_random_uuid(), 'https://sso', 'p', 'p', 'pending')";
    assert_eq!(scratch.logged(pending).await, [""; 0]);
}

#[tokio::test]
async fn beyond_a_hundred_rows_of_a_transaction_the_log_says_everybody_once() {
    let scratch = Scratch::new().await;
    assert_eq!(scratch.logged(&many(100)).await.len(), 100);
    let everybody = scratch.logged("update doorward.users set state = 'disabled'; ").await;
    assert!(everybody.len() == 100 && !everybody.contains(&EVERYBODY.to_owned()), "{everybody:?}");
    scratch.sql("insert into doorward.users (id, issuer, keycloak_id, username, username_key, state)
                 select gen_random_uuid(), 'https://sso', 'x' || i, 'x' || i, 'x' || i, 'active' from generate_series(1, 3000) i");
    let three_thousand = scratch.logged("update doorward.users set state = 'disabled' where state = 'active'").await;
    assert_eq!(three_thousand.len(), 101);
    assert_eq!(three_thousand.last().unwrap(), EVERYBODY);
    // The next transaction begins to count anew.
    assert_eq!(scratch.logged(&person("alice")).await, [ALICE]);
    let truncated = scratch.logged("truncate doorward.users cascade").await;
    assert!(!truncated.is_empty() && truncated.iter().all(|entry| entry == EVERYBODY), "{truncated:?}");
}

#[tokio::test]
async fn a_setting_of_the_session_does_not_silence_the_log() {
    let scratch = with_alice_and_bob().await;
    let quiet = "set doorward.rights_changed = '500'; set session_replication_role = replica;
                 update doorward.users set state = 'disabled' where username = 'alice'";
    assert_eq!(scratch.logged(quiet).await, [ALICE]);
}

#[tokio::test]
async fn what_is_rolled_back_is_not_logged() {
    let scratch = with_alice_and_bob().await;
    let undone = "begin; update doorward.users set state = 'disabled'; rollback";
    assert_eq!(scratch.logged(undone).await, [""; 0]);
    let half = "begin; savepoint a; set constraints all immediate; update doorward.users set state = 'disabled' where username = 'alice';
                rollback to a; update doorward.users set state = 'disabled' where username = 'bob'; commit";
    assert_eq!(scratch.logged(half).await, [BOB]);
}

#[tokio::test]
async fn an_open_transaction_delays_nobody_and_its_changes_are_numbered_when_it_commits() {
    let scratch = with_alice_and_bob().await;
    let mut slow = client(&scratch.database.url()).await;
    let open = slow.transaction().await.unwrap();
    open.batch_execute("update doorward.users set state = 'disabled' where username = 'alice'").await.unwrap();
    let known = read(&scratch.store, None).await.entries.last().unwrap().tag;
    assert_eq!(scratch.logged("update doorward.users set state = 'disabled' where username = 'bob'").await, [BOB]);
    let bob = read(&scratch.store, Some(known)).await;
    assert_eq!(bob.entries.len(), 1);
    open.commit().await.unwrap();
    // Were numbers drawn before the commit, this reader would never see the change.
    let alice = read(&scratch.store, Some(bob.entries[0].tag)).await;
    assert_eq!(alice.entries.len(), 1);
    assert_eq!(&*alice.entries[0].change.key, "k-alice");
}

#[tokio::test]
async fn whoever_may_only_change_links_is_logged_too() {
    let scratch = with_alice_and_bob().await;
    let name = format!("clerk_{}", scratch.database.name());
    scratch.sql(&format!(
        "create role {name}; grant usage on schema doorward to {name};
         grant select on doorward.users, doorward.roles to {name}; grant insert on doorward.user_roles to {name}"
    ));
    assert_eq!(scratch.logged(&format!("set role {name}; {}", link("alice", "admin"))).await, [ALICE]);
    let forged = scratch
        .database
        .refusal(&format!("set role {name}; select doorward.record_change('https://sso', 'rights', 'k-alice')"));
    assert!(forged.contains("permission denied"), "{forged}");
    scratch.sql(&format!("drop owned by {name}; drop role {name}"));
}
