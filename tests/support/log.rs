//! What a process writes on a stream, line by line, as it writes it.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::patience::within;

/// The lines so far.
#[derive(Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    raw: Vec<Vec<u8>>,
    ended: bool,
}

impl Log {
    /// Reads a stream to its end in the background.
    pub fn follow(stream: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let lines = Arc::clone(&log.lines);
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                lines.lock().unwrap().raw.push(line);
            }
            lines.lock().unwrap().ended = true;
        });
        log
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        self.lines.lock().unwrap().raw.len()
    }

    /// Whether the process has closed the stream.
    pub fn ended(&self) -> bool {
        self.lines.lock().unwrap().ended
    }

    /// The bytes of the lines from that one on.
    pub fn since(&self, first: usize) -> Vec<u8> {
        self.lines.lock().unwrap().raw[first..].join(&b'\n')
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.since(0)).into_owned()
    }

    /// The first line that fits, if one comes in time.
    pub fn wait(&self, time: Duration, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        within(time, || {
            let ended = self.ended();
            let lines = self.lines.lock().unwrap();
            let parsed = lines.raw.iter().filter_map(|line| serde_json::from_slice::<Value>(line).ok());
            let found = parsed.into_iter().find(|line| fits(line));
            if found.is_none() && ended { Some(None) } else { found.map(Some) }
        })
        .flatten()
    }
}

/// A field of a log line, wherever the format puts it.
pub fn field<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    line.get(name).or_else(|| line.get("fields")?.get(name)).and_then(Value::as_str)
}
