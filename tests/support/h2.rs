//! HTTP/2 by hand: frames (RFC 9113 §4.1) as they are, and fields (RFC 7541) without any compression.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::socket::Socket;
use super::words::bytes;

/// A connection that has sent its preface.
pub struct Connection {
    socket: Socket,
    buffer: Vec<u8>,
}

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// What became of a stream.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The status, where there was a response.
    pub status: Option<u16>,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether the response came to its end.
    pub ended: bool,
    /// The error code of RST_STREAM.
    pub reset: Option<u32>,
    /// The error code of GOAWAY.
    pub gone: Option<u32>,
    /// Whether the connection was closed.
    pub closed: bool,
}

/// Names and values in order.
pub type Fields = Vec<(String, String)>;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Connection {
    /// Connects without TLS, and begins.
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(Socket::Plain(stream))
    }

    /// Begins on a socket that is there.
    pub fn over(socket: Socket) -> Self {
        let mut connection = Self { socket, buffer: Vec::new() };
        // No table: a response's fields are then read without what was said before.
        connection.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0])].concat());
        connection
    }

    /// Sends bytes; a server that has gone is no error.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes);
        let _ = self.socket.flush();
    }

    /// Sends bytes for as long as they are taken within that time; whether all were.
    pub fn flood(&mut self, bytes: &[u8], times: usize, within: Duration) -> bool {
        self.socket.tcp().set_write_timeout(Some(within)).unwrap();
        (0..times).all(|_| self.socket.write_all(bytes).is_ok())
    }

    /// The next frame; nothing where none came in that time, an error where the connection is over.
    pub fn next(&mut self, within: Duration) -> io::Result<Option<Frame>> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(frame) = self.take() {
                return Ok(Some(frame));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.tcp().set_read_timeout(Some(left))?;
            let mut chunk = [0; 16 * 1024];
            match self.socket.read(&mut chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.buffer.extend(&chunk[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads until a stream is over, or the connection, or that time; settings are acknowledged.
    pub fn outcome(&mut self, stream: u32, within: Duration) -> Outcome {
        let (mut outcome, deadline) = (Outcome::default(), Instant::now() + within);
        loop {
            let frame = match self.next(deadline.saturating_duration_since(Instant::now())) {
                Ok(Some(frame)) => frame,
                Ok(None) => return outcome,
                Err(_) => return Outcome { closed: true, ..outcome },
            };
            match (frame.kind, frame.stream) {
                (SETTINGS, 0) if frame.flags & ACK == 0 => self.send(&super::h2::frame(SETTINGS, ACK, 0, &[])),
                (GOAWAY, 0) => {
                    outcome.gone = Some(number(&frame.payload[4..8]));
                    // A farewell that lets the streams end is no end.
                    if outcome.gone != Some(0) {
                        return outcome;
                    }
                }
                (RST_STREAM, id) if id == stream => {
                    outcome.reset = Some(number(&frame.payload));
                    return outcome;
                }
                (HEADERS, id) if id == stream => outcome.status = outcome.status.or(status(&frame.payload)),
                (DATA, id) if id == stream => outcome.body.extend(&frame.payload),
                _ => {}
            }
            if matches!(frame.kind, HEADERS | DATA) && frame.stream == stream && frame.flags & END_STREAM != 0 {
                outcome.ended = true;
                return outcome;
            }
        }
    }

    /// Whether the server ends the connection within that time.
    pub fn is_closed_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now())) {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let header = self.buffer.get(..9)?;
        let length = usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2]);
        let (kind, flags, stream) = (header[3], header[4], number(&header[5..9]) & 0x7fff_ffff);
        let payload = self.buffer.get(9..9 + length)?.to_vec();
        self.buffer.drain(..9 + length);
        Some(Frame { kind, flags, stream, payload })
    }
}

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A block of fields, in HEADERS and, where it is long, CONTINUATION.
pub fn headers(stream: u32, fields: &[(String, String)], end_stream: bool) -> Vec<u8> {
    let block = block(fields);
    let mut pieces = block.chunks(16 * 1024).peekable();
    let mut out = Vec::new();
    let (mut kind, mut flags) = (HEADERS, if end_stream { END_STREAM } else { 0 });
    while let Some(piece) = pieces.next() {
        flags |= if pieces.peek().is_none() { END_HEADERS } else { 0 };
        out.extend(frame(kind, flags, stream, piece));
        (kind, flags) = (CONTINUATION, 0);
    }
    out
}

/// Fields as literals that are not indexed (RFC 7541 §6.2.2); one character is one byte.
pub fn block(fields: &[(String, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        for text in [name, value] {
            let text = bytes(text);
            out.extend(length(text.len()));
            out.extend(text);
        }
    }
    out
}

/// A GET as a block wants it.
pub fn get(path: &str) -> Fields {
    [(":method", "GET"), (":scheme", "http"), (":authority", "gw.test"), (":path", path)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// An integer with a prefix of seven bits (RFC 7541 §5.1).
fn length(mut length: usize) -> Vec<u8> {
    if length < 127 {
        return vec![length as u8];
    }
    length -= 127;
    let mut out = vec![127];
    while length >= 128 {
        out.push((length % 128 + 128) as u8);
        length /= 128;
    }
    out.push(length as u8);
    out
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The status, which is the first field of a response: from the static table, or three digits in Huffman's code.
fn status(block: &[u8]) -> Option<u16> {
    let skip = block.iter().take_while(|byte| **byte & 0xe0 == 0x20).count();
    match block.get(skip..)? {
        [index @ 0x88..=0x8e, ..] => Some([200, 204, 206, 304, 400, 404, 500][usize::from(index - 0x88)]),
        [0x48 | 0x08, length, rest @ ..] if length & 0x80 != 0 => digits(rest.get(..usize::from(length & 0x7f))?),
        [0x48 | 0x08, 3, rest @ ..] => std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok(),
        _ => None,
    }
}

/// Digits in Huffman's code (RFC 7541 Appendix B): 0 to 2 have five bits, 3 to 9 have six.
fn digits(coded: &[u8]) -> Option<u16> {
    let bits: Vec<u8> = coded.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let value = |bits: &[u8]| bits.iter().fold(0_u16, |value, bit| value << 1 | u16::from(*bit));
    let (mut at, mut number) = (0, 0);
    for _ in 0..3 {
        let short = value(bits.get(at..at + 5)?);
        let (digit, width) =
            if short <= 2 { (short, 5) } else { (value(bits.get(at..at + 6)?).checked_sub(0b01_1001)? + 3, 6) };
        number = number * 10 + digit;
        at += width;
    }
    Some(number)
}

#[test]
fn a_status_is_read_however_it_is_written() {
    assert_eq!(status(&[0x88]), Some(200));
    assert_eq!(status(&[0x20, 0x8c]), Some(400));
    // 401: 011010 00000 00001, filled with ones.
    assert_eq!(status(&[0x48, 0x82, 0b0110_1000, 0b0000_0001]), Some(401));
}
