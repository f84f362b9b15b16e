//! The users database in one file of SQLite: for one node, with nothing to install.

mod catalogue;
mod change_log;
mod column;
mod cursors;
mod fault;
mod file;
mod inspection;
mod lane;
mod ledger;
mod members;
mod migrations;
mod rights;
mod role;
#[cfg(test)]
pub(crate) mod scratch;
#[cfg(test)]
mod triggers;
mod user;
mod watcher;
mod write;

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::{Options, StoreError};
use fault::Fault;
use file::DatabaseFile;
use lane::Lane;
use watcher::Watcher;

/// An open users database. Dropping it waits for the queries under way and closes the file.
pub struct Sqlite {
    rights: Lane,
    management: Lane,
    writer: Lane,
    membership: Lane,
    watcher: Watcher,
    options: Options,
}

impl Sqlite {
    /// Opens the file, makes it where it is missing, and brings its schema up to date.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let file = DatabaseFile::find_or_create(path)?;
        let connect = |patience: Duration| file.connect(patience).map_err(|fault| fault.while_trying("open the file"));
        let mut writer = connect(busy_timeout(options.write_deadline))?;
        migrations::migrate(&mut writer).map_err(|fault| fault.while_trying("migrate the schema"))?;
        members::check_lease(&writer).map_err(|fault| fault.while_trying("read the lease"))?;
        let readers = (0..options.readers.max(1))
            .map(|_| connect(busy_timeout(options.read_deadline)))
            .collect::<Result<_, _>>()?;
        let management = connect(busy_timeout(options.write_deadline))?;
        let membership = file.connect_for_members(MEMBERS_WAIT).map_err(|fault| fault.while_trying("open the file"))?;
        let watched = connect(busy_timeout(options.read_deadline))?;
        Ok(Self {
            rights: Lane::start("rights", &file, readers, options.read_deadline)?,
            management: Lane::start("management", &file, vec![management], options.write_deadline)?,
            writer: Lane::start("writer", &file, vec![writer], options.write_deadline)?,
            membership: Lane::start("members", &file, vec![membership], MEMBERS_WAIT)?,
            watcher: Watcher::start(watched)?,
            options,
        })
    }

    /// Brings the schema of the file up to date, which is made where it is missing; returns how many migrations
    /// that took.
    pub fn migrate(path: &Path) -> Result<usize, StoreError> {
        let file = DatabaseFile::find_or_create(path)?;
        let patience = busy_timeout(Options::default().write_deadline);
        let mut connection = file.connect(patience).map_err(|fault| fault.while_trying("open the file"))?;
        migrations::migrate(&mut connection).map_err(|fault| fault.while_trying("migrate the schema"))
    }

    /// Reads for a request: a lane that no slow query of the management can block.
    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.options.observed(what, self.rights.run(what, work)).await
    }

    /// Reads for the management, which may take longer.
    async fn manage<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.options.observed(what, self.management.run(what, work)).await
    }

    /// Beats beside the other writers, and never waits for the disk.
    async fn membership<T: Send + 'static>(
        &self,
        what: &'static str,
        patience: Duration,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.options.observed(what, self.membership.run_within(patience, what, work)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let outcome = self.options.observed(what, self.writer.run(what, work)).await;
        // A failure too: a write that timed out may have been committed.
        self.watcher.wake();
        outcome
    }
}

/// How long a connection waits for a lock: less than its asker waits for the answer, so that the asker learns why.
fn busy_timeout(deadline: Duration) -> Duration {
    deadline.saturating_mul(4) / 5
}

/// How long the members' connection waits for a lock.
const MEMBERS_WAIT: Duration = Duration::from_millis(300);

#[cfg(test)]
mod conformance {
    use super::scratch::Scratch;
    use crate::store::conformance::conforms;

    fn fresh() -> (super::Sqlite, tempfile::TempDir) {
        let Scratch { store, folder } = Scratch::new();
        (store, folder)
    }

    conforms! {
        fresh();
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
