//! `services -- COMMAND...`: starts the real parts, says in the environment where they are, runs the command, stops
//! them, and ends with the command's exit code.
#![allow(clippy::print_stderr, reason = "it is a command")]

use std::process::{Command, ExitCode};

use test_services::keycloak::{self, Keycloak};
use test_services::postgres::{self, Postgres};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).skip_while(|argument| argument == "--");
    let Some(program) = arguments.next() else {
        eprintln!("usage: services -- COMMAND...");
        return ExitCode::from(2);
    };
    let (keycloak, postgres) = (Keycloak::start(), Postgres::start());
    let status = Command::new(&program)
        .args(arguments)
        .env(keycloak::VARIABLE, keycloak.url())
        .env(postgres::VARIABLE, postgres.url())
        .status();
    drop((keycloak, postgres));
    match status {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("services: {} does not run: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
