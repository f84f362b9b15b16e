//! One writer for every log line: whole lines, in order, written by a thread of its own.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

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

/// Takes lines and never waits for the file behind: a reader that stalls must not stop the gateway. Where more than
/// 1 MiB waits, lines are dropped and counted.
#[derive(Clone, Debug)]
pub struct Sink {
    shared: Arc<Shared>,
    format: Format,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    writing: bool,
}

impl Sink {
    /// A sink over standard error, with its thread.
    #[must_use]
    pub fn stderr(format: Format) -> Self {
        let sink = Self { shared: Arc::default(), format };
        let writer = sink.clone();
        // Without its thread nothing is written, and lines are counted as dropped.
        let _ = thread::Builder::new().name("log".into()).spawn(move || writer.write_on(&mut io::stderr()));
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
        if waiting.lines.len() + line.len() > MAX_WAITING {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.lines.extend_from_slice(line);
        let first = waiting.lines.len() == line.len();
        drop(waiting);
        if first {
            self.shared.changed.notify_all();
        }
    }

    /// How many lines were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything is written, at most a second.
    pub fn finish(&self) {
        let deadline = Instant::now() + LAST_WORDS;
        let mut waiting = self.shared.waiting.lock();
        while waiting.writing || !waiting.lines.is_empty() {
            if self.shared.changed.wait_until(&mut waiting, deadline).timed_out() {
                return;
            }
        }
    }

    /// Lines are gathered for a moment, so that a busy gateway writes often enough and not once a line.
    fn write_on(&self, file: &mut impl Write) {
        let mut spare = Vec::new();
        loop {
            let mut waiting = self.shared.waiting.lock();
            while waiting.lines.is_empty() {
                self.shared.changed.wait(&mut waiting);
            }
            drop(waiting);
            thread::sleep(GATHER);
            self.write_once(file, &mut spare);
        }
    }

    /// Writes what waits. Two buffers take turns, so that neither grows again each time.
    fn write_once(&self, file: &mut impl Write, spare: &mut Vec<u8>) {
        let mut waiting = self.shared.waiting.lock();
        std::mem::swap(&mut waiting.lines, spare);
        waiting.writing = true;
        drop(waiting);
        // There is nowhere left to say that standard error is gone.
        let _ = file.write_all(spare);
        spare.clear();
        self.shared.waiting.lock().writing = false;
        self.shared.changed.notify_all();
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
const LAST_WORDS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_whole_and_in_order() {
        let sink = Sink { shared: Arc::default(), format: Format::Json };
        sink.line(b"one\n");
        sink.line(b"two\n");
        let mut file = Vec::new();
        sink.write_once(&mut file, &mut Vec::new());
        assert_eq!(file, b"one\ntwo\n");
        sink.finish();
    }

    #[test]
    fn a_file_that_takes_nothing_stops_nobody() {
        let sink = Sink { shared: Arc::default(), format: Format::Json };
        for _ in 0..3000 {
            sink.line(&[b'x'; 1024]);
        }
        assert_eq!(sink.dropped(), 3000 - 1024);
        assert_eq!(sink.shared.waiting.lock().lines.len(), MAX_WAITING);
    }
}
