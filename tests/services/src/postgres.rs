//! A real PostgreSQL server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot have its server fails")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

/// A server, and how to reach it as its superuser.
pub struct Postgres {
    url: String,
    own: Option<Own>,
}

/// A fresh database, dropped with this value.
pub struct Database {
    server: String,
    name: String,
}

/// A certificate chain and its key, as PEM.
pub struct Certificate {
    /// The chain.
    pub chain: String,
    /// The private key.
    pub key: String,
}

/// A server that this process has started.
struct Own {
    folder: PathBuf,
    port: u16,
    account: Option<Account>,
    wrapper: Mutex<Option<Child>>,
    tls: bool,
}

/// PostgreSQL does not run as root.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// The server of this process: that of the URL in `DOORWARD_TEST_POSTGRES` (a superuser's), else one that is
    /// started now and ends with the process. Nobody may stop it; use [`Postgres::start`] for that.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("DOORWARD_TEST_POSTGRES") {
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
        let account = Account::choose();
        // Not removed by this process, which may be killed, but by the wrapper that outlives it.
        let folder = tempfile::Builder::new().prefix("doorward-postgres-").tempdir().unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        if let Some(certificate) = certificate {
            place(&folder.join("server.crt"), &certificate.chain, account);
            place(&folder.join("server.key"), &certificate.key, account);
        }
        if let Some(Account { user, group }) = account {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let own = Own { folder, port: free_port(), account, wrapper: Mutex::new(None), tls: certificate.is_some() };
        own.initialise();
        own.run();
        let server = Self { url: format!("postgres://postgres@127.0.0.1:{}/postgres", own.port), own: Some(own) };
        server.execute("create role by_password");
        server
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
        let wrapper = self.own().wrapper.lock().unwrap().take();
        if let Some(mut wrapper) = wrapper {
            drop(wrapper.stdin.take());
            wrapper.wait().unwrap();
        }
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
            let _ = fs::write(own.folder.join("remove"), "");
            self.stop();
            let _ = fs::remove_dir_all(&own.folder);
        }
    }
}

impl Database {
    /// Its URL, for the superuser.
    pub fn url(&self) -> String {
        in_database(&self.server, &self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection, as psql has one.
    pub fn connect(&self) -> Client {
        connect(&self.url())
    }

    /// Runs statements, as in psql.
    pub fn execute(&self, sql: &str) {
        aside(|| self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}: {sql}")));
    }
}

impl Database {
    /// Runs statements that fail; what the server says.
    pub fn refusal(&self, sql: &str) -> String {
        aside(|| {
            let error = self.connect().batch_execute(sql).expect_err("a refusal");
            error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        aside(|| {
            // The server may have been stopped by the test.
            if let Ok(mut client) = Client::connect(&self.server, NoTls) {
                let _ = client.batch_execute(&format!("drop database if exists {} with (force)", self.name));
            }
        });
    }
}

impl Own {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn initialise(&self) {
        let options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"];
        let made = self.command(&binary("initdb")).arg("-D").arg(self.data()).args(options).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let hba = self.data().join("pg_hba.conf");
        fs::write(hba, HOSTS).unwrap();
    }

    /// Starts the server and waits until it answers.
    fn run(&self) {
        let port = self.port.to_string();
        let mut wrapper = self.command(Path::new("sh"));
        wrapper.args(["-c", WRAPPER, "postgres"]).arg(&self.folder).arg(binary("postgres")).arg("-D").arg(self.data());
        wrapper.args(["-p", &port]);
        for setting in SETTINGS {
            wrapper.args(["-c", setting]);
        }
        if self.tls {
            wrapper.args(["-c", "ssl=on"]);
            for file in ["cert", "key"] {
                let name = if file == "cert" { "server.crt" } else { "server.key" };
                wrapper.args(["-c", &format!("ssl_{file}_file={}", self.folder.join(name).display())]);
            }
        }
        // Apart from the terminal's group: Ctrl-C must not end the wrapper before it has ended the server.
        let child = wrapper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        *self.wrapper.lock().unwrap() = Some(child.unwrap());
        aside(|| self.await_answer());
    }

    fn await_answer(&self) {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres?connect_timeout=1", self.port);
        let began = Instant::now();
        while Client::connect(&url, NoTls).and_then(|mut client| client.simple_query("select 1")).is_err() {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL did not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The process id of the server.
    fn server(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().and_then(|line| line.parse().ok()).unwrap()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env_remove("PGDATA").env_remove("PGPORT");
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Account {
    /// Nothing where we are not root; else the account that Debian's package makes, or `nobody`.
    fn choose() -> Option<Self> {
        let id = |arguments: &[&str]| -> Option<u32> {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        if id(&["-u"])? != 0 {
            return None;
        }
        let of = |name: &str| Some(Self { user: id(&["-u", name])?, group: id(&["-g", name])? });
        Some(of("postgres").or_else(|| of("nobody")).expect("an account that PostgreSQL can run as"))
    }
}

/// The program of that name: on the path, or the newest where Debian puts them.
fn binary(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let of_debian = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let numbered = versions.flatten().filter_map(|entry| {
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path().join("bin").join(name)))
        });
        numbered.filter(|(_, file)| file.is_file()).max().map(|(_, file)| file)
    };
    on_path.or_else(of_debian).unwrap_or_else(|| panic!("no {name}: tools/install installs it"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn place(file: &Path, text: &str, account: Option<Account>) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    if let Some(Account { user, group }) = account {
        chown(file, Some(user), Some(group)).unwrap();
    }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{url}: {error:?}"))
}

/// On a thread of its own: the client blocks, which must not be done on a thread of a runtime.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

fn in_database(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let server = path.rsplit_once('/').map_or(path, |(server, _)| server);
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

/// The children of a process, by what the kernel says of every process.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        after_name.split(' ').nth(1) == Some(&parent.to_string())
    };
    numbers.filter(is_child).collect()
}

fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    let _ = Command::new("kill").arg(format!("-{name}")).args(processes).stderr(Stdio::null()).status();
}

/// Runs the server until its own standard input ends, which it does when the tests do, however they end. A folder
/// that nobody will use again is removed: the file `remove` says so, or that the parent is gone.
const WRAPPER: &str = r#"
folder=$1; shift
parent=$PPID
"$@" </dev/null >>"$folder/log" 2>&1 &
server=$!
read -r _
for process in $(cat /proc/"$server"/task/"$server"/children 2>/dev/null); do kill -CONT "$process"; done
kill -CONT "$server"
kill -QUIT "$server"
wait "$server"
if [ -e "$folder/remove" ] || ! kill -0 "$parent" 2>/dev/null && [ ! -d /proc/"$parent" ]; then rm -rf "$folder"; fi
"#;

const SETTINGS: [&str; 9] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=400",
    "shared_buffers=64MB",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum_naptime=10s",
    "log_min_messages=warning",
    "max_prepared_transactions=2",
];

const HOSTS: &str = "
host all +by_password 127.0.0.1/32 scram-sha-256
host all all          127.0.0.1/32 trust
";

const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
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
}
