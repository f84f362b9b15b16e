//! `doorward healthcheck`: for container engines and scripts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::say;
use crate::config::Server;

/// Ask a running gateway whether it is ready.
#[derive(Args, Debug)]
pub struct Healthcheck {
    /// Only ask whether it is alive: true also while Keycloak or the database is away.
    #[arg(long)]
    live: bool,
}

/// Asks the operations listener; 0 where the answer is 200.
pub fn run(healthcheck: &Healthcheck, server: &Server) -> ExitCode {
    let path = if healthcheck.live { "/livez" } else { "/readyz" };
    let address = server.operations_here();
    match ask(address, path) {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => ExitCode::SUCCESS,
        Ok(answer) => {
            let body = answer.split("\r\n\r\n").nth(1).unwrap_or(&answer);
            say(&format!("doorward: not ready: {}", body.trim()));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("doorward: no gateway answers on {address} ([server] admin_listen): {error}"));
            ExitCode::FAILURE
        }
    }
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}

const PATIENCE: Duration = Duration::from_secs(2);
