//! From the driver's errors to ours, with what can be done about them.

use std::error::Error as _;
use std::io;

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::store::StoreError;

/// A failure inside a query, before the query's name is known to it.
#[derive(Debug)]
pub(super) enum Fault {
    Driver(Error),
    Store(StoreError),
}

/// What the driver said, told so that an operator knows what to do.
#[derive(Debug, thiserror::Error)]
#[error("{problem}; {remedy}")]
struct Advice {
    problem: &'static str,
    remedy: &'static str,
    source: Error,
}

impl Fault {
    /// A column that holds what the schema does not allow.
    pub(super) fn invalid(what: &str) -> Self {
        Self::Store(StoreError::RowInvalid(what.to_owned()))
    }

    /// Whether the connection was lost, not the query refused.
    pub(super) fn is_of_the_connection(&self) -> bool {
        let Self::Driver(error) = self else { return false };
        let ended = [&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN, &SqlState::CANNOT_CONNECT_NOW];
        error.is_closed() || error.code().is_some_and(|code| ended.contains(&code)) || io_error(error).is_some()
    }

    /// The error that the asker sees; `what` is the operation that was tried.
    pub(super) fn while_trying(self, what: &'static str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Driver(error) => match advice(&error) {
                Some((problem, remedy)) => {
                    StoreError::Unavailable { what, source: Box::new(Advice { problem, remedy, source: error }) }
                }
                None => StoreError::Unavailable { what, source: Box::new(error) },
            },
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => Self::Driver(error),
            other => Self::Store(StoreError::Unavailable { what: "connect", source: Box::new(other) }),
        }
    }
}

fn advice(error: &Error) -> Option<(&'static str, &'static str)> {
    match error.code() {
        Some(code) => by_code(code),
        None => by_cause(error),
    }
}

fn by_code(code: &SqlState) -> Option<(&'static str, &'static str)> {
    Some(match code {
        code if *code == SqlState::INVALID_PASSWORD => {
            ("the server refuses the password", "look at [users] password, and at the user in [users] database")
        }
        code if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => (
            "the server does not let this user in from here",
            "look at the user in [users] database, and at the server's pg_hba.conf; where that asks for TLS, write sslmode=require",
        ),
        code if *code == SqlState::INVALID_CATALOG_NAME => {
            ("the server has no such database", "create it: create database NAME owner USER")
        }
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => (
            "the user may not do this",
            "make it the owner of the database, or see docs/users.md for the rights that it needs",
        ),
        code if *code == SqlState::TOO_MANY_CONNECTIONS => (
            "the server takes no more connections",
            "take fewer [users] connections, or raise the server's max_connections",
        ),
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => READ_ONLY,
        code if *code == SqlState::CANNOT_CONNECT_NOW => ("the server is starting or stopping", "try again"),
        _ => return None,
    })
}

fn by_cause(error: &Error) -> Option<(&'static str, &'static str)> {
    let text = chain(error);
    let says = |part: &str| text.contains(part);
    Some(match io_error(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => {
            ("nobody listens there", "look at host and port in [users] database, and whether the server runs")
        }
        _ if says("does not allow writes") => READ_ONLY,
        _ if says("failed to lookup address") => ("the name of the host is unknown", "look at [users] database"),
        _ if says("invalid peer certificate") => (
            "the certificate of the server is not trusted for this name",
            "name its authority's file in SSL_CERT_FILE, and take the host's name as the certificate has it",
        ),
        _ if says("server does not support TLS") => (
            "the server does not speak TLS",
            "switch it on there (ssl = on), or, where the network between is yours alone, write sslmode=disable",
        ),
        _ if says("password missing") => {
            ("the server asks for a password", r#"write [users] password = { file = "…" } or { env = "…" }"#)
        }
        _ => return None,
    })
}

fn io_error(error: &Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        source = cause.source();
    }
    None
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

const READ_ONLY: (&str, &str) = (
    "the server takes no writes, so it may not know of the last changes",
    "look whether it is a standby, or default_transaction_read_only is on",
);
