//! What a PostgreSQL server says of a failure repeats what is in its rows; none of it is told on.

use serde_json::json;
use test_services::postgres::Postgres;

use super::world::{migrate, seed};
use crate::leaks::Marks;
use crate::support::gateway::Gateway;
use crate::support::patience::wait_for;
use crate::support::raw::Request;
use crate::support::setup::{Running, Setup, write_secret};

#[test]
fn nothing_secret_or_personal_is_told_of_a_failing_database() {
    let server = Postgres::start();
    server.execute("create role app superuser login password 'mark-password-4711' in role by_password");
    let database = server.database();
    let mut setup = Setup::with_database(&database.url().replace("postgres@", "app@"));
    let password = setup.directory().join("password");
    write_secret(&password, "mark-password-4711");
    setup.config.users.push_str(&format!(
        "password = {{ file = \"{}\" }}\nstale_when_blind = \"0s\"\nprovision = \"on-first-sight\"\n",
        password.display()
    ));
    migrate(&setup);
    seed(&database, &setup.issuer.url());
    database.execute("update doorward.users set email = 'mark-taken-4711@mail.test' where username = 'bob'");
    let gateway = Gateway::start_with(&setup.write(), &[("RUST_LOG", "trace")]);
    let running = Running { gateway, setup };

    let mut marks = Marks(vec!["mark-password-4711".to_owned(), "4711@mail.test".to_owned()]);
    let ask = |token: &str| running.gateway.send(Request::get("/api/echo").bearer(token));
    let alice = running.setup.words.token_of("alice");
    let taken = running.token(&json!({ "claims_set": {
        "sub": "stranger", "preferred_username": "mark-name-4711@mail.test", "email": "mark-taken-4711@mail.test",
        "email_verified": true,
    } }));
    marks.add_token(&alice);
    marks.add_token(&taken);
    assert_eq!(ask(&alice).status, 200);
    // The address is somebody else's already.
    let mut answers = vec![ask(&taken)];
    assert!(answers[0].status >= 400, "{}", answers[0].shown());
    // A row that breaks an invariant, and a table that is not what it should be.
    database.execute("alter table doorward.users add check (email <> 'mark-other-4711@mail.test')");
    let refused = json!({ "sub": "other", "preferred_username": "other", "email": "mark-other-4711@mail.test" });
    answers.push(ask(&running.token(&json!({ "claims_set": refused }))));
    database.execute("alter table doorward.users rename column state to mark_column");
    answers.push(ask(&running.setup.words.token_of("rita")));
    server.stop();
    wait_for("an answer without the database", || {
        let answer = ask(&alice);
        (answer.status == 503).then(|| answers.push(answer))
    });
    for answer in &answers {
        assert!(answer.status >= 400, "{}", answer.shown());
        marks.assert_absent("a refusal", &[&answer.head[..], &answer.body].concat());
    }
    assert_eq!(running.gateway.send(Request::get("/public/the-last-of-all")).status, 200);
    wait_for("the last line", || running.gateway.log.text().contains("/public/the-last-of-all").then_some(()));
    marks.assert_absent("the log", &running.gateway.log.since(0));
    marks.assert_absent("the metrics", &running.gateway.operations("/metrics").body);
    marks.assert_absent("readiness", &running.gateway.operations("/readyz").body);
}
