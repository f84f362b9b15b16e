//! The log over the table `change`. SQLite has one writer at a time, so that numbers are the order of commits.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, Row, TransactionBehavior};
use uuid::Uuid;

use super::Sqlite;
use super::column::Id;
use super::fault::Fault;
use crate::id;
use crate::store::{Batch, Change, ChangeLog, Entry, Position, StoreError};

#[async_trait]
impl ChangeLog for Sqlite {
    async fn record(&self, changes: &[Change]) -> Result<Position, StoreError> {
        let changes = changes.to_vec();
        self.write("record", move |connection| record(connection, &changes)).await
    }

    async fn changed(&self) {
        self.watcher.changed().await;
    }

    async fn clean(&self, keep: Duration) -> Result<u64, StoreError> {
        self.write("clean", move |connection| clean(connection, keep)).await
    }
}

/// What is newer than the change with this tag, as one state of the log.
pub(super) fn newer(connection: &mut Connection, after: Option<Uuid>) -> Result<Batch, Fault> {
    let snapshot = connection.transaction()?;
    let at = match after {
        None => Some(0),
        Some(tag) => seq_of(&snapshot, tag)?,
    };
    let mut statement = snapshot.prepare_cached(NEWER)?;
    let entries = statement.query_map([at.unwrap_or(0)], entry)?.collect::<Result<_, _>>()?;
    Ok(Batch { restarted: at.is_none(), entries, clock: None })
}

fn seq_of(snapshot: &Connection, tag: Uuid) -> Result<Option<i64>, Fault> {
    let mut statement = snapshot.prepare_cached("select seq from change where tag = ?1")?;
    let mut rows = statement.query([Id(tag)])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        position: Position(row.get(0)?),
        tag: row.get::<_, Id>(1)?.0,
        change: Change { issuer: row.get(2)?, kind: row.get(3)?, key: row.get(4)?, not_before: row.get(5)? },
    })
}

fn record(connection: &mut Connection, changes: &[Change]) -> Result<Position, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        transaction.prepare_cached(RECORD)?.execute((
            Id(id::change_tag()),
            &*change.issuer,
            change.kind,
            &*change.key,
            change.not_before,
        ))?;
    }
    let position = newest(&transaction)?;
    transaction.commit()?;
    Ok(position)
}

/// The newest position that the connection sees.
pub(super) fn newest(connection: &Connection) -> Result<Position, Fault> {
    let mut statement = connection.prepare_cached("select coalesce(max(seq), 0) from change")?;
    Ok(Position(statement.query_row([], |row| row.get(0))?))
}

fn clean(connection: &Connection, keep: Duration) -> Result<u64, Fault> {
    let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let forgotten = connection.prepare_cached(CLEAN)?.execute([keep])?;
    Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
}

const NEWER: &str = "select seq, tag, issuer, kind, key, not_before from change where seq > ?1 order by seq";

const RECORD: &str = "insert into change (tag, issuer, kind, key, not_before) values (?1, ?2, ?3, ?4, ?5)";

/// A prefix only, and never the newest: where the change at a reader's tag is left, all that follows it is left.
const CLEAN: &str = "
    delete from change where seq < coalesce(
      (select seq from change where at > cast(round((julianday('now') - 2440587.5) * 86400000) as integer) - ?1 order by seq limit 1),
      (select max(seq) from change))";

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::scratch::{Scratch, person};
    use super::*;
    use crate::store::ChangeKind;
    use crate::store::testing::read;

    fn session(sid: &str) -> Change {
        Change { issuer: "https://sso".into(), kind: ChangeKind::Session, key: sid.into(), not_before: None }
    }

    #[tokio::test]
    async fn the_log_keeps_only_its_newest_changes() {
        let Scratch { store, folder } = &Scratch::new();
        store.record(&["a", "b", "c"].map(session)).await.unwrap();
        let all = read(store, None).await.entries;
        let shell = Connection::open(folder.path().join("doorward.db")).unwrap();
        shell.execute("update change set at = at - 60000 where seq < ?1", [all[all.len() - 2].position.0]).unwrap();

        assert_eq!(store.clean(Duration::from_secs(120)).await.unwrap(), 0);
        let forgotten = store.clean(Duration::from_secs(30)).await.unwrap();
        assert_eq!(usize::try_from(forgotten).unwrap(), all.len() - 2);
        assert_eq!(read(store, None).await.entries, all[all.len() - 2..]);

        shell.execute("update change set at = 0", []).unwrap();
        store.clean(Duration::ZERO).await.unwrap();
        assert_eq!(read(store, None).await.entries, all[all.len() - 1..]);
    }

    #[tokio::test]
    async fn a_change_of_another_program_is_noticed_within_milliseconds() {
        let scratch = Scratch::new();
        scratch.store.changed().await;
        let path = scratch.path();
        let begun = Instant::now();
        let writer =
            std::thread::spawn(move || Connection::open(path).unwrap().execute_batch(&person("alice")).unwrap());
        scratch.store.changed().await;
        assert!(begun.elapsed() < Duration::from_millis(150), "{:?}", begun.elapsed());
        writer.join().unwrap();
    }
}
