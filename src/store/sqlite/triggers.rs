//! Every change of rights reaches the log, whoever makes it.

use super::scratch::{Scratch, link, person};

const ALICE: &str = "https://sso rights k-alice";
const BOB: &str = "https://sso rights k-bob";
const CATALOGUE: &str = " catalogue *";

fn with_alice_and_bob() -> Scratch {
    let scratch = Scratch::new();
    scratch.sql(&(person("alice") + &person("bob")));
    scratch
}

#[test]
fn a_new_and_a_deleted_user_are_logged() {
    let scratch = Scratch::new();
    assert_eq!(scratch.logged(&person("alice")), [ALICE]);
    assert_eq!(scratch.logged("delete from users"), [ALICE]);
}

#[test]
fn a_link_is_logged_when_made_moved_and_cut() {
    let scratch = with_alice_and_bob();
    assert_eq!(scratch.logged(&link("alice", "admin")), [ALICE]);
    let moved = "update user_roles set user_pk = (select pk from users where username = 'bob')";
    assert_eq!(scratch.logged(moved), [ALICE, BOB]);
    assert_eq!(scratch.logged("delete from user_roles"), [BOB]);
}

#[test]
fn only_columns_that_a_request_sees_and_only_real_changes_are_logged() {
    let scratch = with_alice_and_bob();
    let alice = |set: &str| scratch.logged(&format!("update users set {set} where username = 'alice'"));
    for column in ["email", "first_name", "last_name", "phone_number"] {
        assert_eq!(alice(&format!("{column} = 'new'")), [ALICE], "{column}");
        assert_eq!(alice(&format!("{column} = 'new'")), [""; 0], "{column}");
        assert_eq!(alice(&format!("{column} = null")), [ALICE], "{column}");
    }
    assert_eq!(alice("email_verified = 1"), [ALICE]);
    assert_eq!(alice("state = 'disabled'"), [ALICE]);
    assert_eq!(alice("kind = 'service'"), [ALICE]);
    assert_eq!(alice("version = version + 1, updated_at = 5"), [""; 0]);
}

#[test]
fn a_new_subject_is_logged_beside_the_old_one() {
    let scratch = with_alice_and_bob();
    let other = "https://sso rights k-other";
    assert_eq!(scratch.logged("update users set keycloak_id = 'k-other' where username = 'alice'"), [ALICE, other]);
    assert_eq!(
        scratch.logged("update users set issuer = 'https://new' where username = 'bob'"),
        [BOB, "https://new rights k-bob"]
    );
}

#[test]
fn a_row_that_is_replaced_is_logged_too() {
    let scratch = with_alice_and_bob();
    let replace = person("bob").replace("insert", "insert or replace").replace("k-bob", "k-new");
    assert!(scratch.logged(&replace).contains(&BOB.to_owned()));
    let overwrite = "update or replace users set username = 'alice' where username = 'bob'";
    assert!(scratch.logged(overwrite).contains(&ALICE.to_owned()));
}

#[test]
fn the_catalogue_is_logged() {
    let scratch = Scratch::new();
    assert_eq!(scratch.logged("insert into roles (name) values ('editor')"), [CATALOGUE]);
    assert_eq!(scratch.logged("update roles set description = 'x' where name = 'editor'"), [""; 0]);
    assert_eq!(scratch.logged("update roles set name = 'author' where name = 'editor'"), [CATALOGUE]);
    assert_eq!(scratch.logged("insert into permissions (name) values ('post:write')"), [CATALOGUE]);
    let link = "insert into role_permissions (role_id, permission_id)
                select r.id, p.id from roles r, permissions p where r.name = 'author' and p.name = 'post:write'";
    assert_eq!(scratch.logged(link), [CATALOGUE]);
    assert_eq!(scratch.logged("delete from role_permissions"), [CATALOGUE]);
    assert_eq!(scratch.logged("delete from permissions where name = 'post:write'"), [CATALOGUE]);
    assert_eq!(scratch.logged("delete from roles where name = 'author'"), [CATALOGUE]);
}

#[test]
fn a_pending_user_is_not_logged() {
    let scratch = Scratch::new();
    let pending = "insert into users (id, issuer, username, username_key, state)
                   values (randomblob(16), 'https://sso', 'p', 'p', 'pending')";
    assert_eq!(scratch.logged(pending), [""; 0]);
}

#[test]
fn ten_thousand_users_in_one_statement_end_as_everybody() {
    let scratch = Scratch::new();
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
                insert into users (id, issuer, keycloak_id, username, username_key, state)
                select randomblob(16), 'https://sso', 'k' || i, 'u' || i, 'u' || i, 'active' from n";
    let made = scratch.logged(many);
    assert!(made.len() <= 101, "{}", made.len());
    assert_eq!(made.last().unwrap(), " rights *");

    let disabled = scratch.logged("update users set state = 'disabled'");
    assert!(disabled.len() <= 101, "{}", disabled.len());
    assert_eq!(disabled.last().unwrap(), " rights *");
}

#[test]
fn a_few_users_after_many_are_logged_by_name() {
    let scratch = Scratch::new();
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
                insert into users (id, issuer, keycloak_id, username, username_key, state)
                select randomblob(16), 'https://sso', 'k' || i, 'u' || i, 'u' || i, 'active' from n";
    scratch.sql(many);
    // Another millisecond, as after any fsync.
    scratch.sql("update change set at = at - 1");
    assert_eq!(scratch.logged(&person("alice")), [ALICE]);
}

#[test]
fn what_is_linked_cannot_be_deleted_even_without_foreign_keys() {
    let scratch = with_alice_and_bob();
    scratch.sql(&link("alice", "admin"));
    for sql in ["delete from users where username = 'alice'", "delete from roles where name = 'admin'"] {
        assert!(scratch.shell().execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_number_is_never_used_twice() {
    let scratch = with_alice_and_bob();
    scratch.sql("delete from users where username = 'bob'");
    scratch.sql(&person("carol"));
    let pk: i64 =
        scratch.shell().query_row("select pk from users where username = 'carol'", [], |row| row.get(0)).unwrap();
    assert_eq!(pk, 3);
}
