//! Standard output, which a reader such as `head` closes when it has seen enough: nothing has gone wrong then, and what
//! a command still has to do is done.

use std::io::{self, Stdout, Write};

/// Writes until the reader has gone, and then to nobody.
pub struct Pipe<W> {
    writer: W,
    closed: bool,
}

impl Pipe<Stdout> {
    /// Standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::around(io::stdout())
    }
}

impl<W: Write> Pipe<W> {
    /// Around any writer.
    pub fn around(writer: W) -> Self {
        Self { writer, closed: false }
    }

    fn unless_closed<T>(&mut self, written: io::Result<T>, unwritten: T) -> io::Result<T> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(unwritten)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = self.writer.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.writer.flush();
        self.unless_closed(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails in that way.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        let mut closed = Pipe::around(Broken(io::ErrorKind::BrokenPipe));
        assert!(writeln!(closed, "one").is_ok() && writeln!(closed, "two").is_ok() && closed.flush().is_ok());
        let mut full = Pipe::around(Broken(io::ErrorKind::StorageFull));
        assert!(writeln!(full, "one").is_err() && full.flush().is_err());
    }
}
