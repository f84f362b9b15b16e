//! What the gateway adds to a log-in, a refresh and a validation: the same calls to a realm that answers at once,
//! through the built gateway and past it, in turn.

#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bench_scene::Outcome;
use devrealm::{Options, Realm};
use doorward::store::Sqlite;
use reqwest::{Client, RequestBuilder, Response};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() -> Outcome<()> {
    Runtime::new()?.block_on(async {
        let stage = Stage::set().await?;
        stage.warm_up().await?;
        let users = || (0..ROUNDS).map(|round| format!("user{round}"));
        let (mut tokens, mut log_in, mut refresh, mut validate) = (Vec::new(), vec![], vec![], vec![]);
        for user in users() {
            let direct = timed(stage.realm_password(&user)).await?;
            let ours = timed(stage.gateway_log_in(&user)).await?;
            log_in.push((direct.took, ours.took));
            tokens.push((text(&direct.body, "refresh_token"), ours.body));
        }
        for (direct, ours) in &tokens {
            let refreshed = timed(stage.realm_refresh(direct)).await?;
            let ours = timed(stage.gateway_refresh(&text(ours, "refresh_token"))).await?;
            refresh.push((refreshed.took, ours.took));
        }
        for (_, ours) in &tokens {
            let took = timed(stage.gateway_validate(&text(ours, "access_token"))).await?.took;
            validate.push((Duration::ZERO, took));
        }
        println!(
            "medians of {ROUNDS} rounds, in microseconds; the realm stands in for Keycloak and hashes no password"
        );
        println!("{:<12} {:>10} {:>12} {:>10}   goal", "", "the realm", "the gateway", "our share");
        for (name, times) in [("log-in", log_in), ("refresh", refresh), ("validate", validate)] {
            print(name, &times);
        }
        println!("a real Keycloak takes 77,000 to 370,000 for a log-in and 15,000 to 140,000 for a refresh");
        Ok(())
    })
}

/// The realm, the gateway's process, and what they need.
struct Stage {
    realm: Realm,
    client: Client,
    gateway: String,
    process: Child,
    _folder: TempDir,
}

struct Timed {
    took: Duration,
    body: Value,
}

impl Stage {
    async fn set() -> Outcome<Self> {
        let realm = Realm::start(Options { client_secret: Some(SECRET.to_owned()), ..people()? }).await?;
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("users.db");
        Sqlite::migrate(&database)?;
        fill(&database, &realm)?;
        let secret = folder.path().join("secret");
        fs::write(&secret, SECRET)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = folder.path().join("doorward.toml");
        let text = CONFIG
            .replace("LISTEN", &port.to_string())
            .replace("ISSUER", realm.issuer())
            .replace("SECRET", &secret.display().to_string())
            .replace("DATABASE", &database.display().to_string());
        fs::write(&config, text)?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(["run".as_ref(), "--config".as_ref(), config.as_os_str()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Self { realm, client: Client::new(), gateway: format!("http://{port}"), process, _folder: folder })
    }

    /// Until the gateway answers, and then some rounds that do not count.
    async fn warm_up(&self) -> Outcome<()> {
        let began = Instant::now();
        while self.gateway_log_in("warm").send().await.is_err() {
            if began.elapsed() > Duration::from_secs(20) {
                return Err("the gateway does not answer".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for _ in 0..20 {
            let body = timed(self.gateway_log_in("warm")).await?.body;
            timed(self.gateway_refresh(&text(&body, "refresh_token"))).await?;
            timed(self.gateway_validate(&text(&body, "access_token"))).await?;
            timed(self.realm_password("warm")).await?;
        }
        Ok(())
    }

    fn realm_password(&self, user: &str) -> RequestBuilder {
        let password = password(user);
        self.realm_token(&[
            ("grant_type", "password"),
            ("username", user),
            ("password", &password),
            ("scope", "openid"),
        ])
    }

    fn realm_refresh(&self, token: &str) -> RequestBuilder {
        self.realm_token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn realm_token(&self, fields: &[(&str, &str)]) -> RequestBuilder {
        let form = [fields, &[("client_id", "doorward"), ("client_secret", SECRET)]].concat();
        self.client.post(format!("{}/protocol/openid-connect/token", self.realm.issuer())).form(&form)
    }

    fn gateway_log_in(&self, user: &str) -> RequestBuilder {
        self.post("/auth/login").json(&json!({ "username": user, "password": password(user) }))
    }

    fn gateway_refresh(&self, token: &str) -> RequestBuilder {
        self.post("/auth/token/refresh").json(&json!({ "refresh_token": token }))
    }

    fn gateway_validate(&self, token: &str) -> RequestBuilder {
        self.post("/auth/token/validate").basic_auth("doorward", Some(SECRET)).json(&json!({ "token": token }))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.gateway))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn timed(request: RequestBuilder) -> Outcome<Timed> {
    let began = Instant::now();
    let answer: Response = request.send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    let took = began.elapsed();
    if !status.is_success() {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(Timed { took, body: serde_json::from_slice(&body)? })
}

fn print(name: &str, times: &[(Duration, Duration)]) {
    let direct = median(times.iter().map(|(direct, _)| *direct));
    let through = median(times.iter().map(|(_, through)| *through));
    let share = through.saturating_sub(direct);
    let verdict = if share <= GOAL { "holds" } else { "does not hold" };
    let [direct, through, share, goal] = [direct, through, share, GOAL].map(|time| time.as_micros());
    println!("{name:<12} {direct:>10} {through:>12} {share:>10}   {goal} {verdict}");
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn text(body: &Value, member: &str) -> String {
    body.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn password(user: &str) -> String {
    format!("{user}-password")
}

/// A realm with as many people as there are rounds.
fn people() -> Outcome<Options> {
    let names = (0..ROUNDS).map(|round| format!("user{round}")).chain(["warm".to_owned()]);
    let user = |name: String| {
        json!({
            "username": name, "enabled": true, "email": format!("{name}@bench.test"), "emailVerified": true,
            "firstName": "Of", "lastName": "Bench", "realmRoles": ["default-roles-doorward"],
            "credentials": [{ "type": "password", "value": password(&name) }],
        })
    };
    let users: Vec<Value> = names.map(user).collect();
    Ok(Options { users_json: Some(serde_json::to_string(&json!({ "users": users }))?), ..Options::default() })
}

fn fill(database: &std::path::Path, realm: &Realm) -> Outcome<()> {
    let mut connection = Connection::open(database)?;
    let change = connection.transaction()?;
    for (number, person) in realm.users().iter().enumerate() {
        let id = u128::try_from(number)?.to_be_bytes();
        change.execute(
            "insert into users (id, issuer, keycloak_id, username, username_key, state)
             values (?1, ?2, ?3, ?4, ?4, 'active')",
            params![id, realm.issuer(), person.id, person.username],
        )?;
    }
    Ok(change.commit()?)
}

const ROUNDS: usize = 300;
const GOAL: Duration = Duration::from_millis(1);
const SECRET: &str = "of-the-bench";
const CONFIG: &str = r#"
[server]
listen = "LISTEN"
admin_listen = "127.0.0.1:0"

[keycloak]
issuer = "ISSUER"
client_id = "doorward"
client_secret = { file = "SECRET" }
audience = "doorward"

[auth]
password_login = true
login_tries_per_name = 1000
login_tries_per_address = 100000
validations_per_caller = 100000

[users]
database = "sqlite:DATABASE"

[[upstream]]
name = "app"
servers = ["http://127.0.0.1:9"]

[[route]]
path = "/*"
upstream = "app"
"#;
