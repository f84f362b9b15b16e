//! Refuses what never becomes a request: an answer, a log line, a number, and the end of the connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::HeadError;
use super::wire::Wire;
use crate::id;
use crate::metrics::Dropped;
use crate::problem::{Problem, Rejection};
use crate::telemetry::Journal;

/// Says no, to so many at once.
pub(super) struct Refusals {
    journal: Journal,
    turns: Arc<Semaphore>,
}

impl Refusals {
    pub(super) fn new(journal: Journal) -> Self {
        Self { journal, turns: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }

    /// Refuses a connection for which there is no place. Only some are told why: refusing must not hold what the
    /// limits protect.
    pub(super) async fn turn_away(&self, wire: Box<Wire>, error: HeadError) {
        match self.turns.try_acquire() {
            Ok(_turn) => Box::pin(self.refuse(wire, error)).await,
            Err(_) => self.journal.dropped(Dropped::Full, wire.peer()),
        }
    }

    /// Answers, and reads on for a moment: closing over unread bytes would reset the connection, and the client
    /// would never see why.
    pub(super) async fn refuse(&self, mut wire: Box<Wire>, error: HeadError) {
        let request_id = id::request_id();
        let problem = Problem::render(&Rejection::from(error), &request_id);
        self.journal.refused(&request_id, &problem, wire.peer());
        let answer = async {
            wire.write_all(&on_the_wire(&problem)).await?;
            wire.flush().await?;
            let mut rest = [0_u8; 4096];
            let mut left = LINGER_BYTES;
            while left > 0 {
                match wire.read(&mut rest).await? {
                    0 => break,
                    read => left = left.saturating_sub(read),
                }
            }
            Ok::<(), std::io::Error>(())
        };
        // The client may be gone or slow: either way the connection ends here.
        let _ = timeout(LINGER, answer).await;
    }
}

/// A whole response with `Connection: close`.
fn on_the_wire(problem: &Problem) -> Bytes {
    let mut text = format!("HTTP/1.1 {}\r\n", problem.status);
    for (name, value) in &problem.headers {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    text.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n{}", problem.body.len(), problem.body));
    text.into()
}

const MOST_AT_ONCE: usize = 64;
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
