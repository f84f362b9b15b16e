//! The end of a WebSocket that must end: what is being said is said to its end, then the reason follows
//! (RFC 6455 §5.5.1).

use std::sync::{Arc, OnceLock};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use crate::routing::CloseCode;

/// Asks a connection to say farewell; shared by its owner and its wire.
#[derive(Debug, Default)]
pub(super) struct Farewell {
    asked: OnceLock<CloseCode>,
    wire: AtomicWaker,
}

impl Farewell {
    /// Asks for it; the first code is said.
    pub(super) fn ask(&self, code: CloseCode) {
        self.asked.get_or_init(|| code);
        self.wire.wake();
    }

    fn asked(&self, waker: &Waker) -> Option<CloseCode> {
        self.wire.register(waker);
        self.asked.get().copied()
    }
}

/// What goes out to a client that asked for a WebSocket.
#[derive(Debug)]
pub(super) struct Outgoing {
    farewell: Arc<Farewell>,
    said: Said,
    /// What is left to write of the farewell, once it is begun.
    left: Option<&'static [u8]>,
}

/// How far the answer is.
#[derive(Debug)]
enum Said {
    /// Its head, as far as it was matched: nothing else than `101` makes a WebSocket.
    Head { ended: usize },
    /// Frames.
    Frames(Frame),
    /// An answer of another kind.
    Refusal,
}

/// Where in a frame of the server (RFC 6455 §5.2) the bytes are.
#[derive(Debug, Default)]
struct Frame {
    header: [u8; 14],
    have: usize,
    payload: u64,
}

/// What may be written now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// So many bytes of what the server says.
    Theirs(usize),
    /// The rest of the farewell; nothing is left of it when it is empty.
    Farewell(&'static [u8]),
}

impl Outgoing {
    pub(super) fn new(farewell: Arc<Farewell>) -> Self {
        Self { farewell, said: Said::Head { ended: 0 }, left: None }
    }

    /// Whose turn it is, if the server had so many bytes to say. `waker` is woken when that changes.
    pub(super) fn turn(&mut self, bytes: &[u8], waker: &Waker) -> Turn {
        if let Some(left) = self.left {
            return Turn::Farewell(left);
        }
        let Some(code) = self.farewell.asked(waker) else { return Turn::Theirs(bytes.len()) };
        let left = match &self.said {
            Said::Frames(frame) if frame.is_between() => close_frame(code),
            Said::Frames(frame) => return Turn::Theirs(frame.left(bytes)),
            // There is nobody to say it to.
            Said::Head { .. } | Said::Refusal => &[],
        };
        self.left = Some(left);
        Turn::Farewell(left)
    }

    /// So many bytes of the farewell were written.
    pub(super) fn wrote(&mut self, count: usize) {
        self.left = self.left.map(|left| left.get(count..).unwrap_or_default());
    }

    /// These bytes of the server were written.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match &mut self.said {
                Said::Refusal => return,
                Said::Head { ended } => {
                    self.said = Said::after(*ended, byte);
                    rest
                }
                Said::Frames(frame) if frame.payload > 0 => {
                    let skip = frame.left(bytes);
                    frame.payload -= skip as u64;
                    bytes.get(skip..).unwrap_or_default()
                }
                Said::Frames(frame) => {
                    frame.take(byte);
                    rest
                }
            };
        }
    }
}

impl Said {
    /// After one more byte of a head of which `ended` bytes are known: the status first, and then the end.
    fn after(ended: usize, byte: u8) -> Self {
        const STATUS: &[u8] = b"HTTP/1.1 101";
        const END: &[u8] = b"\r\n\r\n";
        if ended < STATUS.len() {
            return if STATUS.get(ended) == Some(&byte) { Self::Head { ended: ended + 1 } } else { Self::Refusal };
        }
        let matched = ended - STATUS.len();
        match END.get(matched) {
            Some(next) if *next == byte && matched + 1 == END.len() => Self::Frames(Frame::default()),
            Some(next) if *next == byte => Self::Head { ended: ended + 1 },
            Some(_) | None => Self::Head { ended: STATUS.len() + usize::from(byte == b'\r') },
        }
    }
}

