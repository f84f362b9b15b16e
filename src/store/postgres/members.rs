//! The members over the table `node`.

use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Client;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Postgres;
use super::change_log::entry;
use super::columns::Columns;
use super::fault::Fault;
use crate::clock::Timestamp;
use crate::store::members::microseconds;
use crate::store::{Batch, LastRevocation, Line, Look, Member, Members, Node, Position, StoreError};

#[async_trait]
impl Members for Postgres {
    async fn join(&self, id: Uuid, node: &Node) -> Result<(), StoreError> {
        let node = node.clone();
        let join = self.management.run("join", move |client| Box::pin(async move { join(client, id, &node).await }));
        self.options.observed("join", join).await
    }

    async fn attend(&self, id: Uuid, applied: Option<Uuid>) -> Result<Option<Batch>, StoreError> {
        let poll = async {
            let rows = self.feed.poll(id, applied).await?;
            batch(&rows, applied.is_some()).map_err(|fault| fault.while_trying("poll"))
        };
        self.options.observed("poll", poll).await
    }

    async fn look(&self) -> Result<Look, StoreError> {
        let look = async {
            let sent = self.options.clock.boot();
            let (line, rows) = self.feed.look().await?;
            // The line may have been opened for this look.
            let sent = line.opened.map_or(sent, |opened| opened.max(sent));
            let look = end_and_members(&rows).map(|(newest, members)| Look { line, sent, newest, members });
            look.map_err(|fault| fault.while_trying("look"))
        };
        self.options.observed("look", look).await
    }

    async fn note_revocation(&self, id: Uuid, took: Duration) -> Result<(), StoreError> {
        let note = self.management.run("note_revocation", move |client| {
            Box::pin(async move {
                client.execute(NOTE_REVOCATION, &[&id, &microseconds(took)]).await?;
                Ok(())
            })
        });
        self.options.observed("note_revocation", note).await
    }

    async fn evict(&self, member: &Member, line: &Line) -> Result<bool, StoreError> {
        let evict = async { Ok(!self.feed.evict(line, member.id, member.beat).await?.is_empty()) };
        self.options.observed("evict", evict).await
    }

    async fn leave(&self, id: Uuid) -> Result<(), StoreError> {
        let leave = self.management.run("leave", move |client| Box::pin(async move { leave(client, id).await }));
        self.options.observed("leave", leave).await
    }
}

impl Postgres {
    /// Nodes that trust their memory for different times cannot wait for each other.
    pub(super) async fn check_lease(&self) -> Result<(), StoreError> {
        let length = self.management.read("read the lease", |client| {
            Box::pin(async move {
                let row = client.query_one("select length_ms from doorward.lease", &[]).await?;
                row.column::<i64>(0)
            })
        });
        crate::store::members::agree(length.await?)
    }
}

async fn join(client: &Client, id: Uuid, node: &Node) -> Result<(), Fault> {
    client.execute(JOIN, &[&id, &node.name, &node.version]).await?;
    Ok(())
}

async fn leave(client: &Client, id: Uuid) -> Result<(), Fault> {
    client.execute(LEAVE, &[&id]).await?;
    Ok(())
}

/// No row is no member.
fn batch(rows: &[Row], named: bool) -> Result<Option<Batch>, Fault> {
    let Some(poll) = rows.first() else { return Ok(None) };
    let restarted = named && poll.column::<i64>(0)? == 0;
    let clock = u64::try_from(poll.column::<i64>(1)?).ok().map(Timestamp);
    let is_entry = |row: &&Row| row.try_get::<_, Option<i64>>(2).is_ok_and(|seq| seq.is_some());
    let entries = rows.iter().filter(is_entry).map(entry).collect::<Result<_, _>>()?;
    Ok(Some(Batch { restarted, entries, clock }))
}

/// The row about the log has no id.
fn end_and_members(rows: &[Row]) -> Result<(Position, Vec<Member>), Fault> {
    let is_member = |row: &&Row| row.try_get::<_, Option<Uuid>>(0).is_ok_and(|id| id.is_some());
    let end = rows.iter().find(|row| !is_member(row)).map_or(Ok(0), |row| row.column(3))?;
    Ok((Position(end), rows.iter().filter(is_member).map(member).collect::<Result<_, _>>()?))
}

fn member(row: &Row) -> Result<Member, Fault> {
    Ok(Member {
        id: row.column(0)?,
        node: Node { name: row.column(1)?, version: row.column(2)? },
        applied: Position(row.column(3)?),
        beat: row.column(4)?,
        last_revocation: LastRevocation::of(row.column(5)?, row.column(6)?),
    })
}

const JOIN: &str = "insert into doorward.node (id, name, version) values ($1, $2, $3)";
/// Nodes that are gone leave nothing behind: no key refers to them, which every poll would have to look at.
const NOTE_REVOCATION: &str = "
    with gone as (
      delete from doorward.last_revocation r where not exists (select from doorward.node n where n.id = r.node))
    insert into doorward.last_revocation (node, took_us, held_at)
    select id, $2, clock_timestamp() from doorward.node where id = $1
    on conflict (node) do update set took_us = excluded.took_us, held_at = excluded.held_at";
const LEAVE: &str = "delete from doorward.node where id = $1";
