//! Makes requests of HTTP/2: of the same material, and of what only HTTP/2 can say.

use super::message::Author;
use super::tricks::{INJECTIONS, METHODS, ODD_FRAMINGS, ODD_HOSTS, ODD_METHODS, ODD_TARGETS, TARGETS, TEXTS};
use crate::support::h2::Fields;
use crate::support::words::bytes;

/// One request, on a stream of its own.
pub struct Stream {
    /// Its fields, pseudo-fields among them.
    pub fields: Fields,
    pub body: Vec<u8>,
}

impl Author<'_> {
    /// The next request of HTTP/2.
    pub(super) fn stream(&mut self) -> Stream {
        self.bold = self.dice.chance(45);
        let method = self.either(8, ODD_METHODS, METHODS);
        let path = self.either(15, ODD_TARGETS, TARGETS);
        let host = self.either(12, ODD_HOSTS, &["Host: gw.test", "Host: gw.test:8000"]);
        let authority = host.split_once(':').map_or(host, |(_, authority)| authority).trim();
        let mut lines = self.fields();
        let body = self.data(method, &mut lines);
        let pseudo = [(":method", method), (":scheme", "http"), (":authority", authority), (":path", path)];
        let mut fields: Fields = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        fields.extend(lines.iter().map(|line| self.field(line)));
        if self.bold {
            self.spoil(&mut fields);
        }
        Stream { fields, body }
    }

    /// Bytes, with the lines that contradict how many they are, where any do.
    fn data(&mut self, method: &str, lines: &mut Vec<String>) -> Vec<u8> {
        let wanted = if matches!(method, "POST" | "PUT" | "PATCH") { 85 } else { 12 };
        if !self.dice.chance(wanted) {
            return Vec::new();
        }
        let text = self.dice.pick(TEXTS);
        match self.dice.below(if self.bold { 8 } else { 5 }) {
            0..3 => {}
            3..5 => lines.push(format!("Content-Length: {}", text.len())),
            5 => lines.push(format!("Content-Length: {}", self.dice.below(60))),
            _ => lines.push(self.dice.pick(ODD_FRAMINGS).replace("{n}", &text.len().to_string())),
        }
        bytes(text)
    }

    /// Mostly as HTTP/2 wants it.
    fn field(&mut self, line: &str) -> (String, String) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let name = if self.bold && self.dice.chance(10) { name.to_owned() } else { name.to_lowercase() };
        let value = if self.bold && self.dice.chance(10) { value } else { value.trim() };
        (name, value.to_owned())
    }

    /// Some of what no line of HTTP/1.1 can say.
    fn spoil(&mut self, fields: &mut Fields) {
        if self.dice.chance(30) {
            let at = self.dice.below(fields.len());
            let injection = self.dice.pick(INJECTIONS);
            let (name, value) = &mut fields[at];
            if self.dice.chance(75) { value.push_str(injection) } else { name.push_str(injection) }
        }
        if self.dice.chance(20) {
            let strange = self.dice.pick(&[
                ":path\t/admin/panel",
                ":method\tDELETE",
                ":authority\tevil.test",
                ":protocol\twebsocket",
                ":status\t200",
                ":x-auth-user-id\troot",
                "host\tevil.test",
                "host\tgw.test",
                "\troot",
                "cookie\ta=b",
            ]);
            let (name, value) = strange.split_once('\t').unwrap();
            let at = self.dice.below(fields.len() + 1);
            fields.insert(at, (name.to_owned(), value.to_owned()));
        }
        if self.dice.chance(10) {
            let gone = self.dice.below(fields.len());
            fields.remove(gone);
        }
    }
}
