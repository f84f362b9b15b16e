//! The keys of each issuer, and the tasks that read them.

use std::sync::Arc;
use std::time::Duration;

use super::realm;
use super::running::Running;
use crate::clock::Clock;
use crate::config::Issuer;
use crate::identity::{IssuerKeys, KeySource, KeysMetrics, Pace};
use crate::keycloak::Http;

/// An issuer with its keys, which are read for as long as a snapshot uses them.
#[derive(Clone)]
pub(super) struct IssuerInUse {
    settings: Issuer,
    keys: Arc<IssuerKeys>,
    _task: Arc<Running>,
}

impl IssuerInUse {
    /// The keys of the issuer: those from before where they are read in the same way, or new ones.
    pub(super) fn of(
        settings: &Issuer,
        before: &[Self],
        http: &Arc<Http>,
        clock: &Clock,
        metrics: &KeysMetrics,
    ) -> Self {
        match before.iter().find(|before| before.reads_like(settings)) {
            Some(before) => Self { settings: settings.clone(), ..before.clone() },
            None => Self::new(settings, http, clock, metrics),
        }
    }

    fn new(settings: &Issuer, http: &Arc<Http>, clock: &Clock, metrics: &KeysMetrics) -> Self {
        let pace = Pace::new(settings.keys_refresh, settings.keys_max_stale);
        let keys = Arc::new(IssuerKeys::new(Arc::clone(&settings.name), pace, clock.clone(), metrics.clone()));
        let task = Running::restarting("keys", {
            let (keys, issuer, http) = (Arc::clone(&keys), settings.clone(), Arc::clone(http));
            move || {
                let source = KeySource::new(&issuer, Arc::new(realm::oidc(&issuer, &http)));
                Arc::clone(&keys).run(source, std::future::pending())
            }
        });
        Self { settings: settings.clone(), keys, _task: Arc::new(task) }
    }

    /// Waits a moment for the first keys.
    pub(super) async fn first_keys(&self) {
        self.keys.load_first(FIRST_KEYS).await;
    }

    /// Whether tokens of this issuer could be judged before, and can be no more.
    pub(super) fn is_lost(&self, before: &[Self]) -> bool {
        let same = before.iter().find(|before| before.settings.issuer == self.settings.issuer);
        same.is_some_and(|before| before.keys.is_usable()) && !self.keys.is_usable()
    }

    pub(super) fn settings(&self) -> &Issuer {
        &self.settings
    }

    pub(super) fn keys(&self) -> &Arc<IssuerKeys> {
        &self.keys
    }

    fn reads_like(&self, other: &Issuer) -> bool {
        let of = |issuer: &Issuer| {
            (
                (Arc::clone(&issuer.name), Arc::clone(&issuer.issuer), issuer.url.clone()),
                (issuer.algorithms.clone(), issuer.keys_refresh, issuer.keys_max_stale),
            )
        };
        of(&self.settings) == of(other)
    }
}

const FIRST_KEYS: Duration = Duration::from_secs(3);
