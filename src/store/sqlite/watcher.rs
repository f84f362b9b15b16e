//! From commits, by whatever program, to a hint that the log may have grown.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Notify;

use crate::store::StoreError;

/// A thread with a connection of its own that never writes: `pragma data_version` is silent about the commits of
/// the connection that asks.
pub(super) struct Watcher {
    news: Arc<Notify>,
    // Taken by `drop` before it waits: a closed channel is what ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching.
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let news = Arc::new(Notify::new());
        let (stop, stopped) = channel();
        let hint = Arc::clone(&news);
        let thread = Builder::new()
            .name("sqlite-watcher".to_owned())
            .spawn(move || watch(&connection, &stopped, &hint))
            .map_err(|error| StoreError::Unavailable { what: "start a thread", source: Box::new(error) })?;
        Ok(Self { news, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns after the next commit, at the latest after one poll period.
    pub(super) async fn changed(&self) {
        // Elapsed is news too: the asker polls either way.
        let _ = tokio::time::timeout(PERIOD, self.news.notified()).await;
    }

    /// Says at once that this process has written.
    pub(super) fn wake(&self) {
        self.news.notify_one();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(connection: &Connection, stopped: &Receiver<()>, news: &Notify) {
    let (mut seen, mut known) = (version(connection), newest(connection));
    while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let now = version(connection);
        if now != seen {
            // Also by beats of members, five times a second each, which are no news.
            let end = newest(connection);
            if end != known || end.is_none() {
                news.notify_one();
            }
            known = end;
        }
        seen = now;
    }
}

fn newest(connection: &Connection) -> Option<i64> {
    connection
        .prepare_cached("select max(seq) from change")
        .and_then(|mut ask| ask.query_row([], |row| row.get(0)))
        .ok()
}

/// Nothing where the file cannot be read; the poll that follows will say why.
fn version(connection: &Connection) -> Option<i64> {
    connection.prepare_cached("pragma data_version").and_then(|mut ask| ask.query_row([], |row| row.get(0))).ok()
}

/// A look costs some 2 µs, and waking up for it ten times that.
const TICK: Duration = Duration::from_millis(20);
const PERIOD: Duration = Duration::from_millis(200);
