//! Readers for single values, each with its default.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Entry, Section};
use crate::config::{Fault, Secret, SecretError, SecretSource, duration, size};

impl<'s> Section<'s> {
    /// A string that is read into a value.
    pub(crate) fn parsed<T>(&'s self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        self.entry(key)?.parse(parse)
    }

    /// A string that is read into a value, or the default where it is not written; none where it is wrong.
    pub(crate) fn parsed_or<T>(
        &'s self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        self.entry(key).map_or(Some(default), |entry| entry.parse(parse))
    }

    /// A string that must be there.
    pub(crate) fn needed_parsed<T>(
        &'s self,
        key: &'static str,
        remedy: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        self.needed(key, remedy)?.parse(parse)
    }

    /// A boolean.
    pub(crate) fn flag(&'s self, key: &'static str, default: bool) -> bool {
        self.entry(key).and_then(|entry| entry.boolean()).unwrap_or(default)
    }

    /// A number within limits.
    pub(crate) fn number(&'s self, key: &'static str, default: usize, limits: RangeInclusive<usize>) -> usize {
        let read = || {
            let entry = self.entry(key)?;
            let number = usize::try_from(entry.integer()?).ok().filter(|number| limits.contains(number));
            entry.accept(number.ok_or_else(|| beyond(limits.start(), limits.end())))
        };
        read().unwrap_or(default)
    }

    /// One of some numbers, or the default where it is not written; none where it is wrong.
    pub(crate) fn choice<T: Copy>(&'s self, key: &'static str, default: T, choices: &[(u64, T)]) -> Option<T> {
        let Some(entry) = self.entry(key) else { return Some(default) };
        let number = entry.integer()?;
        let chosen = choices.iter().find(|(choice, _)| *choice == number).map(|(_, chosen)| *chosen);
        entry.accept(chosen.ok_or_else(|| {
            let choices: Vec<_> = choices.iter().map(|(choice, _)| choice.to_string()).collect();
            Fault::new("not one of the choices", format!("take {}", choices.join(" or ")))
        }))
    }

    /// A duration within limits.
    pub(crate) fn duration(
        &'s self,
        key: &'static str,
        default: Duration,
        limits: RangeInclusive<Duration>,
    ) -> Duration {
        self.optional_duration(key, limits).unwrap_or(default)
    }

    /// A duration within limits, where it is written.
    pub(crate) fn optional_duration(&'s self, key: &'static str, limits: RangeInclusive<Duration>) -> Option<Duration> {
        let entry = self.entry(key)?;
        if entry.value.get_ref().is_integer() {
            return entry.refuse(Fault::new("a duration needs a unit", r#"write it as in "10s""#));
        }
        let duration = entry.parse(duration::parse)?;
        let within = Some(duration).filter(|duration| limits.contains(duration));
        entry.accept(within.ok_or_else(|| beyond(&duration::show(*limits.start()), &duration::show(*limits.end()))))
    }

    /// A size in bytes within limits, where it is written.
    pub(crate) fn size(&'s self, key: &'static str, limits: RangeInclusive<u64>) -> Option<u64> {
        let entry = self.entry(key)?;
        let bytes = if entry.value.get_ref().is_integer() { entry.integer() } else { entry.parse(size::parse) }?;
        let within = Some(bytes).filter(|bytes| limits.contains(bytes));
        entry.accept(within.ok_or_else(|| beyond(&size::show(*limits.start()), &size::show(*limits.end()))))
    }

    /// A secret from a file or the environment. Nothing that is written here is ever shown: it may be the secret.
    pub(crate) fn secret(&'s self, key: &'static str) -> Option<Secret> {
        let entry = self.needed(key, SECRET_REMEDY)?;
        let Some(table) = self.inline(entry) else {
            return entry.refuse_silently(Fault::new("a secret does not stand in the file", SECRET_REMEDY));
        };
        let source = table.read(|table| table.source(entry))?;
        if source.is_readable_by_others() {
            let remedy = "take the right to read away from others (chmod o-r)";
            table.warn(Fault::new("every account of this machine may read the file", remedy));
        }
        Secret::read(source, self.reading.env).map_or_else(|error| entry.refuse_silently(unread(&error)), Some)
    }

    fn source(&'s self, entry: Entry<'_>) -> Option<SecretSource> {
        match (self.parsed_silently("file"), self.parsed_silently("env")) {
            (Some(path), None) => Some(SecretSource::File(path.into())),
            (None, Some(name)) => Some(SecretSource::Environment(name)),
            _ => entry.refuse_silently(Fault::new("not one source", SECRET_REMEDY)),
        }
    }

    fn parsed_silently(&'s self, key: &'static str) -> Option<String> {
        let entry = self.entry(key)?;
        let text = entry.value.get_ref().as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        text.or_else(|| entry.refuse_silently(Fault::new("not a name", "write it in quotes")))
    }
}

fn beyond(least: &(impl std::fmt::Display + ?Sized), most: &(impl std::fmt::Display + ?Sized)) -> Fault {
    Fault::new("out of range", format!("take {least} to {most}"))
}

fn unread(error: &SecretError) -> Fault {
    let remedy = match error {
        SecretError::Unreadable(_) => "check its path (from the working directory) and who may read it",
        SecretError::Unset => "set it where the gateway is started, or take a file",
        SecretError::Empty | SecretError::ControlCharacter => "write the secret there, on one line",
    };
    Fault::new(error.to_string(), remedy)
}

const SECRET_REMEDY: &str = r#"write { file = "/run/secrets/keycloak" } or { env = "KEYCLOAK_SECRET" }"#;
