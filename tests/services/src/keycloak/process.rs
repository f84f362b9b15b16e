//! The process of a server, behind `tools/keycloak serve`: that script ends it when the pipe from this process closes,
//! which the kernel does even where this process is killed.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server's process, its data and its ports.
pub(super) struct Process {
    /// The script removes it with the server.
    directory: PathBuf,
    port: u16,
    management: u16,
    running: Option<Running>,
}

struct Running {
    script: Child,
    server: String,
}

impl Process {
    /// Starts a server with fresh data and waits until it answers.
    pub(super) fn start() -> Self {
        let mut complaint = String::new();
        for _ in 0..3 {
            let directory = tempfile::Builder::new().prefix("doorward-keycloak-").tempdir().unwrap().keep();
            let mut process = Self { directory, port: free_port(), management: free_port(), running: None };
            match process.launch() {
                Ok(()) => return process,
                Err(error) => complaint = error,
            }
        }
        panic!("{complaint}");
    }

    /// Starts the server with the data that are there.
    pub(super) fn launch(&mut self) -> Result<(), String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut script = Command::new(root.join("tools/keycloak"))
            .arg("serve")
            .arg(&self.directory)
            .args([self.port.to_string(), self.management.to_string()])
            // The gateway names the address of who logs in; it is asked to believe that.
            .arg("--proxy-headers=xforwarded")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("tools/keycloak does not run: {error}"))?;
        let mut server = String::new();
        // The script closes its end where the server does not start, and has said why on standard error.
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut server).map_err(|error| error.to_string())?;
        if server.trim().is_empty() {
            let status = script.wait().map_err(|error| error.to_string())?;
            return Err(format!("Keycloak does not start: tools/keycloak serve ended with {status}"));
        }
        self.running = Some(Running { script, server: server.trim().to_owned() });
        Ok(())
    }

    /// Where it answers.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends a signal to the server itself.
    pub(super) fn signal(&self, name: &str) {
        signal(name, &self.running.as_ref().expect("the server runs").server);
    }

    /// Stops the server; its data stay.
    pub(super) fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            signal("TERM", &running.script.id().to_string());
            running.await_end();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        match self.running.take() {
            Some(mut running) => {
                drop(running.script.stdin.take());
                running.await_end();
            }
            None => drop(std::fs::remove_dir_all(&self.directory)),
        }
    }
}

impl Running {
    /// Waits for the script; a server that it left behind, because something ended the script itself, is ended here.
    fn await_end(&mut self) {
        let ended = self.script.wait();
        if Path::new("/proc").join(&self.server).exists() {
            // Where it cannot be signalled it is just gone.
            let _ = Command::new("kill").args(["-KILL", &self.server]).stderr(Stdio::null()).status();
            while Path::new("/proc").join(&self.server).exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            eprintln!("tools/keycloak ended with {ended:?} and left the server {}: killed", self.server);
        }
    }
}

fn signal(name: &str, process: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), process]).status().unwrap();
    assert!(status.success(), "kill -{name} {process}");
}

/// A port that nobody listens on, below the range that outgoing connections take theirs from: a server takes ten
/// seconds to open it.
pub fn free_port() -> u16 {
    let random = || RandomState::new().build_hasher().finish();
    (0..100)
        .map(|_| 20_000 + u16::try_from(random() % 12_000).unwrap())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
