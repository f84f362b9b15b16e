//! A proxy as a process of its own, and the CPU time that it has used.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{Folder, Outcome, memory};

/// A running proxy; it is ended when this is dropped.
pub struct Process {
    address: SocketAddr,
    tls: SocketAddr,
    child: Child,
}

impl Process {
    /// The bare proxy, with the certificate of that folder.
    pub fn bare(binary: &Path, folder: &Folder, upstream: SocketAddr) -> Outcome<Self> {
        let free = || TcpListener::bind("127.0.0.1:0")?.local_addr();
        let (address, tls) = (free()?, free()?);
        let mut command = Command::new(binary);
        command.args([address, tls, upstream].map(|address| address.to_string()));
        let child = command.args([folder.certificate(), folder.key()]).stdin(Stdio::null()).spawn()?;
        // Ended by its drop where it does not come.
        let process = Self { address, tls, child };
        wait_for(|| TcpStream::connect(process.tls).is_ok().then_some(()))?;
        Ok(process)
    }

    /// The gateway, whose log goes to a file as it does in production, at the default level.
    pub fn gateway(binary: &Path, folder: &Folder) -> Outcome<Self> {
        let log = folder.path().join("gateway.log");
        let mut command = Command::new(binary);
        let command = command.args(["run".as_ref(), "--config".as_ref(), folder.config().as_os_str()]);
        let child = command.env_remove("RUST_LOG").stdin(Stdio::null()).stderr(File::create(&log)?).spawn()?;
        let listening = wait_for(|| listening(&log)).map_err(|_| fs::read_to_string(&log).unwrap_or_default());
        let (address, tls) = listening?;
        Ok(Self { child, address, tls })
    }

    /// Where it speaks TLS.
    #[must_use]
    pub fn tls(&self) -> SocketAddr {
        self.tls
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes it sleep.
    pub fn pause(&self) -> Outcome<()> {
        self.signal(Signal::STOP)
    }

    /// Makes it go on.
    pub fn wake(&self) -> Outcome<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Outcome<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Ends it as an operator does, and waits until it is over.
    pub fn stop(mut self) -> Outcome<()> {
        self.signal(Signal::TERM)?;
        if self.child.wait()?.success() { Ok(()) } else { Err("it did not end well".into()) }
    }

    /// The memory that the process has, in bytes.
    pub fn memory(&self) -> Outcome<usize> {
        memory(&self.child.id().to_string())
    }

    /// The CPU time that the process has used, in user mode and in the kernel.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // proc(5): the name, in parentheses, is the second field; `utime` and `stime` are the 14th and 15th.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: Result<Vec<u64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
        Ok(TICK.saturating_mul(u32::try_from(ticks?.iter().sum::<u64>())?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the log says that the gateway listens.
fn listening(log: &Path) -> Option<(SocketAddr, SocketAddr)> {
    let text = fs::read_to_string(log).ok()?;
    let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ready = lines.find(|line| line.get("message").is_some_and(|message| message == "ready"))?;
    let address = |name| ready.get(name)?.as_str()?.parse().ok();
    Some((address("listen")?, address("tls_listen")?))
}

fn wait_for<T>(condition: impl Fn() -> Option<T>) -> Outcome<T> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(found) = condition() {
            return Ok(found);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err("a proxy did not start in time".into())
}

const PATIENCE: Duration = Duration::from_secs(30);
/// Linux counts 100 a second (`USER_HZ`) on every architecture of today.
const TICK: Duration = Duration::from_millis(10);
