//! One section of the file, and the keys that it was asked for.

use std::cell::RefCell;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reading::Place;
use super::{Entry, Reading};
use crate::config::Fault;

/// A table of the file; it may be absent, which reads as empty.
pub(crate) struct Section<'s> {
    pub(super) reading: &'s Reading<'s>,
    /// As its header is written: `[server]`, `[[route]]`.
    pub(super) title: String,
    table: Option<&'s DeTable<'s>>,
    line: Option<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'s> Section<'s> {
    /// The whole file.
    pub(crate) fn root(reading: &'s Reading<'s>, table: &'s DeTable<'s>) -> Self {
        Self { reading, title: String::new(), table: Some(table), line: None, asked: RefCell::default() }
    }

    /// Reads the section, and then complains of the keys that nobody asked for.
    pub(crate) fn read<T>(&'s self, read: impl FnOnce(&'s Self) -> T) -> T {
        let value = read(self);
        self.refuse_unknown_keys();
        value
    }

    /// The section `[key]` below this one, or a complaint that it is missing.
    pub(crate) fn needed_one(&'s self, key: &'static str, remedy: &str) -> Self {
        let section = self.one(key);
        if self.entry(key).is_none() {
            section.complain(Fault::new("missing", remedy));
        }
        section
    }

    /// The section `[key]` below this one.
    pub(crate) fn one(&'s self, key: &'static str) -> Self {
        let title = format!("[{}]", self.path(key));
        let found = self.entry(key).and_then(|entry| match entry.value.get_ref() {
            DeValue::Table(_) => Some(entry.value),
            _ => entry.refuse_silently(Fault::new("not one section", format!("write {title} above its keys"))),
        });
        self.below(title, found)
    }

    /// Every section `[[key]]` below this one.
    pub(crate) fn many(&'s self, key: &'static str) -> Vec<Self> {
        let title = format!("[[{}]]", self.path(key));
        let Some(entry) = self.entry(key) else { return Vec::new() };
        match entry.value.get_ref() {
            DeValue::Array(array) if array.iter().all(|table| table.get_ref().is_table()) => {
                array.iter().map(|table| self.below(title.clone(), Some(table))).collect()
            }
            _ => {
                entry.complain_silently(Fault::new(
                    "not a list of sections",
                    format!("write {title} above the keys of each"),
                ));
                Vec::new()
            }
        }
    }

    /// The inline table that is the value of a key.
    pub(crate) fn inline(&'s self, entry: Entry<'s>) -> Option<Self> {
        entry.value.get_ref().is_table().then(|| self.below(format!("{} {}", self.title, entry.key), Some(entry.value)))
    }

    /// The key with its value, where it is written.
    pub(crate) fn entry(&'s self, key: &'static str) -> Option<Entry<'s>> {
        self.note(key);
        let value = self.table?.get(key)?;
        Some(Entry { reading: self.reading, section: &self.title, key, value })
    }

    /// The key with its value, or a complaint that it is missing; an absent section is complained of once, elsewhere.
    pub(crate) fn needed(&'s self, key: &'static str, remedy: &str) -> Option<Entry<'s>> {
        let entry = self.entry(key);
        if entry.is_none() && self.is_present() {
            self.reading.complain(self.place(key), Fault::new("missing", remedy));
        }
        entry
    }

    /// Whether the section is in the file.
    pub(crate) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Complains of the section as a whole.
    pub(crate) fn complain(&self, fault: Fault) {
        self.reading.complain(self.place(""), fault);
    }

    /// Warns of the section as a whole.
    pub(crate) fn warn(&self, fault: Fault) {
        self.reading.warn(self.place(""), fault);
    }

    /// The line of its header.
    pub(crate) fn line(&self) -> usize {
        self.line.unwrap_or(1)
    }

    /// Complains of every key that nobody asked for; its value may be a secret under a wrong name and is not shown.
    fn refuse_unknown_keys(&self) {
        for key in self.table.into_iter().flat_map(DeTable::keys) {
            if self.asked.borrow().contains(&key.get_ref().as_ref()) {
                continue;
            }
            let line = Some(self.reading.line(&key.span()));
            let name = key.get_ref().chars().take(80).flat_map(char::escape_debug).collect();
            let fault = self.unknown(key.get_ref());
            self.reading.complain(Place { line, key: name, ..self.place("") }, fault);
        }
    }

    fn unknown(&self, key: &str) -> Fault {
        let asked = self.asked.borrow();
        let remedy = nearest(key, asked.iter().copied()).map_or_else(
            || format!("remove it, or take one of: {}", asked.join(", ")),
            |near| format!("did you mean {near:?}?"),
        );
        Fault::new("unknown key", remedy)
    }

    fn below(&self, title: String, table: Option<&'s Spanned<DeValue<'s>>>) -> Self {
        Self {
            reading: self.reading,
            title,
            table: table.and_then(|table| table.get_ref().as_table()),
            line: table.map(|table| self.reading.line(&table.span())),
            asked: RefCell::default(),
        }
    }

    fn note(&self, key: &'static str) {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        #[cfg(test)]
        self.reading.asked.borrow_mut().insert((self.title.clone(), key));
    }

    fn path(&self, key: &str) -> String {
        match self.title.trim_matches(['[', ']']) {
            "" => key.to_owned(),
            above => format!("{above}.{key}"),
        }
    }

    fn place(&self, key: &str) -> Place {
        Place { line: self.line, section: self.title.clone(), key: key.to_owned(), value: None }
    }
}

/// The word that is most like this one, where one is like it.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let distance = |other: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &other.to_lowercase());
    let close = (word.chars().count() / 3).clamp(1, 4);
    let word_by_distance = known.into_iter().map(|other| (distance(other), other));
    word_by_distance.filter(|(distance, _)| *distance <= close).min().map(|(_, other)| other)
}
