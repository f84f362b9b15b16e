//! Readers for lists of strings.

use super::Section;
use crate::config::{Fault, name};

impl<'s> Section<'s> {
    /// A list that may be empty; each element is read on its own, and none may stand twice.
    pub(crate) fn list<T: PartialEq>(
        &'s self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<Vec<T>> {
        let mut list = Vec::new();
        for element in self.entry(key)?.elements()? {
            let Some(value) = element.parse(&parse) else { continue };
            if list.contains(&value) {
                element.complain(Fault::new("stands here twice", "remove one"));
            } else {
                list.push(value);
            }
        }
        Some(list)
    }

    /// A list that holds something.
    pub(crate) fn filled_list<T: PartialEq>(
        &'s self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<Vec<T>> {
        let entry = self.entry(key)?;
        if entry.quiet_elements().is_some_and(|elements| elements.is_empty()) {
            return entry.refuse(Fault::new("an empty list", "write what it should hold, or remove the key"));
        }
        self.list(key, parse)
    }

    /// A list of names, empty where the key is not written.
    pub(crate) fn names(&'s self, key: &'static str) -> Vec<String> {
        self.filled_list(key, name::parse).unwrap_or_default()
    }
}
