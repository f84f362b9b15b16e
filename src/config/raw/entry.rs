//! One key with its value.

use toml::Spanned;
use toml::de::DeValue;

use super::Reading;
use super::reading::Place;
use crate::config::Fault;
use crate::config::shown::shown;

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'s> {
    pub(super) reading: &'s Reading<'s>,
    pub(super) section: &'s str,
    pub(super) key: &'static str,
    pub(super) value: &'s Spanned<DeValue<'s>>,
}

impl<'s> Entry<'s> {
    /// Reads a string.
    pub(crate) fn parse<T>(&self, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        match self.value.get_ref() {
            DeValue::String(text) => self.accept(parse(text)),
            other => self.refuse(expected("a string in quotes", other)),
        }
    }

    /// The elements of an array.
    pub(crate) fn elements(&self) -> Option<Vec<Entry<'s>>> {
        self.quiet_elements().or_else(|| self.refuse(expected("a list in brackets", self.value.get_ref())))
    }

    /// The string, where it is one.
    pub(crate) fn text(&self) -> Option<&'s str> {
        self.value.get_ref().as_str()
    }

    /// The elements, where it is an array; complaints about it are made elsewhere.
    pub(crate) fn quiet_elements(&self) -> Option<Vec<Entry<'s>>> {
        let array = self.value.get_ref().as_array()?;
        Some(array.iter().map(|value| Entry { value, ..*self }).collect())
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.refuse(expected("true or false", other)),
        }
    }

    pub(super) fn integer(&self) -> Option<u64> {
        match self.value.get_ref() {
            DeValue::Integer(number) => {
                let number = u64::from_str_radix(number.as_str(), number.radix());
                self.accept(number.map_err(|_| Fault::new("out of range", "write a smaller number, not below zero")))
            }
            other => self.refuse(expected("a whole number", other)),
        }
    }

    /// The value, or a complaint.
    pub(crate) fn accept<T>(&self, result: Result<T, Fault>) -> Option<T> {
        result.map_or_else(|fault| self.refuse(fault), Some)
    }

    /// Complains, quoting the value, in place of a value.
    pub(crate) fn refuse<T>(&self, fault: Fault) -> Option<T> {
        self.complain(fault);
        None
    }

    /// Complains without a word of the value, in place of a value.
    pub(crate) fn refuse_silently<T>(&self, fault: Fault) -> Option<T> {
        self.complain_silently(fault);
        None
    }

    /// Complains, quoting the value.
    pub(crate) fn complain(&self, fault: Fault) {
        self.reading.complain(self.place(shown(self.value.get_ref())), fault);
    }

    /// Complains without a word of the value.
    pub(crate) fn complain_silently(&self, fault: Fault) {
        self.reading.complain(self.place(None), fault);
    }

    /// Warns, quoting the value.
    pub(crate) fn warn(&self, fault: Fault) {
        self.reading.warn(self.place(shown(self.value.get_ref())), fault);
    }

    fn place(&self, value: Option<String>) -> Place {
        let line = Some(self.reading.line(&self.value.span()));
        Place { line, section: self.section.to_owned(), key: self.key.to_owned(), value }
    }
}

fn expected(what: &str, found: &DeValue<'_>) -> Fault {
    Fault::new(format!("found {} {}", article(found), found.type_str()), format!("write {what}"))
}

fn article(found: &DeValue<'_>) -> &'static str {
    match found {
        DeValue::Integer(_) | DeValue::Array(_) => "an",
        DeValue::String(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => "a",
    }
}
