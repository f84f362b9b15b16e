//! The connection that hears of changes: it polls the log, and is told to by `NOTIFY`.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Row, Statement};
use uuid::Uuid;

use super::connector::Connector;
use super::fault::Fault;
use crate::store::StoreError;

/// One connection of its own, straight to the server; opened when it is first needed, and again when it is lost.
pub(super) struct Feed {
    connector: Connector,
    line: Mutex<Option<Line>>,
    news: Arc<Notify>,
    late: AtomicBool,
}

/// An open connection with the statement that polls.
struct Line {
    client: Client,
    poll: Statement,
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
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, line: Mutex::new(None), news: Arc::new(Notify::new()), late: AtomicBool::new(false) }
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
    pub(super) async fn poll(&self, after: Option<Uuid>) -> Result<Vec<Row>, StoreError> {
        // Taken out: whoever stops waiting leaves no half-read connection behind.
        let kept = self.line.lock().take().filter(|line| !line.client.is_closed());
        let line = match kept {
            Some(line) => line,
            None => self.open().await?,
        };
        let patience = if after.is_none() || self.late.swap(false, Ordering::Relaxed) { LOAD } else { ANSWER };
        let Ok(rows) = timeout(patience, line.client.query(&line.poll, &[&after])).await else {
            self.late.store(true, Ordering::Relaxed);
            return Err(StoreError::TimedOut(patience));
        };
        let rows = rows.map_err(|error| Fault::from(error).while_trying("poll"))?;
        *self.line.lock() = Some(line);
        Ok(rows)
    }

    async fn open(&self) -> Result<Line, StoreError> {
        let opening = timeout(OPEN, self.listen()).await;
        opening.map_err(|_| StoreError::TimedOut(OPEN))?.map_err(|fault| fault.while_trying("connect"))
    }

    /// Listens first, then reads: what is committed in between is told.
    async fn listen(&self) -> Result<Line, Fault> {
        let (client, mut connection) = self.connector.connect().await?;
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
        Ok(Line { poll: client.prepare(POLL).await?, client, _driver: driver })
    }
}

/// What is newer than the change with this tag, as one state of the log, after one row about the poll itself: whether
/// the tag is not in the log, and whether the server takes writes.
pub(super) const POLL: &str = "
    select at.seq is null and $1::uuid is not null, current_setting('transaction_read_only') = 'off',
      c.seq, c.tag, c.issuer, c.kind, c.key, c.not_before
    from (select (select seq from doorward.change where tag = $1) as seq) at
    left join doorward.change c on c.seq > coalesce(at.seq, 0)
    order by c.seq";

/// The server, too, gives up what nobody waits for any more: a lock on the log must not gather its connections.
const LISTEN: &str = "set statement_timeout = '10s'; set lock_timeout = '400ms';
  set default_transaction_isolation = 'read committed'; listen doorward_change";
const PERIOD: Duration = Duration::from_millis(200);
const ANSWER: Duration = Duration::from_millis(400);
/// For the whole log.
const LOAD: Duration = Duration::from_secs(10);
const OPEN: Duration = Duration::from_secs(1);
