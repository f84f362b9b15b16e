//! One writer for every log line: whole lines, in order, written by a thread of its own.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Takes lines without waiting for the file behind. No line is ever dropped: where the buffer is full, the
/// writer of the line writes.
#[derive(Clone, Debug)]
pub struct Sink {
    shared: Arc<Shared>,
    format: Format,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Vec<u8>>,
    filled: Condvar,
    writing: Mutex<()>,
}

impl Sink {
    /// A sink over standard error, with its thread.
    #[must_use]
    pub fn stderr(format: Format) -> Self {
        let shared = Arc::new(Shared { waiting: Mutex::default(), filled: Condvar::new(), writing: Mutex::default() });
        let sink = Self { shared, format };
        let writer = sink.clone();
        // Without its thread a sink still writes: when the buffer is full, and on flush.
        let _ = thread::Builder::new().name("log".into()).spawn(move || writer.write_on());
        sink
    }

    /// How lines are to be written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Takes one whole line, with its line feed.
    pub fn line(&self, line: &[u8]) {
        let mut waiting = self.shared.waiting.lock();
        waiting.extend_from_slice(line);
        let (first, full) = (waiting.len() == line.len(), waiting.len() > MAX_WAITING);
        drop(waiting);
        if full {
            self.flush();
        } else if first {
            self.shared.filled.notify_one();
        }
    }

    /// Writes what waits.
    pub fn flush(&self) {
        let _order = self.shared.writing.lock();
        let lines = std::mem::take(&mut *self.shared.waiting.lock());
        // There is nowhere left to say that standard error is gone.
        let _ = io::stderr().write_all(&lines);
    }

    /// Lines are gathered for a moment, so that a busy gateway writes often enough and not once a line.
    fn write_on(&self) {
        loop {
            let mut waiting = self.shared.waiting.lock();
            while waiting.is_empty() {
                self.shared.filled.wait(&mut waiting);
            }
            drop(waiting);
            thread::sleep(GATHER);
            self.flush();
        }
    }
}

/// One event of `tracing`, gathered until it is whole.
#[derive(Debug)]
pub struct Line {
    sink: Sink,
    bytes: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.sink.line(&self.bytes);
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { sink: self.clone(), bytes: Vec::new() }
    }
}

const MAX_WAITING: usize = 1 << 20;
const GATHER: Duration = Duration::from_millis(10);
