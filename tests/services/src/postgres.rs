//! A real PostgreSQL server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot have its server fails")]

mod account;
mod database;
mod own;
mod processes;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use database::Database;
use database::{aside, connect};
use own::Own;
use processes::{children, signal};

/// Where the server of a whole run is named: a superuser's URL.
pub const VARIABLE: &str = "DOORWARD_TEST_POSTGRES";

/// A server, and how to reach it as its superuser.
pub struct Postgres {
    url: String,
    own: Option<Own>,
}

/// A certificate chain and its key, as PEM.
pub struct Certificate {
    /// The chain.
    pub chain: String,
    /// The private key.
    pub key: String,
}

impl Postgres {
    /// The server of this process: that of the URL in `DOORWARD_TEST_POSTGRES` (a superuser's), else one that is
    /// started now and ends with the process. Nobody may stop it; use [`Postgres::start`] for that.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(url) => Self { url, own: None },
            Err(_) => Self::start(),
        })
    }

    /// A server of one's own, which may be stopped, started again and paused. Roles that belong to the role
    /// `by_password` need their password; all others are trusted.
    pub fn start() -> Self {
        Self::launch(None)
    }

    /// The same, and it speaks TLS with this certificate.
    pub fn start_with_tls(certificate: &Certificate) -> Self {
        Self::launch(Some(certificate))
    }

    fn launch(certificate: Option<&Certificate>) -> Self {
        let own = Own::launch(certificate);
        let server = Self { url: format!("postgres://postgres@127.0.0.1:{}/postgres", own.port), own: Some(own) };
        server.execute("create role by_password");
        server
    }

    /// A server that follows this one: from now on no commit of this one counts before that one has it too.
    pub fn standby(&self) -> Self {
        let own = Own::follow(self.own());
        self.execute("alter system set synchronous_standby_names = '*'");
        self.execute("select pg_reload_conf()");
        Self { url: format!("postgres://postgres@127.0.0.1:{}/postgres", own.port), own: Some(own) }
    }

    /// A server that followed another goes on by itself.
    pub fn promote(&self) {
        self.execute("select pg_promote()");
    }

    /// The URL of the superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port that it listens on, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.own().port
    }

    /// A fresh database.
    pub fn database(&self) -> Database {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        // A database that a killed process of the same number has left behind.
        self.execute(&format!("drop database if exists {name} with (force)"));
        self.execute(&format!("create database {name} template template0 encoding 'UTF8'"));
        Database { server: self.url.clone(), name }
    }

    /// Runs a statement as the superuser.
    pub fn execute(&self, sql: &str) {
        aside(|| connect(&self.url).batch_execute(sql).unwrap());
    }

    /// Stops the server at once, as a power cut would.
    pub fn stop(&self) {
        self.own().stop();
    }

    /// Starts the server again, on the same port with the same data.
    pub fn restart(&self) {
        self.stop();
        self.own().run();
    }

    /// Stops every process of the server where it is: connections stay open, nobody answers.
    pub fn pause(&self) {
        let server = self.own().server();
        // The parent first, so that no child is born meanwhile.
        signal("STOP", &[server]);
        signal("STOP", &children(server));
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        let server = self.own().server();
        signal("CONT", &children(server));
        signal("CONT", &[server]);
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("the server of DOORWARD_TEST_POSTGRES is not ours to stop: use Postgres::start")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            own.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    use postgres::{Client, NoTls};

    use super::*;

    #[test]
    fn a_server_is_stopped_started_again_and_keeps_its_data() {
        let server = Postgres::start();
        let database = server.database();
        database.execute("create table kept (x int); insert into kept values (1)");
        server.restart();
        let row = database.connect().query_one("select x from kept", &[]).unwrap();
        assert_eq!(row.get::<_, i32>(0), 1);
        server.stop();
        assert!(Client::connect(&database.url(), NoTls).is_err());
        server.restart();
    }

    #[test]
    fn a_paused_server_says_nothing_and_goes_on() {
        let server = Postgres::start();
        let database = server.database();
        let mut client = database.connect();
        server.pause();
        let query = thread::spawn(move || client.simple_query("select 1").is_ok());
        thread::sleep(Duration::from_millis(300));
        assert!(!query.is_finished());
        server.resume();
        assert!(query.join().unwrap());
    }

    #[test]
    fn a_server_does_not_outlive_the_process_that_started_it() {
        const NAME: &str = "postgres::tests::starts_one_and_waits";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--ignored", "--nocapture"])
            .env("DOORWARD_TEST_KILLED", "1")
            .env_remove("DOORWARD_TEST_POSTGRES")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let found = lines.find_map(|line| line.ok()?.strip_prefix("server ").map(str::to_owned)).unwrap();
        let (process, folder) = found.split_once(' ').unwrap();
        assert!(Path::new(&format!("/proc/{process}")).exists());
        child.kill().unwrap();
        child.wait().unwrap();
        let began = Instant::now();
        while Path::new(&format!("/proc/{process}")).exists() || Path::new(folder).exists() {
            assert!(began.elapsed() < PATIENCE, "{process} {folder} is still there");
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    #[ignore = "the process that the test above kills"]
    #[expect(clippy::print_stdout, reason = "the test above reads it")]
    fn starts_one_and_waits() {
        if std::env::var_os("DOORWARD_TEST_KILLED").is_some() {
            let server = Postgres::shared();
            // On a line of its own: the test runner has not ended its line.
            println!("\nserver {} {}", server.own().server(), server.own().folder.display());
            thread::sleep(Duration::from_secs(60));
        }
    }

    const PATIENCE: Duration = Duration::from_secs(30);
}
