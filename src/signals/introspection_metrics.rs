//! What introspections count.

use std::sync::Arc;

use prometheus::{IntCounterVec, Opts, Registry};

use super::IntrospectError;
use crate::keycloak::Introspection;

/// Why Keycloak is asked about an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This node hears of no changes.
    Blind,
    /// The route is strict.
    Strict,
}

/// Counts requests that waited for Keycloak's word. Several may have shared a call.
#[derive(Clone, Debug)]
pub struct IntrospectionMetrics(IntCounterVec);

impl Cause {
    const ALL: [Self; 2] = [Self::Blind, Self::Strict];

    fn name(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Strict => "strict",
        }
    }
}

impl IntrospectionMetrics {
    /// Registers the metric.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let asked = IntCounterVec::new(
            Opts::new("doorward_introspections_total", "Requests whose token Keycloak was asked about"),
            &["cause", "outcome"],
        )?;
        registry.register(Box::new(asked.clone()))?;
        for cause in Cause::ALL {
            asked.with_label_values(&[cause.name(), ACTIVE]);
        }
        Ok(Self(asked))
    }

    pub(super) fn asked(&self, cause: Cause, said: &Result<Arc<Introspection>, IntrospectError>) {
        let outcome = match said {
            Ok(_) => ACTIVE,
            Err(IntrospectError::Inactive) => "inactive",
            Err(IntrospectError::Keycloak(_)) => "unknown",
        };
        self.0.with_label_values(&[cause.name(), outcome]).inc();
    }
}

const ACTIVE: &str = "active";
