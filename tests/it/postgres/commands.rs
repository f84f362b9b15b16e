//! The command line works on PostgreSQL as on SQLite.

use super::world::World;
use crate::support::gateway::run;

#[test]
fn users_roles_and_permissions_are_managed_while_a_gateway_runs() {
    let world = World::new();
    let file = world.setup.write();
    let doorward = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').chain(["--config", file.to_str().unwrap()]).collect();
        let output = run(&arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    doorward("permissions create pages:read");
    doorward("roles create editor --permission pages:read --permission reports:read");
    assert_eq!(world.status("alice", "/reports/1"), 403);
    doorward("users grant --username alice --role editor");
    world.assert_soon(&world.gateway, "alice", "/reports/1", 200);
    assert!(doorward("users show alice --json").contains(r#""roles":["editor","user"]"#));
    assert_eq!(doorward("users list --role editor").lines().count(), 1);
    assert_eq!(doorward("users list --search ALI").lines().count(), 1);
    assert!(doorward("roles list").contains("editor"));
    assert!(doorward("permissions list").contains("pages:read"));
    assert!(doorward("explain --path /reports/1 --user alice").contains("forwarded"));
    doorward("users revoke --username alice --role editor");
    world.assert_soon(&world.gateway, "alice", "/reports/1", 403);
    assert_eq!(doorward("migrate --json").trim(), r#"{"applied":0}"#);
}
