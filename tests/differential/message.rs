//! Makes requests: mostly well formed, with a trick here and there, then perhaps with bytes changed.

use super::dice::Dice;
use super::stream::Stream;
use super::tricks::{
    BYTES, FIELDS, FORGERIES, METHODS, ODD_CHUNKS, ODD_FRAMINGS, ODD_HOSTS, ODD_METHODS, ODD_TARGETS, ODD_VERSIONS,
    TARGETS, TEXTS,
};
use crate::support::words::bytes;

/// What one client says on one connection.
pub enum Conversation {
    /// In HTTP/1.1; the last request asks to close.
    Http1(Vec<Turn>),
    /// In HTTP/2.
    Http2(Vec<Stream>),
}

/// One request of it.
pub struct Turn {
    /// The bytes, in the pieces in which they are sent.
    pub pieces: Vec<Vec<u8>>,
    /// Whether the answer is read before more is said.
    pub waits: bool,
}

/// Makes conversations.
pub struct Author<'a> {
    pub(super) dice: Dice,
    tokens: &'a [String],
    /// Whether the request in the making gets tricks. After a doubtful one the gateway closes, so most are sober.
    pub(super) bold: bool,
}

impl<'a> Author<'a> {
    /// One who always writes the same for a seed.
    pub fn new(seed: u64, tokens: &'a [String]) -> Self {
        Self { dice: Dice::new(seed), tokens, bold: false }
    }

    /// The next conversation.
    pub fn conversation(&mut self) -> Conversation {
        if self.dice.chance(25) {
            return Conversation::Http2((0..=self.dice.below(4)).map(|_| self.stream()).collect());
        }
        let mut requests: Vec<Turn> = (0..=self.dice.below(4)).map(|_| self.turn()).collect();
        let last = b"GET /public/last HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n";
        requests.push(Turn { pieces: vec![last.to_vec()], waits: false });
        Conversation::Http1(requests)
    }

    fn turn(&mut self) -> Turn {
        self.bold = self.dice.chance(45);
        let mut request = self.request();
        if self.bold && self.dice.chance(50) {
            self.mutate(&mut request);
        }
        let mut pieces = vec![request];
        if self.dice.chance(30) {
            let cut = self.dice.below(pieces[0].len().max(1));
            let rest = pieces[0].split_off(cut);
            pieces.push(rest);
        }
        Turn { pieces, waits: self.dice.chance(75) }
    }

    fn request(&mut self) -> Vec<u8> {
        let method = self.either(8, ODD_METHODS, METHODS);
        let target = self.either(15, ODD_TARGETS, TARGETS);
        let version = self.either(6, ODD_VERSIONS, &["HTTP/1.1"]);
        let mut lines = vec![self.either(12, ODD_HOSTS, &["Host: gw.test", "Host: gw.test:8000"]).to_owned()];
        lines.extend(self.fields());
        let body = self.body(method, &mut lines);
        for at in (1..lines.len()).rev() {
            let other = self.dice.below(at + 1);
            lines.swap(at, other);
        }
        bytes(&format!("{method} {target} {version}\r\n{}\r\n\r\n{body}", lines.join("\r\n")))
    }

    /// A token, in most, and in bold requests what is strange or forged.
    pub(super) fn fields(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.dice.chance(70) {
            lines.push(format!("Authorization: Bearer {}", self.tokens[self.dice.below(self.tokens.len())]));
        }
        for (percent, most, from) in [(40, 3, FIELDS), (25, 2, FORGERIES)] {
            if self.bold && self.dice.chance(percent) {
                for _ in 0..=self.dice.below(most) {
                    lines.push(self.dice.pick(from).to_owned());
                }
            }
        }
        lines
    }

    /// A body, with the lines that frame it; nothing in most requests that need none.
    fn body(&mut self, method: &str, lines: &mut Vec<String>) -> String {
        let wanted = if matches!(method, "POST" | "PUT" | "PATCH") { 85 } else { 12 };
        if !self.dice.chance(wanted) {
            return String::new();
        }
        let text = self.dice.pick(TEXTS);
        match self.dice.below(if self.bold { 10 } else { 7 }) {
            0..4 => {
                lines.push(format!("Content-Length: {}", text.len()));
                text.to_owned()
            }
            4..7 => {
                lines.push("Transfer-Encoding: chunked".to_owned());
                self.chunked(text)
            }
            7 => {
                let wrong = (text.len() + self.dice.below(40)).saturating_sub(20);
                lines.push(format!("Content-Length: {wrong}"));
                text.to_owned()
            }
            _ => {
                let body = if self.dice.chance(50) { self.chunked(text) } else { text.to_owned() };
                lines.push(self.dice.pick(ODD_FRAMINGS).replace("{n}", &body.len().to_string()));
                body
            }
        }
    }

    fn chunked(&mut self, text: &str) -> String {
        if self.bold && self.dice.chance(50) {
            return self.dice.pick(ODD_CHUNKS).to_owned();
        }
        let chunk = if text.is_empty() { String::new() } else { format!("{:x}\r\n{text}\r\n", text.len()) };
        format!("{chunk}0\r\n\r\n")
    }

    fn mutate(&mut self, request: &mut Vec<u8>) {
        for _ in 0..=self.dice.below(3) {
            let at = self.dice.below(request.len());
            let byte = BYTES[self.dice.below(BYTES.len())];
            match self.dice.below(7) {
                0 => drop(request.remove(at)),
                1 => request.insert(at, byte),
                2 => request[at] = byte,
                3 => request[at] ^= 1 << self.dice.below(8),
                4 => request.splice(at..at, [byte; 3]).for_each(drop),
                5 => {
                    let end = (at + 1 + self.dice.below(40)).min(request.len());
                    let copy = request[at..end].to_vec();
                    request.splice(end..end, copy).for_each(drop);
                }
                _ => {
                    let end = (at + 1 + self.dice.below(12)).min(request.len());
                    request.drain(at..end).for_each(drop);
                }
            }
            if request.is_empty() {
                return;
            }
        }
    }

    pub(super) fn either(&mut self, percent: usize, odd: &[&'static str], ordinary: &[&'static str]) -> &'static str {
        let odd_one = self.bold && self.dice.chance(percent);
        self.dice.pick(if odd_one { odd } else { ordinary })
    }
}
