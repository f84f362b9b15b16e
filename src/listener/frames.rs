//! The frames of an HTTP/2 connection (RFC 9113 §4.1), counted as they come in.
//!
//! A client may open and reset streams, or ask for acknowledgements, as fast as it can write; each costs it nothing and
//! us something (CVE-2023-44487 and its kin). The HTTP library bounds some of them; this bounds all but `WINDOW_UPDATE`, which
//! costs less than the bytes that it takes and is sent for every piece of a long answer.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// More frames that do no work than anybody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flood;

/// Follows a connection as its bytes arrive, however they are cut.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    /// What is left of the preface, or of the payload that is passed over.
    skip: usize,
    header: [u8; HEADER],
    have: usize,
    allowance: u32,
    counted: Instant,
    /// How many heads have begun.
    heads: u64,
    head: Head,
}

/// How far a head is: `HEADERS`, and as many `CONTINUATION` as it takes (RFC 9113 §6.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// None has begun that is not whole.
    Whole,
    /// More frames are to come.
    Open,
    /// The rest of its last frame is to come.
    Ending,
}

/// What the frames of a connection tell whoever serves it.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    flood: Notify,
    /// The head that is not whole, and since when.
    head: Mutex<Option<(u64, Instant)>>,
}

impl Alarm {
    /// Returns when there is a flood.
    pub(super) async fn flooded(&self) {
        self.flood.notified().await;
    }

    /// Since when a head has not come to its end.
    pub(super) fn head_since(&self) -> Option<Instant> {
        self.head.lock().map(|(_, since)| since)
    }

    pub(super) fn flood(&self) {
        self.flood.notify_one();
    }

    pub(super) fn note_head(&self, open: Option<u64>) {
        let mut head = self.head.lock();
        if head.map(|(number, _)| number) != open {
            *head = open.map(|number| (number, Instant::now()));
        }
    }
}

impl Frames {
    /// A connection from its first byte on.
    pub(super) fn new(now: Instant) -> Self {
        let (header, head) = ([0; HEADER], Head::Whole);
        Self { skip: PREFACE.len(), header, have: 0, allowance: BURST, counted: now, heads: 0, head }
    }

    /// Looks at the next bytes of the connection.
    pub(super) fn follow(&mut self, mut bytes: &[u8], now: impl Fn() -> Instant) -> Result<(), Flood> {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let here = self.skip.min(bytes.len());
                self.skip -= here;
                bytes = bytes.get(here..).unwrap_or_default();
                self.finish_head();
                continue;
            }
            let missing = (HEADER - self.have).min(bytes.len());
            let (here, rest) = bytes.split_at(missing);
            if let Some(room) = self.header.get_mut(self.have..self.have + missing) {
                room.copy_from_slice(here);
            }
            self.have += missing;
            bytes = rest;
            if self.have == HEADER {
                self.have = 0;
                self.count(&now)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, now: &impl Fn() -> Instant) -> Result<(), Flood> {
        let [high, middle, low, kind, flags, ..] = self.header;
        self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.follow_head(kind, flags);
        if self.works(kind, flags) {
            return Ok(());
        }
        if self.allowance == 0 {
            self.refill(now());
        }
        self.allowance = self.allowance.checked_sub(1).ok_or(Flood)?;
        Ok(())
    }

    /// The number of the head that has begun and is not whole.
    pub(super) fn open_head(&self) -> Option<u64> {
        (self.head != Head::Whole).then_some(self.heads)
    }

    fn follow_head(&mut self, kind: u8, flags: u8) {
        self.heads += u64::from(kind == HEADERS);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.head = if flags & END_HEADERS == 0 { Head::Open } else { Head::Ending };
            self.finish_head();
        }
    }

    fn finish_head(&mut self) {
        if self.head == Head::Ending && self.skip == 0 {
            self.head = Head::Whole;
        }
    }

    /// Whether a frame carries a request, or room for an answer.
    fn works(&self, kind: u8, flags: u8) -> bool {
        match kind {
            DATA => self.skip > 0 || flags & END_STREAM != 0,
            // What they open is bounded by `max_streams`, and what they hold by the size of a head.
            HEADERS | CONTINUATION | WINDOW_UPDATE => true,
            _ => false,
        }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted);
        let earned = u32::try_from(passed.as_millis() / EVERY.as_millis()).unwrap_or(BURST);
        if earned > 0 {
            self.allowance = earned.min(BURST);
            self.counted = now;
        }
    }
}

/// How a client begins (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Browsers reset some streams when a page is left, and proxies ping; nobody does it a thousand times in a row.
const BURST: u32 = 1000;
const EVERY: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn follow(frames: &mut Frames, bytes: &[u8]) -> Result<(), Flood> {
        let began = frames.counted;
        frames.follow(bytes, || began)
    }

    fn begun() -> Frames {
        let mut frames = Frames::new(Instant::now());
        follow(&mut frames, PREFACE).unwrap();
        frames
    }

    #[test]
    fn a_flood_of_frames_that_do_no_work_is_seen() {
        const RST_STREAM: u8 = 3;
        for (kind, payload) in [(RST_STREAM, 4), (2, 5), (4, 0), (6, 8), (DATA, 0), (99, 3)] {
            let mut frames = begun();
            let one = frame(kind, 0, &vec![0; payload]);
            follow(&mut frames, &one.repeat(1000)).unwrap();
            assert_eq!(follow(&mut frames.clone(), &one), Err(Flood), "{kind}");
            let later = frames.counted + Duration::from_secs(1);
            frames.follow(&one.repeat(100), || later).unwrap();
            assert_eq!(frames.follow(&one, || later), Err(Flood), "{kind}");
        }
    }

    #[test]
    fn requests_and_their_bodies_are_not_counted() {
        let mut frames = begun();
        let work =
            [frame(HEADERS, 4, b"abc"), frame(DATA, 0, b"body"), frame(DATA, END_STREAM, b""), frame(8, 0, &[0; 4])];
        follow(&mut frames, &work.concat().repeat(5000)).unwrap();
        assert_eq!(frames.allowance, BURST);
    }

    #[test]
    fn a_head_is_open_until_its_last_byte() {
        let mut frames = begun();
        let mut open_after = |bytes: &[u8]| {
            follow(&mut frames, bytes).unwrap();
            frames.open_head()
        };
        assert_eq!(open_after(&frame(HEADERS, END_HEADERS, b"whole")), None);
        assert_eq!(open_after(&frame(HEADERS, 0, b"first")), Some(2));
        assert_eq!(open_after(&frame(CONTINUATION, 0, b"")), Some(2));
        let last = frame(CONTINUATION, END_HEADERS, b"last");
        assert_eq!(open_after(&last[..last.len() - 1]), Some(2));
        assert_eq!(open_after(&last[last.len() - 1..]), None);
        assert_eq!(open_after(&frame(HEADERS, END_HEADERS, b"")), None);
        assert_eq!(open_after(&frame(DATA, 0, b"body")), None);
    }

    #[test]
    fn it_does_not_matter_where_the_reads_were_cut() {
        let bytes = [PREFACE, &frame(6, 0, &[0; 8]), &frame(HEADERS, 4, b"abcdef"), &frame(6, 0, &[0; 8])].concat();
        for cut in 0..bytes.len() {
            let mut frames = Frames::new(Instant::now());
            follow(&mut frames, &bytes[..cut]).unwrap();
            follow(&mut frames, &bytes[cut..]).unwrap();
            assert_eq!((frames.allowance, frames.skip, frames.have), (BURST - 2, 0, 0), "{cut}");
        }
    }
}
