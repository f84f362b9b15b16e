//! What calls to Keycloak count.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::KeycloakError;

/// What Keycloak is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The discovery document.
    Discovery,
    /// The key set.
    Certs,
    /// Tokens for a name and a password.
    Password,
    /// New tokens for a refresh token.
    Refresh,
    /// The description of a token.
    Introspect,
    /// A token for our own client.
    ClientCredentials,
    /// The end of a session.
    Logout,
    /// A look-up of users.
    FindUser,
    /// What administrators did.
    AdminEvents,
    /// What users did.
    Events,
    /// What the realm or a client is set to.
    Settings,
    /// A change of the realm.
    Change,
}

impl Operation {
    /// The name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Certs => "certs",
            Self::Password => "password",
            Self::Refresh => "refresh",
            Self::Introspect => "introspect",
            Self::ClientCredentials => "client-credentials",
            Self::Logout => "logout",
            Self::FindUser => "find-user",
            Self::AdminEvents => "admin-events",
            Self::Events => "events",
            Self::Settings => "settings",
            Self::Change => "change",
        }
    }
}

/// Counters and durations of calls to Keycloak.
#[derive(Clone, Debug)]
pub struct KeycloakMetrics {
    calls: IntCounterVec,
    seconds: HistogramVec,
}

impl KeycloakMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let calls = IntCounterVec::new(
            Opts::new("doorward_keycloak_calls_total", "Calls to Keycloak, by operation and outcome"),
            &["operation", "outcome"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("doorward_keycloak_call_seconds", "Duration of calls to Keycloak"),
            &["operation"],
        )?;
        registry.register(Box::new(calls.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self { calls, seconds })
    }

    pub(super) fn called<T>(&self, operation: Operation, took: Duration, result: &Result<T, KeycloakError>) {
        let outcome = result.as_ref().map_or_else(KeycloakError::outcome, |_| "ok");
        self.calls.with_label_values(&[operation.name(), outcome]).inc();
        self.seconds.with_label_values(&[operation.name()]).observe(took.as_secs_f64());
    }
}
