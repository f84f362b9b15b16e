//! The log over the table `change`: numbered under a lock that is held until the commit is visible.

use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Client;
use tokio_postgres::Row;

use super::Postgres;
use super::columns::Columns;
use super::fault::Fault;
use crate::store::{Change, ChangeLog, Entry, Position, StoreError};

#[async_trait]
impl ChangeLog for Postgres {
    async fn record(&self, changes: &[Change]) -> Result<Position, StoreError> {
        let changes = changes.to_vec();
        self.write("record", move |client| Box::pin(async move { record(client, &changes).await })).await
    }

    async fn changed(&self) {
        self.feed.changed().await;
    }

    async fn clean(&self, keep: Duration) -> Result<u64, StoreError> {
        self.write("clean", move |client| Box::pin(clean(client, keep))).await
    }
}

/// An entry of the log, in the columns after the first two.
pub(super) fn entry(row: &Row) -> Result<Entry, Fault> {
    Ok(Entry {
        position: Position(row.column(2)?),
        tag: row.column(3)?,
        change: Change {
            issuer: row.column::<&str>(4)?.into(),
            kind: row.change_kind(5)?,
            key: row.column::<&str>(6)?.into(),
            not_before: row.column(7)?,
        },
    })
}

async fn record(client: &Client, changes: &[Change]) -> Result<Position, Fault> {
    if changes.is_empty() {
        return newest(client).await;
    }
    let statement = client.prepare_cached(RECORD).await?;
    let issuers: Vec<&str> = changes.iter().map(|change| &*change.issuer).collect();
    let kinds: Vec<&str> = changes.iter().map(|change| change.kind.name()).collect();
    let keys: Vec<&str> = changes.iter().map(|change| &*change.key).collect();
    let not_before: Vec<Option<i64>> = changes.iter().map(|change| change.not_before).collect();
    let row = client.query_one(&statement, &[&issuers, &kinds, &keys, &not_before]).await?;
    Ok(Position(row.column(0)?))
}

/// The newest position of the log, as of a statement of its own.
pub(super) async fn newest(client: &Client) -> Result<Position, Fault> {
    let statement = client.prepare_cached("select coalesce(max(seq), 0) from doorward.change").await?;
    Ok(Position(client.query_one(&statement, &[]).await?.column(0)?))
}

async fn clean(client: &Client, keep: Duration) -> Result<u64, Fault> {
    let statement = client.prepare_cached(CLEAN).await?;
    Ok(client.execute(&statement, &[&keep.as_secs_f64()]).await?)
}

const RECORD: &str = "
    select max(doorward.record_change(c.issuer, c.kind, c.key, c.not_before))
    from (select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) with ordinality
            as u(issuer, kind, key, not_before, number)
          order by number) c";

/// A prefix only, and never the newest: where the change at a reader's tag is left, all that follows it is left.
const CLEAN: &str = "
    delete from doorward.change where seq < least(
      (select min(seq) from doorward.change where at > clock_timestamp() - $1 * interval '1 second'),
      (select max(seq) from doorward.change))";

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
        let scratch = Scratch::new().await;
        let store = &scratch.store;
        store.record(&["a", "b", "c"].map(session)).await.unwrap();
        let all = read(store, None).await.entries;
        let old = all[all.len() - 2].position.0;
        scratch.sql(&format!("update doorward.change set at = at - interval '1 minute' where seq < {old}"));

        assert_eq!(store.clean(Duration::from_secs(120)).await.unwrap(), 0);
        let forgotten = store.clean(Duration::from_secs(30)).await.unwrap();
        assert_eq!(usize::try_from(forgotten).unwrap(), all.len() - 2);
        assert_eq!(read(store, None).await.entries, all[all.len() - 2..]);

        scratch.sql("update doorward.change set at = 'epoch'");
        store.clean(Duration::ZERO).await.unwrap();
        assert_eq!(read(store, None).await.entries, all[all.len() - 1..]);
    }

    #[tokio::test]
    async fn a_change_of_another_program_is_told_at_once() {
        let scratch = Scratch::new().await;
        // Opens the connection that listens.
        read(&scratch.store, None).await;
        let mut fastest = Duration::MAX;
        for turn in 0..10 {
            let sql = person(&format!("p{turn}"));
            let other = super::super::scratch::client(&scratch.database.url()).await;
            while tokio::time::timeout(Duration::from_millis(1), scratch.store.changed()).await.is_ok() {}
            let begun = Instant::now();
            let (_, written) = tokio::join!(scratch.store.changed(), other.batch_execute(&sql));
            written.unwrap();
            fastest = fastest.min(begun.elapsed());
        }
        // Without the notification it is a poll period of 200 ms, each time.
        assert!(fastest < Duration::from_millis(150), "{fastest:?}");
    }
}
