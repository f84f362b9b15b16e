//! HTTP/1.1 messages as bytes, read from a blocking socket without changing any.

use std::io::{self, Read};

/// Reads messages off one connection.
pub struct Reader<S> {
    /// The connection.
    pub stream: S,
    /// Bytes read and not yet used.
    pub buffer: Vec<u8>,
}

/// How much body follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks (RFC 9112 §7.1).
    Chunked,
    /// Everything until the connection ends.
    UntilClose,
}

impl<S: Read> Reader<S> {
    /// Reads from a connection that is at the start of a message.
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The head with its empty line; `None` where the connection ends before the first byte of one.
    pub fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                return Ok(Some(self.buffer.drain(..end + 4).collect()));
            }
            if self.fill()? == 0 {
                let clean = self.buffer.is_empty();
                return if clean { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// The body as it came, chunk lines included, given piece by piece.
    pub fn body(&mut self, framing: Framing, mut piece: impl FnMut(&[u8])) -> io::Result<()> {
        match framing {
            Framing::Length(mut left) => {
                while left > 0 {
                    self.need(1)?;
                    let count = self.buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    piece(&self.buffer[..count]);
                    self.buffer.drain(..count);
                    left -= count as u64;
                }
            }
            Framing::Chunked => loop {
                let line = self.line(&mut piece)?;
                let size = std::str::from_utf8(&line).ok().and_then(|line| line.split(';').next());
                let size = size.and_then(|size| u64::from_str_radix(size.trim(), 16).ok());
                let size = size.ok_or(io::ErrorKind::InvalidData)?;
                if size == 0 {
                    while self.line(&mut piece)? != b"\r\n" {}
                    return Ok(());
                }
                self.body(Framing::Length(size + 2), &mut piece as &mut dyn FnMut(&[u8]))?;
            },
            Framing::UntilClose => loop {
                piece(&std::mem::take(&mut self.buffer));
                if self.fill()? == 0 {
                    return Ok(());
                }
            },
        }
        Ok(())
    }

    fn line(&mut self, piece: &mut impl FnMut(&[u8])) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\n") {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                piece(&line);
                return Ok(line);
            }
            self.need(self.buffer.len() + 1)?;
        }
    }

    fn need(&mut self, count: usize) -> io::Result<()> {
        while self.buffer.len() < count {
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Reads once more; 0 at the end.
    pub fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 16 * 1024];
        let count = loop {
            match self.stream.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.buffer.extend(&chunk[..count]);
        Ok(count)
    }
}

/// Where `needle` begins in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// The fields of a head in order, names and values as they came.
pub fn fields(head: &[u8]) -> Vec<(String, String)> {
    let text: String = head.iter().map(|byte| char::from(*byte)).collect();
    let lines = text.split("\r\n").skip(1).filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(':').unwrap_or((line, "")))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// The values of the fields of this name, ignoring case.
pub fn values(head: &[u8], name: &str) -> Vec<String> {
    fields(head).into_iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

/// What a head says of its body; `otherwise` where it says nothing.
pub fn framing(head: &[u8], otherwise: Framing) -> Framing {
    if values(head, "transfer-encoding").iter().any(|value| value.eq_ignore_ascii_case("chunked")) {
        return Framing::Chunked;
    }
    values(head, "content-length").first().and_then(|value| value.parse().ok()).map_or(otherwise, Framing::Length)
}

/// The data of a chunked body.
pub fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(end) = find(body, b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).ok().and_then(|line| usize::from_str_radix(line, 16).ok());
        let size = size.filter(|size| *size > 0 && body.len() >= end + 2 + size + 2);
        let Some(size) = size else { break };
        data.extend(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
    data
}

#[test]
fn bodies_end_where_their_framing_says() {
    let wire = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    let mut reader = Reader::new(&wire[..]);
    let head = reader.head().unwrap().unwrap();
    let mut body: Vec<u8> = Vec::new();
    reader.body(framing(&head, Framing::Length(0)), |piece| body.extend(piece)).unwrap();
    assert_eq!(body, b"3;x\r\nabc\r\n0\r\n\r\n");
    assert!(reader.head().unwrap().unwrap().starts_with(b"GET"));
    assert_eq!(dechunked(b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), b"abcd");
}
