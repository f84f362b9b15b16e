//! The members over the table `node`, which is written without waiting for the disk: a power failure ends every
//! process that it names.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use uuid::Uuid;

use super::Sqlite;
use super::change_log::{newer, newest};
use super::column::Id;
use super::fault::Fault;
use crate::store::members::microseconds;
use crate::store::{Batch, LastRevocation, Line, Look, Member, Members, Node, Position, StoreError};

#[async_trait]
impl Members for Sqlite {
    async fn join(&self, id: Uuid, node: &Node) -> Result<(), StoreError> {
        let Node { name, version } = node.clone();
        // Once: a machine that is busy while a gateway starts must not keep it from starting.
        self.membership("join", LOAD, move |connection| {
            connection.execute(JOIN, (Id(id), name, version))?;
            Ok(())
        })
        .await
    }

    async fn attend(&self, id: Uuid, applied: Option<Uuid>) -> Result<Option<Batch>, StoreError> {
        let patience = if applied.is_none() { LOAD } else { ANSWER };
        self.membership("poll", patience, move |connection| attend(connection, id, applied)).await
    }

    async fn look(&self) -> Result<Look, StoreError> {
        let sent = self.options.clock.boot();
        let (newest, members) = self.read("look", look).await?;
        Ok(Look { line: LINE, sent, newest, members })
    }

    async fn note_revocation(&self, id: Uuid, took: Duration) -> Result<(), StoreError> {
        self.membership("note_revocation", ANSWER, move |connection| {
            connection.execute(FORGET, [])?;
            connection.execute(NOTE_REVOCATION, (Id(id), microseconds(took)))?;
            Ok(())
        })
        .await
    }

    async fn evict(&self, member: &Member, _: &Line) -> Result<bool, StoreError> {
        let (id, beat) = (member.id, member.beat);
        self.membership("evict", ANSWER, move |connection| Ok(connection.execute(EVICT, (Id(id), beat))? > 0)).await
    }

    async fn leave(&self, id: Uuid) -> Result<(), StoreError> {
        self.membership("leave", ANSWER, move |connection| {
            connection.execute("delete from node where id = ?1", [Id(id)])?;
            Ok(())
        })
        .await
    }
}

/// The beat in a transaction of its own, so that a long read holds up no writer.
fn attend(connection: &mut Connection, id: Uuid, applied: Option<Uuid>) -> Result<Option<Batch>, Fault> {
    let beat = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = beat.prepare_cached(BEAT)?.execute((Id(id), applied.map(Id)))?;
    beat.commit()?;
    if known == 0 { Ok(None) } else { newer(connection, applied).map(Some) }
}

fn look(connection: &mut Connection) -> Result<(Position, Vec<Member>), Fault> {
    let snapshot = connection.transaction()?;
    let newest = newest(&snapshot)?;
    let mut statement = snapshot.prepare_cached(LOOK)?;
    let members = statement.query_map([], |row| {
        Ok(Member {
            id: row.get::<_, Id>(0)?.0,
            node: Node { name: row.get(1)?, version: row.get(2)? },
            applied: Position(row.get(3)?),
            beat: row.get(4)?,
            last_revocation: LastRevocation::of(row.get(5)?, row.get(6)?),
        })
    })?;
    Ok((newest, members.collect::<Result<_, _>>()?))
}

/// Processes that trust their memory for different times cannot wait for each other.
pub(super) fn check_lease(connection: &Connection) -> Result<(), Fault> {
    let length = connection.query_row("select length_ms from lease", [], |row| row.get(0)).optional()?;
    Ok(crate::store::members::agree(length.unwrap_or_default())?)
}

const JOIN: &str = "insert into node (id, name, version) values (?1, ?2, ?3)";
const BEAT: &str = "update node set tag = ?2, beat = beat + 1 where id = ?1";
const EVICT: &str = "delete from node where id = ?1 and beat = ?2";
const LOOK: &str = "
    select n.id, n.name, n.version, coalesce((select seq from change c where c.tag = n.tag), 0), n.beat,
      r.took_us, cast(1000000 * unixepoch('subsec') as integer) - 1000 * r.held_at
    from node n left join last_revocation r on r.node = n.id";
/// Processes that are gone leave nothing behind.
const FORGET: &str = "delete from last_revocation where node not in (select id from node)";
const NOTE_REVOCATION: &str = "
    insert into last_revocation (node, took_us, held_at)
    select id, ?2, cast(1000 * unixepoch('subsec') as integer) from node where id = ?1
    on conflict (node) do update set took_us = excluded.took_us, held_at = excluded.held_at";

const ANSWER: Duration = Duration::from_millis(400);
/// For the whole log.
const LOAD: Duration = Duration::from_secs(10);
/// The file loses nobody whose process lives.
const LINE: Line = Line { number: 0, opened: None };
