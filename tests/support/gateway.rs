//! The built binary, running.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use super::log::{Log, field};
use super::patience::{PATIENCE, wait_for};
use super::raw::{Request, Response};

/// A gateway that has said that it is ready.
pub struct Gateway {
    /// Where requests are taken.
    pub address: SocketAddr,
    /// Where TLS is spoken.
    pub tls: Option<SocketAddr>,
    /// Where health and metrics are served.
    pub admin: SocketAddr,
    /// What it wrote on standard error.
    pub log: Log,
    /// Its process id.
    pub pid: u32,
    child: Child,
}

impl Gateway {
    /// Starts one with this configuration file and waits until it is ready.
    pub fn start(config: &Path) -> Self {
        Self::start_with(config, &[])
    }

    /// The same in an environment.
    pub fn start_with(config: &Path, environment: &[(&str, &str)]) -> Self {
        Self::try_start_with(config, environment)
            .unwrap_or_else(|log| panic!("the gateway did not start:\n{}", log.text()))
    }

    /// Starts one; what it wrote where it ended instead.
    pub fn try_start(config: &Path) -> Result<Self, Log> {
        Self::try_start_with(config, &[])
    }

    /// Starts one in a network namespace, which only root may.
    pub fn start_within(namespace: &str, config: &Path) -> Self {
        let mut within = Command::new("ip");
        let own = serving(config);
        within.args(["netns", "exec", namespace]).arg(own.get_program()).args(own.get_args()).env_remove("RUST_LOG");
        Self::await_ready(within).unwrap_or_else(|log| panic!("the gateway did not start:\n{}", log.text()))
    }

    /// Starts one that reads this file for `/etc/hosts`: what is written there later holds from the next look-up on.
    pub fn start_with_hosts(hosts: &Path, config: &Path) -> Self {
        let mut within = Command::new("unshare");
        let own = serving(config);
        within.args(["-rm", "sh", "-euc", r#"mount --bind "$1" /etc/hosts; shift; exec "$@""#, "sh"]).arg(hosts);
        within.arg(own.get_program()).args(own.get_args()).env_remove("RUST_LOG");
        Self::await_ready(within).unwrap_or_else(|log| panic!("the gateway did not start:\n{}", log.text()))
    }

    fn try_start_with(config: &Path, environment: &[(&str, &str)]) -> Result<Self, Log> {
        let mut command = serving(config);
        command.envs(environment.iter().copied());
        Self::await_ready(command)
    }

    fn await_ready(command: Command) -> Result<Self, Log> {
        let (mut child, log) = spawn(command);
        let ready = log.wait(PATIENCE, |line| field(line, "message") == Some("ready"));
        let address = |name| ready.as_ref().and_then(|line| field(line, name)?.parse().ok());
        let tls_listen = address("tls_listen");
        match (address("listen"), address("admin_listen")) {
            (Some(address), Some(admin)) => Ok(Self { address, admin, tls: tls_listen, log, pid: child.id(), child }),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                Err(log)
            }
        }
    }

    /// Starts one that may never become ready, at these addresses, and waits until both are open.
    pub fn start_unready(config: &Path, address: SocketAddr, admin: SocketAddr, environment: &[(&str, &str)]) -> Self {
        let mut command = serving(config);
        command.envs(environment.iter().copied());
        let (child, log) = spawn(command);
        let mut gateway = Self { address, admin, tls: None, pid: child.id(), child, log };
        let open = |address| TcpStream::connect(address).is_ok();
        wait_for("the gateway's listeners", || {
            assert!(gateway.runs(), "the gateway ended:\n{}", gateway.log.text());
            (open(address) && open(admin)).then_some(())
        });
        gateway
    }

    /// Sends a request and gives the answer.
    pub fn send(&self, request: Request) -> Response {
        request.send(self.address)
    }

    /// What the operations listener says.
    pub fn operations(&self, path: &str) -> Response {
        Request::get(path).send(self.admin)
    }

    /// The status that the operations listener answers with, if it answers.
    pub fn operations_status(&self, path: &str) -> Option<u16> {
        Request::get(path).try_send(self.admin).ok().map(|answer| answer.status)
    }

    /// The sum of a metric's samples whose line holds all of these texts; 0 where there is none.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = String::from_utf8(self.operations("/metrics").body).unwrap();
        let lines =
            text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        let fitting = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
        fitting.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid.to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        wait_for("the end of the gateway", || self.child.try_wait().unwrap())
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its resident memory now, in KiB.
    pub fn memory(&self) -> u64 {
        self.status_field("VmRSS:")
    }

    /// The most resident memory since the last call of [`Self::forget_peak`], in KiB.
    pub fn peak_memory(&self) -> u64 {
        self.status_field("VmHWM:")
    }

    /// Starts a new measurement of the most resident memory.
    pub fn forget_peak(&self) {
        // Where the kernel forbids it, the peak is that of the whole life, which only makes a test stricter.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.pid), "5");
    }

    /// By how many KiB it grows at most while something happens, compared with before.
    pub fn grown_by(&self, happen: impl FnOnce()) -> u64 {
        self.forget_peak();
        let before = self.memory();
        happen();
        self.peak_memory().saturating_sub(before)
    }

    fn status_field(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serving(config: &Path) -> Command {
    doorward(["run".as_ref(), "--config".as_ref(), config.as_os_str()])
}

fn spawn(mut command: Command) -> (Child, Log) {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = Log::follow(child.stderr.take().unwrap());
    (child, log)
}

/// An address that nobody listens on just now.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The command, not yet run.
pub fn doorward<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(arguments).env_remove("RUST_LOG");
    command
}

/// Runs the command to its end; it is ended after half a minute.
pub fn run(arguments: &[&str]) -> Output {
    let mut child = doorward(arguments.iter().map(OsStr::new))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (out, err) = (Log::follow(child.stdout.take().unwrap()), Log::follow(child.stderr.take().unwrap()));
    let status = super::patience::within(Duration::from_secs(30), || child.try_wait().unwrap()).unwrap_or_else(|| {
        let _ = child.kill();
        child.wait().unwrap()
    });
    wait_for("the last lines", || (out.ended() && err.ended()).then_some(()));
    Output { status, stdout: out.since(0), stderr: err.since(0) }
}
