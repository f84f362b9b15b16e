//! Asks for a password: on the terminal without showing it, or a line of a standard input that is none.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// The password; one line break at its end does not count.
pub(super) fn ask(question: &str) -> io::Result<String> {
    let stdin = io::stdin();
    let silence = if stdin.is_terminal() { Some(Silence::begin(question)?) } else { None };
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    drop(silence);
    read?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(password.to_owned()) }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin(question: &str) -> io::Result<Self> {
        let mut terminal = io::stderr().lock();
        write!(terminal, "{question}")?;
        terminal.flush()?;
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing any more.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
        let _ = writeln!(io::stderr().lock());
    }
}
