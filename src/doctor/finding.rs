//! What one look says, and what to do about it.

use std::sync::Arc;

use serde::Serialize;

use super::Check;

/// What was found by one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    check: Check,
    /// Of several things that are looked at in the same way: which issuer, upstream, certificate. Empty for others.
    about: Arc<str>,
    verdict: Verdict,
    message: String,
    /// What to do; where there are several, the first that fits.
    remedies: Vec<Remedy>,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Nobody looked, and why.
    NotTried,
    /// It works, and something is weaker or slower than it could be.
    Warn,
    /// A promise does not hold, or nothing works.
    Fail,
}

/// What to do, by the hands that do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "kebab-case")]
pub enum Remedy {
    /// A line for a shell in which `kcadm.sh` is logged in.
    Kcadm(String),
    /// A key of our configuration, and its value.
    Setting(String),
    /// A line for a shell.
    Command(String),
    /// SQL for the users database.
    Sql(String),
    /// A sentence.
    Advice(String),
}

impl Finding {
    /// As it should be.
    #[must_use]
    pub fn ok(check: Check, message: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, message)
    }

    /// Nobody looked, and why.
    #[must_use]
    pub fn not_tried(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, Verdict::NotTried, why)
    }

    /// It works, but.
    #[must_use]
    pub fn warn(check: Check, message: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warn, message)
    }

    /// It is broken.
    #[must_use]
    pub fn fail(check: Check, message: impl Into<String>) -> Self {
        Self::new(check, Verdict::Fail, message)
    }

    fn new(check: Check, verdict: Verdict, message: impl Into<String>) -> Self {
        Self { check, about: Arc::from(""), verdict, message: message.into(), remedies: Vec::new() }
    }

    /// With what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }

    /// Of which issuer, upstream or certificate.
    #[must_use]
    pub fn about(self, about: &Arc<str>) -> Self {
        Self { about: Arc::clone(about), ..self }
    }

    /// What was looked at.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// Which one of several.
    #[must_use]
    pub fn subject(&self) -> &Arc<str> {
        &self.about
    }

    /// How it stands.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether it is as it should be.
    pub(super) fn is_ok(&self) -> bool {
        self.verdict == Verdict::Ok
    }

    /// Whether it is broken.
    pub(super) fn is_broken(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    /// What was found, as one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn remedies(&self) -> &[Remedy] {
        &self.remedies
    }
}

impl Verdict {
    /// As people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotTried => "not tried",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    /// As JSON and metrics write it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotTried => "not-tried",
            told => told.name(),
        }
    }
}

impl Remedy {
    /// What to type, write or do.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Kcadm(text) | Self::Setting(text) | Self::Command(text) | Self::Sql(text) | Self::Advice(text) => {
                text
            }
        }
    }

    /// A sentence.
    pub(super) fn advice(text: impl Into<String>) -> Self {
        Self::Advice(text.into())
    }

    /// Of clocks that differ.
    pub(super) fn synchronise() -> Self {
        Self::advice("synchronise the clocks of both machines (chrony, systemd-timesyncd)")
    }

    /// A key of our configuration, and its value.
    pub(super) fn setting(text: impl Into<String>) -> Self {
        Self::Setting(text.into())
    }
}
