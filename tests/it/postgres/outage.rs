//! A server that is away, hangs, loses connections or takes no writes: 503 until it is back, and never "no roles".

use std::thread;
use std::time::{Duration, Instant};

use test_services::postgres::Postgres;

use super::valve::Valve;
use super::world::{World, grant};
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for, within};
use crate::support::setup::write_secret;

const AT_ONCE: &str = "stale_when_blind = \"0s\"\n";

#[test]
fn a_server_that_stops_is_503_and_one_that_comes_back_is_used_again() {
    let server = Postgres::start();
    let world = World::on(&server, AT_ONCE);
    world.await_status(200);
    server.stop();
    world.await_outage();
    let heard = world.gateway.log.wait(PATIENCE, |line| {
        field(line, "message").is_some_and(|message| message.starts_with("the change log cannot be read"))
    });
    assert!(heard.is_some(), "{}", world.gateway.log.text());
    assert_eq!(world.gateway.operations_status("/livez"), Some(200));
    server.restart();
    world.await_status(200);
    world.psql("update doorward.users set state = 'disabled' where username = 'bob'");
    world.assert_soon(&world.gateway, "bob", "/admin/x", 403);
}

#[test]
fn a_server_that_hangs_is_503_after_a_second_and_is_used_again_when_it_goes_on() {
    let server = Postgres::start();
    let world = World::on(&server, AT_ONCE);
    world.await_status(200);
    server.pause();
    let paused = Instant::now();
    world.await_outage();
    // The fence is closed a second after the last poll was sent; the rest is for a busy machine.
    assert!(paused.elapsed() < Duration::from_secs(10), "{:?}", paused.elapsed());
    server.resume();
    world.await_status(200);
}

#[test]
fn an_answer_that_came_while_the_gateway_stood_still_is_read() {
    let world = World::new();
    world.await_status(200);
    let mut psql = world.database.connect();
    let mut lock = psql.transaction().unwrap();
    lock.batch_execute("lock table doorward.users in access exclusive mode").unwrap();
    let status = thread::scope(|scope| {
        let stranger = scope.spawn(|| world.status("alice", "/api/x"));
        wait_for("the gateway's query", || {
            let waiting = "select count(*) from pg_locks where not granted and relation = 'doorward.users'::regclass";
            (lock.query_one(waiting, &[]).unwrap().get::<_, i64>(0) == 1).then_some(())
        });
        world.gateway.signal("STOP");
        lock.rollback().unwrap();
        // Longer than anything waits for an answer.
        thread::sleep(Duration::from_secs(2));
        world.gateway.signal("CONT");
        stranger.join().unwrap()
    });
    assert_eq!(status, 200, "{}", world.gateway.log.text());
}

#[test]
fn what_is_cached_is_served_for_as_long_as_stale_when_blind_says() {
    let server = Postgres::start();
    let world = World::on(&server, "stale_when_blind = \"5m\"\n");
    world.await_status(200);
    server.stop();
    let lost = |line: &serde_json::Value| {
        field(line, "message").is_some_and(|message| message.starts_with("the change log cannot be read"))
    };
    assert!(world.gateway.log.wait(PATIENCE, lost).is_some());
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1500) {
        assert_eq!(world.status("bob", "/admin/x"), 200);
    }
    // Nobody knows what alice may do: she was never read.
    assert_eq!(world.status("alice", "/api/x"), 503);
}

#[test]
fn connections_that_are_cut_silently_are_replaced() {
    let server = Postgres::start();
    let database = server.database();
    let valve = Valve::before(server.port());
    let url = database.url().replace(&server.port().to_string(), &valve.address.port().to_string());
    let world = World::at(database, &url, AT_ONCE);
    world.await_status(200);
    let revoke = "delete from doorward.user_roles using doorward.roles
                  where role_id = doorward.roles.id and name = 'admin' and user_id = (select id from doorward.users where username = 'alice')";
    for round in 0..4 {
        let (sql, before, after) =
            if round % 2 == 0 { (grant("alice", "admin"), 403, 200) } else { (revoke.to_owned(), 200, 403) };
        assert_eq!(world.status("alice", "/admin/x"), before);
        valve.sever();
        world.psql(&sql);
        // What was true before may be said for a second more, and then nothing until the node hears again.
        let changed = within(PATIENCE, || {
            let status = world.status("alice", "/admin/x");
            assert!([before, 503, after].contains(&status), "{status}: {}", world.gateway.log.text());
            (status == after).then_some(())
        });
        assert!(changed.is_some(), "{}", world.gateway.log.text());
    }
}

#[test]
fn a_server_that_takes_no_writes_may_not_know_of_changes() {
    let server = Postgres::start();
    let world = World::on(&server, AT_ONCE);
    world.await_status(200);
    let mut psql = world.database.connect();
    // The session that undoes it must be one that may write.
    psql.batch_execute("set default_transaction_read_only = off").unwrap();
    let mut set = |statement: &str| {
        psql.batch_execute(statement).unwrap();
        psql.batch_execute("select pg_reload_conf()").unwrap();
    };
    set("alter system set default_transaction_read_only = on");
    world.await_outage();
    set("alter system reset default_transaction_read_only");
    world.await_status(200);
    drop(psql);
}

#[test]
fn connections_that_an_administrator_ends_cost_no_request() {
    let server = Postgres::start();
    let world = World::on(&server, AT_ONCE);
    for round in 0..5 {
        assert_eq!(world.status("bob", "/admin/x"), 200, "{round}");
        world.psql(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doorward';
             update doorward.users set first_name = coalesce(first_name, '') || 'x'",
        );
    }
}

#[test]
fn a_password_that_was_rotated_is_read_again() {
    let server = Postgres::start();
    server.execute("create role app login password 'first' in role by_password");
    let database = server.database();
    server.execute(&format!("alter database {} owner to app", database.name()));
    let url = database.url().replace("postgres@", "app@");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    write_secret(&file, "first");
    let world = World::at(database, &url, &format!("password = {{ file = \"{}\" }}\n", file.display()));
    world.await_status(200);
    server.execute("alter role app password 'second'");
    write_secret(&file, "second");
    server.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'");
    let stranger = within(PATIENCE, || (world.status("alice", "/api/x") == 200).then_some(()));
    assert!(stranger.is_some(), "{}", world.gateway.log.text());
    world.psql("update doorward.users set state = 'disabled' where username = 'bob'");
    let heard = within(PATIENCE, || (world.status("bob", "/admin/x") == 403).then_some(()));
    assert!(heard.is_some(), "{}", world.gateway.log.text());
}
