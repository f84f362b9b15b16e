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

    /// Has a thread do `work`. Work whose asker has gone away is not begun, and ended where it takes too long.
    pub(super) async fn run<T: Send + 'static>(
        &self,
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
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(answer) => answer.map_err(|_| unavailable(what, "the query panicked"))?,
            Err(_) => {
                running.interrupt();
                Err(StoreError::TimedOut(self.deadline))
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
