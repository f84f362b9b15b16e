//! What was true when it was kept is not true any more, or is another's.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Script, assert_passes};
use crate::support::issuer::Issuer;
use crate::support::patience::wait_for;
use crate::support::raw::{Connection, Request};
use crate::support::recorder::Recorder;
use crate::support::setup::{Running, Setup};
use crate::support::users::{self, User};
use crate::support::words::Words;

pub const SCRIPTS: &[(&str, Script)] = &[
    ("CACHE-004", |_| a_removed_role_is_gone()),
    ("CACHE-005", |_| an_audience_of_one_route_is_none_of_another()),
    ("CACHE-007", |_| two_issuers_are_two_people()),
    ("CACHE-008", |_| names_with_separators_are_kept_apart()),
    ("CACHE-012", |_| no_request_has_the_old_role_after_the_change()),
    ("CACHE-014", |_| a_hundred_reloads_under_load()),
];

fn a_removed_role_is_gone() {
    let running = Running::new();
    let status = || running.send_as("bob", Request::get("/admin/echo")).status;
    assert_eq!(status(), 200);
    take_roles(&running, "bob");
    let began = Instant::now();
    wait_for("the end of the role", || (status() == 403).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

fn an_audience_of_one_route_is_none_of_another() {
    let route = |path: &str, audience: &str| {
        format!("[[route]]\npath = \"{path}\"\nupstream = \"app\"\naudience = \"{audience}\"\n")
    };
    let running = Setup::with_routes(&(route("/a/*", "a") + &route("/b/*", "b"))).start();
    let token = running.token(&json!({ "claims_set": { "aud": ["gateway-api", "a"] } }));
    let status = |path: &str| running.gateway.send(Request::get(path).bearer(&token)).status;
    assert_eq!(status("/a/x"), 200);
    let before = running.upstream().count();
    assert_eq!((status("/b/x"), status("/b/x")), (401, 401));
    assert_eq!(running.upstream().count(), before);
}

fn two_issuers_are_two_people() {
    let mut setup = Setup::new();
    let other = Issuer::start();
    setup.config.more = format!(
        "[[keycloak.also]]\nname = \"other\"\nissuer = \"{}\"\naudience = \"gateway-api\"\nallowed_clients = [\"gateway\"]\n\
         algorithms = [\"RS256\"]\n",
        other.url()
    );
    let user = User { name: "alicia", state: "active", roles: &["reader"] };
    users::add_known_as(&setup.database(), &other.url(), "alice", &user);
    let running = setup.start();
    // Subject, session, token id and key are the same; only the issuer differs.
    let recipe = json!({ "claims_set": { "jti": "one", "sid": "one" } });
    let words = Words::new(&other.url());
    let theirs = String::from_utf8(words.token(&recipe).unwrap()).unwrap();
    let ours = running.token(&recipe);
    for (token, roles, name) in [(&ours, "user", "alice"), (&theirs, "reader", "alicia")].repeat(2) {
        let before = running.upstream().count();
        assert_eq!(running.gateway.send(Request::get("/api/echo").bearer(token)).status, 200);
        let seen = running.upstream().only(before);
        assert_eq!((seen.value("x-auth-roles").as_str(), seen.value("x-auth-username").as_str()), (roles, name));
    }
}

fn names_with_separators_are_kept_apart() {
    let setup = Setup::new();
    let people = [("a:b", "c", "user"), ("a", "b:c", "reader"), ("a:b:c", "", "admin")];
    for (name, _, role) in people {
        users::add(&setup.database(), &setup.issuer.url(), &User { name, state: "active", roles: &[role] });
    }
    let running = setup.start();
    let tokens = people.map(|(sub, sid, role)| {
        let sid = if sid.is_empty() { json!("x") } else { json!(sid) };
        (running.token(&json!({ "claims_set": { "sub": sub, "sid": sid } })), sub, role)
    });
    thread::scope(|scope| {
        for round in 0..10 {
            for (token, sub, _) in &tokens {
                let gateway = &running.gateway;
                let request = Request::get(&format!("/api/{round}")).bearer(token);
                scope.spawn(move || assert_eq!(gateway.send(request).status, 200, "{sub}"));
            }
        }
    });
    for request in running.upstream().since(0) {
        let (_, _, role) = people.iter().find(|(sub, _, _)| request.value("x-auth-subject") == *sub).unwrap();
        assert_eq!(request.value("x-auth-roles"), *role);
    }
}

/// As many requests as a busy machine carries in the time; each is sent after the last was answered, on eight
/// connections.
fn no_request_has_the_old_role_after_the_change() {
    let running = Running::new();
    assert_passes(&running, &json!({}));
    let token = running.token(&json!({ "claims_set": { "sub": "bob" } }));
    let (stop, gone, sent) = (AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = Connection::open(running.gateway.address);
                let request = Request::get("/admin/echo").bearer(&token).bytes();
                while !stop.load(Ordering::SeqCst) {
                    let was_gone = gone.load(Ordering::SeqCst);
                    connection.send(&request);
                    let status = connection.response().unwrap().status;
                    sent.fetch_add(1, Ordering::SeqCst);
                    assert!(status == 403 || (status == 200 && !was_gone), "{status}, the role gone: {was_gone}");
                }
            });
        }
        wait_for("a thousand requests", || (sent.load(Ordering::SeqCst) > 1000).then_some(()));
        take_roles(&running, "bob");
        thread::sleep(BOUND);
        gone.store(true, Ordering::SeqCst);
        let seen = sent.load(Ordering::SeqCst);
        wait_for("a thousand more", || (sent.load(Ordering::SeqCst) > seen + 1000).then_some(()));
        stop.store(true, Ordering::SeqCst);
    });
}

/// The one file lets users in to the one upstream, the other lets readers in to the other.
fn a_hundred_reloads_under_load() {
    let other = Recorder::start();
    let route = |role: &str| format!("[[route]]\npath = \"/api/*\"\nupstream = \"app\"\nany_role = [\"{role}\"]\n");
    let mut running = Setup::with_routes(&route("user")).start();
    let files = [(route("reader"), other.url()), (route("user"), running.upstream().url())];
    let (stop, address) = (AtomicBool::new(false), running.gateway.address);
    let tokens = [(running.new_token("rita"), &[200][..]), (running.new_token("alice"), &[200, 403])];
    thread::scope(|scope| {
        for (token, allowed) in &tokens {
            let (stop, request) = (&stop, Request::get("/api/echo").bearer(token).bytes());
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                while !stop.load(Ordering::SeqCst) {
                    connection.send(&request);
                    let status = connection.response().unwrap().status;
                    assert!(allowed.contains(&status), "{status}");
                }
            });
        }
        for (routes, server) in files.iter().cycle().take(100) {
            running.setup.config.routes.clone_from(routes);
            running.setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = [\"{server}\"]\n");
            running.setup.write();
            let applied = || running.gateway.metric("doorward_config_reloads_total", &["applied"]);
            let before = applied();
            running.gateway.signal("HUP");
            wait_for("a reload", || (applied() > before).then_some(()));
        }
        stop.store(true, Ordering::SeqCst);
    });
    let mixed = other.since(0).into_iter().find(|seen| seen.value("x-auth-username") == "alice");
    assert!(mixed.is_none(), "judged by one file and sent by the other");
}

fn take_roles(running: &Running, user: &str) {
    let statement = format!("delete from user_roles where user_pk = (select pk from users where username = '{user}')");
    assert!(users::execute(&running.setup.database(), &statement) > 0);
}

/// What is promised for a change by another program.
const BOUND: Duration = Duration::from_secs(1);
