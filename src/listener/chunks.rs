//! The chunks of a request body (RFC 9112 §7.1): framed in one way only, or refused. Nothing is rewritten.
//!
//! Pingora reads blanks behind a size and bare line feeds; a server before or behind this one may read them otherwise.

/// What a connection brought that cannot be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunks of the request body are malformed")]
pub(super) struct BadChunk;

/// Follows a body as its bytes arrive, however they are cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunks {
    at: At,
    /// What is left of the chunk's data, or its size so far.
    size: u64,
    /// How long the line is so far, or the trailers are.
    line: usize,
    /// How long all extensions of the body are so far.
    extensions: usize,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Size,
    Extension,
    SizeFeed,
    Data,
    DataReturn,
    DataFeed,
    TrailerStart,
    Trailer,
    TrailerFeed,
    LastFeed,
    /// The body is over; what follows is no part of it.
    End,
}

impl Chunks {
    /// Looks at the next bytes of the connection.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> Result<(), BadChunk> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.at == At::End {
                return Ok(());
            }
            bytes = if self.at == At::Data { self.skip(bytes) } else { self.step(*first).map(|()| rest)? };
        }
        Ok(())
    }

    /// Past the data of a chunk, as far as it is there.
    fn skip<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let here = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len());
        self.size -= here as u64;
        if self.size == 0 {
            self.at = At::DataReturn;
        }
        bytes.get(here..).unwrap_or_default()
    }

    fn step(&mut self, byte: u8) -> Result<(), BadChunk> {
        self.line += 1;
        self.at = match (self.at, byte) {
            (At::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if self.line <= LONGEST_SIZE => {
                self.size = self.size << 4 | u64::from(char::from(byte).to_digit(16).ok_or(BadChunk)?);
                At::Size
            }
            (At::Size, b';') if self.line > 1 => At::Extension,
            (At::Size, b'\r') if self.line > 1 => At::SizeFeed,
            (At::Extension, b'\r') => At::SizeFeed,
            (At::Extension, _) if is_text(byte) && self.line <= LONGEST_LINE => At::Extension,
            (At::SizeFeed, b'\n') if self.size == 0 => self.line_of(At::TrailerStart),
            (At::SizeFeed, b'\n') => At::Data,
            (At::DataReturn, b'\r') => At::DataFeed,
            (At::DataFeed, b'\n') => self.line_of(At::Size),
            (At::TrailerStart, b'\r') => At::LastFeed,
            (At::TrailerStart | At::Trailer, _) if is_text(byte) && self.line <= LONGEST_TRAILERS => At::Trailer,
            (At::Trailer, b'\r') => At::TrailerFeed,
            (At::TrailerFeed, b'\n') => At::TrailerStart,
            (At::LastFeed, b'\n') => At::End,
            _ => return Err(BadChunk),
        };
        self.extensions += usize::from(self.at == At::Extension);
        if self.extensions > LONGEST_EXTENSIONS { Err(BadChunk) } else { Ok(()) }
    }

    fn line_of(&mut self, next: At) -> At {
        (self.size, self.line) = (0, 0);
        next
    }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Digits of a size: no body has more.
const LONGEST_SIZE: usize = 15;
const LONGEST_LINE: usize = 1024;
/// Of a whole body (RFC 9112 §7.1.1 asks for a limit): nobody uses them, and each chunk costs more than its bytes.
const LONGEST_EXTENSIONS: usize = 16 * 1024;
const LONGEST_TRAILERS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &[u8]) -> Result<At, BadChunk> {
        let mut chunks = Chunks::default();
        chunks.follow(body).map(|()| chunks.at)
    }

    #[test]
    fn extensions_are_counted_over_the_whole_body() {
        let body = |chunks: usize| [b"1;xx\r\na\r\n".repeat(chunks).as_slice(), b"0\r\n\r\n"].concat();
        assert_eq!(read(&body(5000)), Ok(At::End));
        assert_eq!(read(&body(6000)), Err(BadChunk));
    }

    #[test]
    fn well_framed_bodies_come_to_their_end() {
        for body in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "0A;name=\"v x\"\r\n0123456789\r\n00\r\n\r\n",
            "1\r\na\r\n0\r\nDigest: x\r\nOther: y\r\n\r\n",
            "1\r\n\n\r\n0\r\n\r\nGET / HTTP/1.1\nanything",
        ] {
            assert_eq!(read(body.as_bytes()), Ok(At::End), "{body:?}");
        }
        assert_eq!(read(b"3\r\nab"), Ok(At::Data));
    }

    #[test]
    fn doubtful_framing_is_refused() {
        for body in [
            "1 \r\na\r\n0\r\n\r\n",
            " 1\r\na\r\n0\r\n\r\n",
            "1\t;x\r\na",
            "\r\na",
            ";x\r\na",
            "0x1\r\na",
            "+1\r\na",
            "1_0\r\n",
            "1\na\r\n",
            "1\r\na\n0",
            "1\r\nab\r\n",
            "1;a\nb\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\n\n",
            "0\r\nA: b\0\r\n\r\n",
            "ffffffffffffffff\r\n",
            "0000000000000001\r\na",
        ] {
            assert_eq!(read(body.as_bytes()), Err(BadChunk), "{body:?}");
        }
        assert_eq!(read(format!("1;{}\r\n", "x".repeat(2000)).as_bytes()), Err(BadChunk));
        assert_eq!(read(format!("0\r\n{}", "a: b\r\n".repeat(5000)).as_bytes()), Err(BadChunk));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_reads_were_cut(
            body in "([0-3]|1;a|2 )?(\r\n|\n)?[ab]{0,3}(\r\n)?0?\r\n(A: b\r\n)?\r\n", cuts in prop::collection::vec(0_usize..40, 0..4)
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
            cuts.extend([0, body.len()]);
            cuts.sort_unstable();
            let mut chunks = Chunks::default();
            let pieces = cuts.windows(2).try_for_each(|ends| chunks.follow(&body.as_bytes()[ends[0]..ends[1]]));
            prop_assert_eq!(pieces.map(|()| chunks.at), read(body.as_bytes()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
