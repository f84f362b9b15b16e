//! A change of rights holds at once, whoever makes it.

use std::process::Command;
use std::time::Duration;

use crate::support::gateway::run;
use crate::support::patience::within;
use crate::support::raw::Request;
use crate::support::setup::Running;
use crate::support::users::execute;

fn status(running: &Running, user: &str, path: &str) -> u16 {
    running.send_as(user, Request::get(path)).status
}

/// A change by another program may take milliseconds, at most a second.
fn assert_soon(running: &Running, user: &str, path: &str, expected: u16) {
    let second = Duration::from_secs(1);
    let came = within(second, || (status(running, user, path) == expected).then_some(()));
    assert!(came.is_some(), "{user} on {path} is not {expected} after a second");
}

#[test]
fn a_role_granted_by_the_command_line_holds_at_once() {
    let running = Running::new();
    assert_eq!(status(&running, "alice", "/admin/x"), 403);
    let file = running.setup.directory().join("doorward.toml");
    let command = |verb: &str| {
        let arguments = ["users", verb, "--username", "alice", "--role", "admin", "--config", file.to_str().unwrap()];
        let output = run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    command("grant");
    assert_soon(&running, "alice", "/admin/x", 200);
    command("revoke");
    assert_soon(&running, "alice", "/admin/x", 403);
}

#[test]
fn a_role_taken_away_in_the_sqlite3_shell_is_gone() {
    let running = Running::new();
    assert_eq!(status(&running, "bob", "/admin/x"), 200);
    let statement = "delete from user_roles where user_pk = (select pk from users where username = 'bob')";
    let shell = Command::new("sqlite3").arg(running.setup.database()).arg(statement).output();
    match shell {
        Ok(output) => assert!(output.status.success(), "sqlite3: {}", String::from_utf8_lossy(&output.stderr)),
        // The shell is not installed everywhere; any other program will do.
        Err(_) => assert_eq!(execute(&running.setup.database(), statement), 1),
    }
    assert_soon(&running, "bob", "/admin/x", 403);
}

#[test]
fn a_user_disabled_by_another_program_is_out() {
    let running = Running::new();
    assert_eq!(status(&running, "alice", "/api/x"), 200);
    execute(&running.setup.database(), "update users set state = 'disabled' where username = 'alice'");
    assert_soon(&running, "alice", "/api/x", 403);
    execute(&running.setup.database(), "update users set state = 'active' where username = 'alice'");
    assert_soon(&running, "alice", "/api/x", 200);
}

#[test]
fn a_permission_added_to_a_role_reaches_everybody_who_holds_it() {
    let running = Running::new();
    assert_eq!(status(&running, "alice", "/reports/1"), 403);
    let statement = "insert into role_permissions (role_id, permission_id)
                     select r.id, p.id from roles r, permissions p where r.name = 'user' and p.name = 'reports:read'";
    execute(&running.setup.database(), statement);
    assert_soon(&running, "alice", "/reports/1", 200);
}

#[test]
fn a_user_who_appears_is_let_in() {
    let running = Running::new();
    assert_eq!(status(&running, "ghost", "/api/x"), 403);
    let ghost = crate::support::users::User { name: "ghost", state: "active", roles: &["user"] };
    crate::support::users::add(&running.setup.database(), &running.setup.issuer.url(), &ghost);
    assert_soon(&running, "ghost", "/api/x", 200);
}
