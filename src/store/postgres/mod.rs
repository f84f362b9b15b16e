//! The users database in PostgreSQL: for one node or many.

mod address;
mod change_log;
mod columns;
mod connector;
mod cursors;
mod fault;
mod feed;
mod inspection;
mod lane;
mod ledger;
mod members;
mod migrations;
mod rights;
mod role;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod triggers;
mod user;
mod write;

use std::path::Path;
use std::time::Duration;

use deadpool_postgres::Client;
use futures_util::future::BoxFuture;

use super::{Options, StoreError};
use crate::rotating::Rotating;
use connector::Connector;
use fault::Fault;
use feed::Feed;
use lane::Lane;

pub use address::Address;

/// A users database on a server, with the connections to it.
pub struct Postgres {
    requests: Lane,
    management: Lane,
    feed: Feed,
    connector: Connector,
    options: Options,
}

/// How a server is called: its address, the password, and a PEM file of authorities that are trusted beside those of
/// the platform.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// Where it is.
    pub address: &'a Address,
    /// The password, where the server asks for one.
    pub password: Option<&'a Rotating>,
    /// Further authorities.
    pub authorities: Option<&'a Path>,
}

impl Postgres {
    /// Connects and brings the schema up to date.
    pub async fn open(access: Access<'_>, options: Options) -> Result<Self, StoreError> {
        let connector = Connector::new(access)?;
        migrations::migrate(&connector).await?;
        let requests = Lane::new(&connector, options.connections, options.read_deadline, reading(&options))?;
        let management = Lane::new(&connector, MANAGEMENT, options.write_deadline, WRITING.to_owned())?;
        let feed = Feed::new(connector.clone(), options.clock.clone());
        let store = Self { requests, management, feed, connector, options };
        store.check_lease().await?;
        Ok(store)
    }

    /// Brings the schema up to date; returns how many migrations that took.
    pub async fn migrate(access: Access<'_>) -> Result<usize, StoreError> {
        migrations::migrate(&Connector::new(access)?).await
    }

    /// Reads for the management, which may take longer than a request waits.
    async fn manage<T>(
        &self,
        what: &'static str,
        work: impl for<'c> Fn(&'c mut Client) -> BoxFuture<'c, Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        self.options.observed(what, self.management.read(what, work)).await
    }

    async fn write<T>(
        &self,
        what: &'static str,
        work: impl for<'c> FnOnce(&'c mut Client) -> BoxFuture<'c, Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        let cancelled = self.connector.cancelled();
        let outcome = self.options.observed(what, self.management.run(what, work)).await;
        // A failure too: a write that timed out may have been committed.
        self.feed.wake();
        // On whichever connection: what is said to have failed, and has not, does less harm than the other way round.
        if self.connector.cancelled() != cancelled {
            return Err(StoreError::Unavailable { what, source: "a commit was cancelled before it was safe".into() });
        }
        outcome
    }
}

/// The server ends what nobody waits for any more.
fn reading(options: &Options) -> String {
    let late = options.read_deadline.saturating_mul(2).max(Duration::from_millis(1)).as_millis();
    format!("set statement_timeout = {late}; set default_transaction_isolation = 'read committed'")
}

/// No `statement_timeout`: with synchronous replication a commit that is cancelled reports success. A node that stands
/// still within a transaction must not keep the others waiting for its locks.
const WRITING: &str =
    "set client_min_messages = warning; set lock_timeout = '4s'; set idle_in_transaction_session_timeout = '5s';
  set default_transaction_isolation = 'read committed'";

/// Commands of people, and the changes that log-ins and revocations make.
const MANAGEMENT: usize = 4;

#[cfg(test)]
mod conformance {
    use super::scratch::Scratch;
    use crate::store::conformance::conforms;

    async fn fresh() -> (super::Postgres, test_services::postgres::Database) {
        let Scratch { store, database } = Scratch::new().await;
        (store, database)
    }

    conforms! {
        fresh().await;
        what_is_adopted_can_be_enriched,
        a_role_is_granted_and_revoked_once,
        a_refused_change_writes_nothing,
        two_that_enrol_one_name_at_once_get_one_user,
        changes_of_rights_reach_the_log,
        the_log_is_read_from_a_tag_on,
        members_are_seen_with_what_they_have_applied,
        a_member_says_how_long_its_last_revocation_took,
        only_who_stands_still_is_evicted,
        who_was_evicted_or_left_hears_nothing,
        own_changes_are_noticed_at_once,
        a_cursor_never_goes_back,
        users_are_listed_in_pages,
        users_are_found_by_what_they_have,
        roles_and_permissions_are_made_and_listed,
        seeding_twice_changes_nothing,
        a_rule_that_panics_is_an_error_of_its_caller,
    }
}