impl Frame {
    /// One byte of a frame's header; the payload is passed over.
    fn take(&mut self, byte: u8) {
        if let Some(room) = self.header.get_mut(self.have) {
            *room = byte;
        }
        self.have += 1;
        if self.have >= 2 && self.have == self.header_length() {
            self.payload = self.payload_length();
            self.have = 0;
        }
    }

    /// How many of these bytes belong to a frame that is begun; none between two frames.
    fn left(&self, bytes: &[u8]) -> usize {
        if self.have > 0 {
            // The end of a header is not looked ahead for: bytes go one by one until its payload is known.
            return 1.min(bytes.len());
        }
        usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len())
    }

    fn is_between(&self) -> bool {
        self.have == 0 && self.payload == 0
    }

    fn header_length(&self) -> usize {
        let [_, length, ..] = self.header;
        let mask = if length & 0x80 == 0 { 0 } else { 4 };
        match length & 0x7f {
            126 => 4 + mask,
            127 => 10 + mask,
            _ => 2 + mask,
        }
    }

    fn payload_length(&self) -> u64 {
        match self.header {
            [_, length, a, b, c, d, e, f, g, h, ..] => match length & 0x7f {
                126 => u64::from(u16::from_be_bytes([a, b])),
                127 => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
                short => u64::from(short),
            },
        }
    }
}

/// A close frame of a server.
fn close_frame(code: CloseCode) -> &'static [u8] {
    match code {
        CloseCode::Policy => &[0x88, 2, 0x03, 0xf0],
        CloseCode::Unauthorized => &[0x88, 2, 0x11, 0x31],
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    fn opened() -> Outgoing {
        let mut outgoing = Outgoing::new(Arc::default());
        outgoing.follow(HEAD);
        outgoing
    }

    /// Writes as a connection does, asked for a farewell after `asked` bytes.
    fn play(bytes: &[u8], asked: usize) -> Vec<u8> {
        let (mut outgoing, mut wire, mut at) = (opened(), vec![], 0);
        loop {
            if at >= asked {
                outgoing.farewell.ask(CloseCode::Policy);
            }
            match outgoing.turn(&bytes[at..bytes.len().min(at + 1)], Waker::noop()) {
                Turn::Farewell([]) => return wire,
                Turn::Farewell(rest) => {
                    wire.push(rest[0]);
                    outgoing.wrote(1);
                }
                Turn::Theirs(0) => return wire,
                Turn::Theirs(count) => {
                    wire.extend(&bytes[at..at + count]);
                    outgoing.follow(&bytes[at..at + count]);
                    at += count;
                }
            }
        }
    }

    #[test]
    fn a_farewell_comes_between_two_frames() {
        let long = [&[0x82, 126, 1, 0][..], &[7; 256]].concat();
        let longer = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[7; 65536]].concat();
        let frames = [&b"\x81\x02hi"[..], &[0x89, 0], &long, &[0x81, 0x81, 1, 2, 3, 4, 9], &longer];
        let all = frames.concat();
        let mut ends = vec![0];
        for frame in frames {
            ends.push(ends.last().unwrap() + frame.len());
        }
        for asked in (0..300).chain([all.len() - 1, all.len()]) {
            let end = *ends.iter().find(|end| **end >= asked).unwrap();
            assert_eq!(
                play(&all, asked),
                [&all[..end], close_frame(CloseCode::Policy)].concat(),
                "asked after {asked} bytes"
            );
        }
    }

    #[test]
    fn a_close_frame_says_its_code() {
        for (code, number) in [(CloseCode::Policy, 1008_u16), (CloseCode::Unauthorized, 4401)] {
            let mut outgoing = opened();
            outgoing.farewell.ask(code);
            let Turn::Farewell(said) = outgoing.turn(b"", Waker::noop()) else { panic!("nothing is said") };
            assert_eq!(said, [&[0x88, 2][..], &number.to_be_bytes()].concat());
        }
    }

    #[test]
    fn nothing_is_said_where_no_websocket_was_opened() {
        for head in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/1.1 10", b"HTTP/1.1 101 Switching\r\nA: b\r\n", b""] {
            let mut outgoing = Outgoing::new(Arc::default());
            outgoing.follow(head);
            outgoing.farewell.ask(CloseCode::Policy);
            assert_eq!(outgoing.turn(b"more", Waker::noop()), Turn::Farewell(&[]));
        }
    }
}
