//! From a closure to its answer: threads that own a connection each, behind one bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::oneshot;

use super::fault::Fault;
use super::file::DatabaseFile;
use crate::patience;
use crate::store::StoreError;

/// A queue of jobs with the threads that serve it.
pub(super) struct Lane {
    // Taken by `drop` before it waits: a closed queue is what ends the threads.
    queue: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
    file: DatabaseFile,
    deadline: Duration,
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

impl Lane {
    /// Starts one thread for each connection. `deadline` is how long an asker waits, queue included.
    pub(super) fn start(
        name: &str,
        file: &DatabaseFile,
        connections: Vec<Connection>,
        deadline: Duration,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = connections.into_iter().map(|connection| {
            let jobs = Arc::clone(&jobs);
            Builder::new().name(format!("sqlite-{name}")).spawn(move || serve(connection, &jobs))
        });
        let threads = threads
            .collect::<Result<_, _>>()
            .map_err(|error| StoreError::Unavailable { what: "start a thread", source: Box::new(error) })?;
        Ok(Self { queue: Some(queue), threads, file: file.clone(), deadline })
    }

    /// Has a thread do `work` within the lane's own deadline.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_within(self.deadline, what, work).await
    }

    /// Has a thread do `work`. Work whose asker has gone away is not begun, and ended where it takes too long.
    pub(super) async fn run_within<T: Send + 'static>(
        &self,
        deadline: Duration,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let running = Running::default();
        let job = job(what, self.file.clone(), running.clone(), reply, work);
        let queue = self.queue.as_ref().ok_or_else(|| unavailable(what, "it is being closed"))?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => unavailable(what, "too many queries are waiting"),
            TrySendError::Disconnected(_) => unavailable(what, "its threads have ended"),
        })?;
        match patience::within(deadline, answer).await {
            Ok(answer) => answer.map_err(|_| unavailable(what, "the query panicked"))?,
            Err(_) => {
                running.interrupt();
                Err(StoreError::TimedOut(deadline))
            }
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // Jobs catch their panics, so there is nothing to learn from the thread's end.
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().recv();
        let Ok(job) = job else { return };
        job(&mut connection);
    }
}

fn job<T: Send + 'static>(
    what: &'static str,
    file: DatabaseFile,
    running: Running,
    reply: oneshot::Sender<Result<T, StoreError>>,
    work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
) -> Job {
    Box::new(move |connection| {
        if reply.is_closed() {
            return;
        }
        running.begin(connection);
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection).map_err(|fault| fault.while_trying(what))));
        running.end();
        // After the work, so that nothing read from or written to a file that is gone counts.
        if let Ok(outcome) = outcome {
            let _ = reply.send(file.confirm().and(outcome));
        }
    })
}

/// The connection that a job runs on, while it runs: an interrupt must not hit the job after it.
#[derive(Clone, Default)]
struct Running(Arc<Mutex<Option<InterruptHandle>>>);

impl Running {
    fn begin(&self, connection: &Connection) {
        *self.0.lock() = Some(connection.get_interrupt_handle());
    }

    fn end(&self) {
        *self.0.lock() = None;
    }

    fn interrupt(&self) {
        if let Some(handle) = &*self.0.lock() {
            handle.interrupt();
        }
    }
}

fn unavailable(what: &'static str, why: &'static str) -> StoreError {
    StoreError::Unavailable { what, source: why.into() }
}

const QUEUE: usize = 256;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use crate::store::sqlite::Options;
    use crate::store::sqlite::scratch::{Scratch, person, subject};
    use crate::store::{Change, ChangeKind, ChangeLog, Ledger, Members, Rights};

    use super::*;

    fn hasty() -> Options {
        let deadline = Duration::from_millis(300);
        Options { read_deadline: deadline, write_deadline: deadline, ..Options::default() }
    }

    fn dead_session() -> [Change; 1] {
        let kind = ChangeKind::Session;
        [Change { issuer: "https://sso".into(), kind, key: "sid".into(), not_before: None }]
    }

    #[tokio::test]
    async fn a_locked_file_delays_writers_up_to_a_deadline_and_no_readers() {
        let scratch = Scratch::with(hasty());
        scratch.sql(&person("alice"));
        let other = scratch.shell();
        other.execute_batch("begin exclusive").unwrap();
        let begun = Instant::now();
        let locked = scratch.store.record(&dead_session()).await;
        assert!(matches!(locked, Err(StoreError::Unavailable { .. } | StoreError::TimedOut(_))), "{locked:?}");
        assert!(begun.elapsed() < Duration::from_secs(2));
        assert!(scratch.store.enrich(&subject("alice")).await.unwrap().account.is_some());
        other.execute_batch("commit").unwrap();
        scratch.store.record(&dead_session()).await.unwrap();
    }

    #[tokio::test]
    async fn a_query_that_takes_too_long_is_ended_and_its_thread_goes_on() {
        let scratch = Scratch::with(Options { readers: 1, ..hasty() });
        let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
        let slow =
            scratch.store.read("slow", |connection| Ok(connection.query_row(endless, [], |row| row.get::<_, i64>(0))?));
        assert!(matches!(slow.await, Err(StoreError::TimedOut(_))));
        scratch.store.enrich(&subject("alice")).await.unwrap();
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_work_nobody_waits_for_is_not_begun() {
        let scratch = Scratch::with(Options { readers: 1, ..hasty() });
        let (release, held) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let blocked = scratch.store.read("blocked", move |_| {
            began.send("blocked").unwrap();
            let _ = held.recv();
            Ok(())
        });
        let stuck = async {
            tokio::task::yield_now().await;
            begun.recv().unwrap();
            let alice = subject("alice");
            let answers = (0..QUEUE + 1).map(|_| scratch.store.enrich(&alice));
            futures_util::future::join_all(answers).await
        };
        let (blocked, answers) = tokio::join!(blocked, stuck);
        assert!(matches!(blocked, Err(StoreError::TimedOut(_))));
        let refused = |answer: &&Result<_, _>| matches!(answer, Err(StoreError::Unavailable { .. }));
        assert_eq!(answers.iter().filter(refused).count(), 1);
        drop(release);
        while scratch.store.enrich(&subject("alice")).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_an_outage_and_passes() {
        let scratch = Scratch::new();
        let limit = |pages: u32| {
            scratch.store.write("limit", move |connection| {
                Ok(connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
            })
        };
        limit(1).await.unwrap();
        let many = vec![dead_session()[0].clone(); 2000];
        let full = scratch.store.record(&many).await;
        assert!(matches!(full, Err(StoreError::Unavailable { .. })), "{full:?}");
        assert!(scratch.log().iter().all(|entry| !entry.contains("session")));
        limit(1_000_000).await.unwrap();
        scratch.store.record(&many).await.unwrap();
    }

    #[tokio::test]
    async fn every_query_is_observed_with_its_outcome() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let observe: crate::store::Observe = Arc::new(move |what, answered, _| told.lock().push((what, answered)));
        let scratch = Scratch::with(Options { observe, ..hasty() });
        scratch.store.look().await.unwrap();
        let lock = scratch.shell();
        lock.execute_batch("begin exclusive").unwrap();
        scratch.store.record(&dead_session()).await.unwrap_err();
        scratch.store.roles().await.unwrap();
        assert_eq!(*seen.lock(), [("look", true), ("record", false), ("roles", true)]);
    }
}
