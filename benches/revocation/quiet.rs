//! A node of which nobody wants anything: it reads the log and the events of the realm all the same.

use std::path::Path;
use std::time::Duration;

use bench_scene::{Folder, Outcome, Process, SECRET};
use devrealm::{Options, Realm};
use test_services::postgres::Postgres;

use crate::show;

pub(crate) async fn measure() -> Outcome<()> {
    let realm = Realm::start(Options { client_secret: Some(SECRET.to_owned()), ..Options::default() }).await?;
    let server = Postgres::start();
    let database = server.database();
    for (users, name) in [(None, "SQLite"), (Some(database.url()), "PostgreSQL")] {
        let folder = Folder::of(realm.issuer(), ([127, 0, 0, 1], 9).into(), users)?;
        let binary = Path::new(env!("CARGO_BIN_EXE_doorward"));
        folder.migrate(binary)?;
        let node = Process::gateway(binary, &folder)?;
        tokio::time::sleep(SETTLE).await;
        let begun = node.cpu()?;
        tokio::time::sleep(WATCHED).await;
        let share = node.cpu()?.saturating_sub(begun).as_secs_f64() / WATCHED.as_secs_f64() * 100.0;
        show(&format!("an idle node with {name}, of one core"), &format!("{share:.2} %"), "1 %");
    }
    Ok(())
}

/// What a start costs is over by then.
const SETTLE: Duration = Duration::from_secs(3);
/// CPU time is counted in steps of 10 ms.
const WATCHED: Duration = Duration::from_secs(30);
