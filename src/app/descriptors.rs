//! The file descriptors that connections need.

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// Raises the soft limit to the hard one, and says so where that is too little: a client's connection and its
/// upstream's need one each.
pub(super) fn raise(max_connections: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!(%error, "the limit of open files could not be raised");
    }
    let needed = 2 * max_connections as u64 + SPARE;
    if let Some(current) = getrlimit(Resource::Nofile).current
        && current < needed
    {
        warn!(
            limit = current,
            needed, "too few open files for [server] max_connections: raise LimitNOFILE, or lower it"
        );
    }
}

/// For the database, Keycloak, logs and operators.
const SPARE: u64 = 128;
