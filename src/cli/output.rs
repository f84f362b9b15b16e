//! What a command prints: a table on a terminal, tab-separated lines elsewhere, or JSON lines.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::store::is_invisible;

/// Where and how a command prints.
pub struct Output<'w> {
    form: Form,
    writer: &'w mut dyn Write,
}

/// How a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Aligned columns under a header, and sentences: for people.
    Table,
    /// A record a line, its cells separated by tabs, without a header: for `cut` and `grep`.
    Plain,
    /// A JSON object a line.
    Json,
}

/// Something that commands print.
pub trait Record: Serialize {
    /// The titles of the columns.
    const HEADER: &'static [&'static str];

    /// A cell for each of the columns.
    fn cells(&self) -> Vec<String>;
}

impl Form {
    /// The form that the options ask for.
    #[must_use]
    pub fn choose(json: bool, terminal: bool) -> Self {
        match (json, terminal) {
            (true, _) => Self::Json,
            (false, true) => Self::Table,
            (false, false) => Self::Plain,
        }
    }
}

impl<'w> Output<'w> {
    /// Prints to `writer`.
    pub fn new(form: Form, writer: &'w mut dyn Write) -> Self {
        Self { form, writer }
    }

    /// Prints records.
    pub fn list<R: Record>(&mut self, records: &[R]) -> io::Result<()> {
        match self.form {
            Form::Table => self.table(R::HEADER, records.iter().map(Record::cells)),
            Form::Plain => records.iter().try_for_each(|record| self.line(&record.cells())),
            Form::Json => records.iter().try_for_each(|record| self.json(record)),
        }
    }

    /// Prints one thing with all that is known of it, a field a line.
    pub fn show(&mut self, thing: &impl Serialize, fields: &[(&str, String)]) -> io::Result<()> {
        let rows = fields.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]);
        match self.form {
            Form::Table => self.table(&[], rows),
            Form::Plain => rows.into_iter().try_for_each(|row| self.line(&row)),
            Form::Json => self.json(thing),
        }
    }

    /// Reports what was done: a sentence for people, the thing as it is now for scripts.
    pub fn done(&mut self, sentence: &str, thing: &impl Serialize) -> io::Result<()> {
        match self.form {
            Form::Table | Form::Plain => writeln!(self.writer, "{}", visible(sentence)),
            Form::Json => self.json(thing),
        }
    }

    /// Adds a remark that only people read.
    pub fn remark(&mut self, sentence: &str) -> io::Result<()> {
        match self.form {
            Form::Table => writeln!(self.writer, "{}", visible(sentence)),
            Form::Plain | Form::Json => Ok(()),
        }
    }

    fn table(&mut self, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if !header.is_empty() {
            table.set_header(header.to_vec());
        }
        for row in rows {
            table.add_row(row.iter().map(|cell| visible(cell)).collect::<Vec<_>>());
        }
        // The style pads each cell on both sides; the first column begins at the margin.
        table
            .lines()
            .try_for_each(|line| writeln!(self.writer, "{}", line.strip_prefix(' ').unwrap_or(&line).trim_end()))
    }

    fn line(&mut self, cells: &[String]) -> io::Result<()> {
        let cells: Vec<_> = cells.iter().map(|cell| visible(cell)).collect();
        writeln!(self.writer, "{}", cells.join("\t"))
    }

    fn json(&mut self, thing: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self.writer, thing)?;
        writeln!(self.writer)
    }
}

/// Names come from people: what a terminal would obey, and what nobody would see, is written as an escape.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character != ' ' && is_invisible(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Pair(&'static str, &'static str);

    impl Record for Pair {
        const HEADER: &'static [&'static str] = &["name", "value"];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.1.to_owned()]
        }
    }

    fn printed(form: Form, pairs: &[Pair]) -> String {
        let mut bytes = Vec::new();
        Output::new(form, &mut bytes).list(pairs).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn records_are_a_table_or_plain_or_json() {
        let pairs = [Pair("alice", "a b"), Pair("b", "")];
        assert_eq!(printed(Form::Table, &pairs), "name   value\nalice  a b\nb\n");
        assert_eq!(printed(Form::Plain, &pairs), "alice\ta b\nb\t\n");
        assert_eq!(printed(Form::Json, &pairs), "[\"alice\",\"a b\"]\n[\"b\",\"\"]\n");
    }

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        let evil = [Pair("a\u{1b}[2J\tb", "x\u{202e}y")];
        assert_eq!(printed(Form::Plain, &evil), "a\\u{1b}[2J\\tb\tx\\u{202e}y\n");
    }
}
