//! The lease connection: it polls, looks and evicts, and is told by `NOTIFY` when to poll.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Row, Statement};
use uuid::Uuid;

use super::columns::Columns;
use super::connector::Connector;
use super::fault::Fault;
use crate::clock::Clock;
use crate::patience::within;
use crate::store::{Line, StoreError};

/// One connection of its own, straight to the server; opened when it is first needed, and again when it is lost.
pub(super) struct Feed {
    connector: Connector,
    clock: Clock,
    open: Mutex<Option<Arc<Wire>>>,
    opening: tokio::sync::Mutex<()>,
    opened: AtomicU64,
    news: Arc<Notify>,
    late: AtomicBool,
}

/// An open connection with the statements of members.
pub(super) struct Wire {
    pub(super) line: Line,
    client: Client,
    poll: Statement,
    look: Statement,
    evict: Statement,
    server: i32,
    _driver: Driver,
}

/// What carries the bytes of a connection; it ends with whoever uses the connection, also half-way through opening.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Feed {
    pub(super) fn new(connector: Connector, clock: Clock) -> Self {
        Self {
            connector,
            clock,
            open: Mutex::new(None),
            opening: tokio::sync::Mutex::new(()),
            opened: AtomicU64::new(0),
            news: Arc::new(Notify::new()),
            late: AtomicBool::new(false),
        }
    }

    /// Returns after the next commit, at the latest after one poll period.
    pub(super) async fn changed(&self) {
        // Elapsed is news too: the asker polls either way.
        let _ = timeout(PERIOD, self.news.notified()).await;
    }

    /// Says at once that this process has written.
    pub(super) fn wake(&self) {
        self.news.notify_one();
    }

    /// The rows of [`POLL`]. A connection that does not answer in time is given up; the next one gets more time, should
    /// it be the length of the log that takes so long.
    pub(super) async fn poll(&self, id: Uuid, applied: Option<Uuid>) -> Result<Vec<Row>, StoreError> {
        let wire = self.wire().await?;
        let patience = if applied.is_none() || self.late.swap(false, Ordering::Relaxed) { LOAD } else { ANSWER };
        let rows = self.ask(&wire, "poll", &wire.poll, &[&id, &applied], patience).await;
        if matches!(rows, Err(StoreError::TimedOut(_))) {
            self.late.store(true, Ordering::Relaxed);
        }
        let rows = rows?;
        if rows.first().is_some_and(|row| row.try_get(8).ok() != Some(wire.server)) {
            self.give_up(&wire);
            return Err(pooled());
        }
        Ok(rows)
    }

    /// The rows of [`LOOK`], by the line that looked.
    pub(super) async fn look(&self) -> Result<(Line, Vec<Row>), StoreError> {
        let wire = self.wire().await?;
        let rows = self.ask(&wire, "look", &wire.look, &[], ANSWER).await?;
        Ok((wire.line, rows))
    }

    /// The rows of [`EVICT`]; none where the line is not open any more.
    pub(super) async fn evict(&self, line: &Line, id: Uuid, beat: i64) -> Result<Vec<Row>, StoreError> {
        let wire = self.open.lock().clone().filter(|wire| wire.line == *line && !wire.client.is_closed());
        match wire {
            Some(wire) => self.ask(&wire, "evict", &wire.evict, &[&id, &beat], ANSWER).await,
            None => Ok(Vec::new()),
        }
    }

    async fn ask(
        &self,
        wire: &Arc<Wire>,
        what: &'static str,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
        patience: Duration,
    ) -> Result<Vec<Row>, StoreError> {
        match within(patience, wire.client.query(statement, parameters)).await {
            Ok(rows) => rows.map_err(|error| Fault::from(error).while_trying(what)),
            Err(_) => {
                self.give_up(wire);
                Err(StoreError::TimedOut(patience))
            }
        }
    }

    fn give_up(&self, wire: &Arc<Wire>) {
        let mut open = self.open.lock();
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, wire)) {
            *open = None;
        }
    }

    async fn wire(&self) -> Result<Arc<Wire>, StoreError> {
        let _one = self.opening.lock().await;
        let kept = self.open.lock().clone().filter(|wire| !wire.client.is_closed());
        if let Some(wire) = kept {
            return Ok(wire);
        }
        let opening = timeout(OPEN, self.listen()).await;
        let wire = opening.map_err(|_| StoreError::TimedOut(OPEN))?.map_err(|fault| fault.while_trying("connect"))?;
        let wire = Arc::new(wire);
        *self.open.lock() = Some(Arc::clone(&wire));
        Ok(wire)
    }

    /// Listens first, then reads: what is committed in between is told.
    async fn listen(&self) -> Result<Wire, Fault> {
        let (client, mut connection) = self.connector.connect().await?;
        // Read once it is open: rather too young than too old.
        let opened = Some(self.clock.boot());
        let news = Arc::clone(&self.news);
        let driver = Driver(tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(_) = message {
                    news.notify_one();
                }
            }
            // The poll that follows will say what has happened.
            news.notify_one();
        }));
        client.batch_execute(LISTEN).await?;
        let server = client.query_one("select pg_backend_pid()", &[]).await?.column(0)?;
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Wire {
            line: Line { number, opened },
            poll: client.prepare(POLL).await?,
            look: client.prepare(LOOK).await?,
            evict: client.prepare(EVICT).await?,
            server,
            client,
            _driver: driver,
        })
    }
}

fn pooled() -> StoreError {
    let remedy = "it answers from changing servers: name the PostgreSQL server in [users] database, not a pooler";
    StoreError::Unavailable { what: "poll", source: remedy.into() }
}

/// What is newer than the change with this tag, as one state of the log; each row says where the tag is in it, whether
/// the server takes writes, what its clock shows, and who answers.
const POLL: &str = "
    with me as (
      update doorward.node set tag = $2, beat = beat + 1 where id = $1
      returning coalesce((select seq from doorward.change where tag = $2), 0) as at)
    select me.at, extract(epoch from clock_timestamp())::bigint,
      c.seq, c.tag, c.issuer, c.kind, c.key, c.not_before, pg_backend_pid()
    from me left join doorward.change c on c.seq > me.at
    order by c.seq";

/// Everybody, and a row about the log itself.
const LOOK: &str = "
    select null::uuid, null::text, null::text, coalesce(max(seq), 0), 0::bigint, null::bigint, null::bigint
    from doorward.change
    union all
    select n.id, n.name, n.version, coalesce((select seq from doorward.change c where c.tag = n.tag), 0), n.beat,
      r.took_us, (extract(epoch from clock_timestamp() - r.held_at) * 1000000)::bigint
    from doorward.node n left join doorward.last_revocation r on r.node = n.id";

const EVICT: &str = "delete from doorward.node where id = $1 and beat = $2 returning id";

/// The server, too, gives up what nobody waits for any more: a lock on the log must not gather its connections.
const LISTEN: &str = "set statement_timeout = '10s'; set lock_timeout = '400ms';
  set default_transaction_isolation = 'read committed'; listen doorward_change";
const PERIOD: Duration = Duration::from_millis(200);
const ANSWER: Duration = Duration::from_millis(400);
/// For the whole log.
const LOAD: Duration = Duration::from_secs(10);
const OPEN: Duration = Duration::from_secs(1);
