//! What an enrichment costs that no cache answers, on both stores: 1,000,000 users, 1,000 roles, 10 of them each.
//! `USERS=10000 cargo bench --bench miss` for a quick look.

use std::time::{Duration, Instant};

use bench_scene::{Outcome, subject};
use doorward::identity::Subject;
use doorward::store::{Access, Address, Options, Postgres, Rights, Sqlite};
use rusqlite::Connection;
use tokio::runtime::Runtime;

fn main() -> Outcome<()> {
    doorward::app::install_cryptography();
    let users = std::env::var("USERS").ok().and_then(|users| users.parse().ok()).unwrap_or(1_000_000);
    let runtime = Runtime::new()?;
    show("store, users", "p50", "p95", "p99");
    sqlite(&runtime, users)?;
    postgres(&runtime, users)
}

fn sqlite(runtime: &Runtime, users: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("users.db");
    Sqlite::migrate(&file)?;
    Connection::open(&file)?.execute_batch(&SQLITE.replace("USERS", &users.to_string()))?;
    let store = Sqlite::open(&file, Options::default())?;
    runtime.block_on(measure("SQLite", &store, users))
}

fn postgres(runtime: &Runtime, users: usize) -> Outcome<()> {
    let server = test_services::postgres::Postgres::start();
    server.execute("alter system set shared_buffers = '1GB'");
    server.execute("alter system set max_wal_size = '8GB'");
    server.restart();
    let database = server.database();
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        user: "postgres".to_owned(),
        database: database.name().to_owned(),
        tls: false,
    };
    let access = Access { address: &address, password: None, authorities: None };
    runtime.block_on(Postgres::migrate(access))?;
    database.execute(&POSTGRES.replace("USERS", &users.to_string()));
    database.execute("vacuum analyze");
    let store = runtime.block_on(Postgres::open(access, Options::default()))?;
    runtime.block_on(measure("PostgreSQL", &store, users))
}

/// Asks for users in an order without pattern, one after the other.
async fn measure(name: &str, store: &impl Rights, users: usize) -> Outcome<()> {
    let mut took = Vec::with_capacity(READS);
    let mut user = 1;
    for read in 0..WARM_UP + READS {
        user = (user * 48_271 + 11) % users;
        let subject = Subject::new(ISSUER.into(), subject(user).into());
        let began = Instant::now();
        let enrichment = store.enrich(&subject).await?;
        if read >= WARM_UP {
            took.push(began.elapsed());
        }
        let roles = enrichment.account.ok_or("a user is missing")?.roles.len();
        if roles != ROLES_EACH {
            return Err(format!("user {user} has {roles} roles").into());
        }
    }
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let label = format!("{name}, {users}");
    show(&label, &micros(at(50)), &micros(at(95)), &micros(at(99)));
    Ok(())
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}

#[expect(clippy::print_stdout, reason = "a bench prints its numbers")]
fn show(name: &str, median: &str, p95: &str, p99: &str) {
    println!("{name:<24}{median:>10}{p95:>10}{p99:>10}");
}

const ISSUER: &str = "https://sso.bench.test";
const ROLES_EACH: usize = 10;
const READS: usize = 50_000;
const WARM_UP: usize = 20_000;

/// Without the triggers, which write the log: a read does not meet them.
const SQLITE: &str = "
    pragma synchronous = off;
    begin;
    drop trigger users_inserted; drop trigger users_replacing; drop trigger user_roles_inserted;
    with recursive n(i) as (select 0 union all select i + 1 from n where i < 999)
      insert into roles (name) select printf('role%d', i) from n;
    with recursive n(i) as (select 0 union all select i + 1 from n where i < USERS - 1)
      insert into users (pk, id, issuer, keycloak_id, username, username_key, email, email_verified, state)
      select i + 1, randomblob(16), 'https://sso.bench.test', printf('%08x-5b1f-4c5e-9a55-000000000000', i),
        printf('user%06d', i), printf('user%06d', i), printf('user%06d@bench.test', i), 1, 'active' from n;
    with recursive k(i) as (select 0 union all select i + 1 from k where i < 9)
      insert into user_roles (user_pk, role_id)
      select u.pk, 2 + (u.pk * 7 + k.i * 101) % 1000 from users u, k order by 1, 2;
    commit;
    analyze;";

const POSTGRES: &str = "
    alter table doorward.users disable trigger all;
    alter table doorward.user_roles disable trigger all;
    insert into doorward.roles (name) select 'role' || i from generate_series(0, 999) i;
    insert into doorward.users (id, issuer, keycloak_id, username, username_key, email, email_verified, state)
      select ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'https://sso.bench.test',
        lpad(to_hex(i), 8, '0') || '-5b1f-4c5e-9a55-000000000000', 'user' || lpad(i::text, 6, '0'),
        'user' || lpad(i::text, 6, '0'), 'user' || lpad(i::text, 6, '0') || '@bench.test', true, 'active'
      from generate_series(0, USERS - 1) i;
    insert into doorward.user_roles (user_id, role_id)
      select ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 2 + (i::bigint * 7 + k * 101) % 1000
      from generate_series(0, USERS - 1) i, generate_series(0, 9) k;
    alter table doorward.users enable trigger all;
    alter table doorward.user_roles enable trigger all;";
