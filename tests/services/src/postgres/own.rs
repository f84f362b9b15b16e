//! A server that this process has started, and that ends with it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use super::Certificate;
use super::account::Account;
use super::database::aside;

/// A server that this process has started.
pub(super) struct Own {
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    account: Option<Account>,
    wrapper: Mutex<Option<Child>>,
}

impl Own {
    /// Makes a server in a folder of its own and starts it.
    pub(super) fn launch(certificate: Option<&Certificate>) -> Self {
        let own = Self::somewhere();
        let (folder, account) = (&own.folder, own.account);
        let mut settings = SETTINGS.to_owned();
        if let Some(certificate) = certificate {
            for (setting, name, text) in
                [("ssl_cert_file", "server.crt", &certificate.chain), ("ssl_key_file", "server.key", &certificate.key)]
            {
                let file = folder.join(name);
                place(&file, text, account);
                settings.push_str(&format!("{setting} = '{}'\n", file.display()));
            }
            settings.push_str("ssl = on\n");
        }
        own.initialise(&settings);
        own.run();
        own
    }

    /// Makes a server that follows another, and starts it.
    pub(super) fn follow(primary: &Self) -> Self {
        let own = Self::somewhere();
        let port = primary.port.to_string();
        let options =
            ["--host=127.0.0.1", "--username=postgres", "--no-sync", "--checkpoint=fast", "--write-recovery-conf"];
        let mut copying = own.command(&binary("pg_basebackup"));
        let copied = copying.args(options).args(["--port", &port]).arg("-D").arg(own.data()).output().unwrap();
        assert!(copied.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&copied.stderr));
        own.run();
        own
    }

    fn somewhere() -> Self {
        let account = Account::choose();
        // Not removed by this process, which may be killed, but by the wrapper that outlives it.
        let folder = tempfile::Builder::new().prefix("doorward-postgres-").tempdir().unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        give(&folder, account);
        Self { folder, port: free_port(), account, wrapper: Mutex::new(None) }
    }

    /// Stops the server at once, as a power cut would.
    pub(super) fn stop(&self) {
        let wrapper = self.wrapper.lock().unwrap().take();
        if let Some(mut wrapper) = wrapper {
            drop(wrapper.stdin.take());
            wrapper.wait().unwrap();
        }
    }

    /// Stops it, and removes all of it.
    pub(super) fn remove(&self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn initialise(&self, settings: &str) {
        let options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"];
        let made = self.command(&binary("initdb")).arg("-D").arg(self.data()).args(options).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        fs::write(self.data().join("pg_hba.conf"), HOSTS).unwrap();
        fs::write(self.data().join("postgresql.conf"), settings).unwrap();
    }

    /// Starts the server and waits until it answers.
    pub(super) fn run(&self) {
        let port = self.port.to_string();
        let mut wrapper = self.command(Path::new("sh"));
        wrapper.args(["-c", WRAPPER, "postgres"]).arg(&self.folder).arg(binary("postgres")).arg("-D").arg(self.data());
        wrapper.args(["-p", &port]);
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
    pub(super) fn server(&self) -> u32 {
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
    give(file, account);
}

fn give(file: &Path, account: Option<Account>) {
    if let Some(Account { user, group }) = account {
        chown(file, Some(user), Some(group)).unwrap();
    }
}

/// Runs the server until its own standard input ends, which it does when the tests do, however they end. The
/// folder is removed where the parent is gone, so that nobody else would do it.
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
if [ ! -d /proc/"$parent" ]; then rm -rf "$folder"; fi
"#;

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
shared_buffers = 64MB
fsync = off
full_page_writes = off
log_min_messages = warning
";

const HOSTS: &str = "
host all         +by_password 127.0.0.1/32 scram-sha-256
host all         all          127.0.0.1/32 trust
host replication postgres     127.0.0.1/32 trust
";

const PATIENCE: Duration = Duration::from_secs(30);
