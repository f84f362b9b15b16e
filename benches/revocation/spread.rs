//! Three nodes on one PostgreSQL: how long a back-channel logout takes until every one of them refuses.

use std::path::Path;
use std::time::{Duration, Instant};

use bench_scene::{Folder, Outcome, Process, Provider};
use reqwest::{Client, StatusCode};
use test_services::postgres::Postgres;

use crate::{percentile, show};

pub(crate) async fn measure() -> Outcome<()> {
    let provider = Provider::start()?;
    let server = Postgres::start();
    let database = server.database();
    let binary = Path::new(env!("CARGO_BIN_EXE_doorward"));
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let folder = Folder::of(provider.issuer(), ([127, 0, 0, 1], 9).into(), Some(database.url()))?;
        if nodes.is_empty() {
            folder.migrate(binary)?;
        }
        nodes.push((Process::gateway(binary, &folder)?, folder));
    }
    let called = nodes.first().map(|(node, _)| node).ok_or("no node")?;
    let client = Client::new();
    let mut took = Vec::with_capacity(LOGOUTS);
    for user in 0..LOGOUTS + WARM_UP {
        let time = log_out(&client, called, &provider, user).await?;
        if user >= WARM_UP {
            took.push(time);
        }
    }
    let [p50, p99] = [50, 99].map(|percent| percentile(&mut took, percent));
    show("back-channel logout with three nodes, p50", &format!("{:.1} ms", millis(p50)), "10 ms");
    show("back-channel logout with three nodes, p99", &format!("{:.1} ms", millis(p99)), "30 ms");
    let stopped = nodes.last().map(|(node, _)| node).ok_or("no node")?;
    stopped.pause()?;
    let took = log_out(&client, called, &provider, LOGOUTS + WARM_UP).await;
    stopped.wake()?;
    show("the first one with a node stopped", &format!("{:.0} ms", millis(took?)), "1,300 ms");
    Ok(())
}

async fn log_out(client: &Client, node: &Process, provider: &Provider, user: usize) -> Outcome<Duration> {
    let token = provider.mint().logout_token(user)?;
    let call = client.post(format!("http://{}/auth/backchannel-logout", node.address()));
    let call = call.form(&[("logout_token", token)]);
    let began = Instant::now();
    let answer = call.send().await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("{}: {}", answer.status(), answer.text().await?).into());
    }
    Ok(began.elapsed())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

const LOGOUTS: usize = 500;
const WARM_UP: usize = 50;
