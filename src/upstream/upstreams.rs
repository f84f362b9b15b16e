//! Every upstream by its name.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Upstream, UpstreamMetrics};
use crate::clock::Clock;
use crate::config;

/// The upstreams of a configuration.
#[derive(Debug)]
pub struct Upstreams {
    by_name: HashMap<Arc<str>, Arc<Upstream>>,
    metrics: UpstreamMetrics,
}

impl Upstreams {
    /// Takes the upstreams of the configuration; one that has not changed is the same value as before.
    #[must_use]
    pub fn new(settings: &[config::Upstream], before: Option<&Self>, metrics: &UpstreamMetrics, clock: &Clock) -> Self {
        let one = |settings: &config::Upstream| {
            let before = before.and_then(|before| before.get(&settings.name));
            match before.filter(|before| before.settings() == settings) {
                Some(same) => Arc::clone(same),
                None => {
                    let before = before.map(|before| &**before);
                    Arc::new(Upstream::new(settings.clone(), before, metrics.clone(), clock.clone()))
                }
            }
        };
        let by_name = settings.iter().map(|settings| (Arc::clone(&settings.name), one(settings))).collect();
        Self { by_name, metrics: metrics.clone() }
    }

    /// The upstream of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.by_name.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.by_name.values()
    }

    /// Looks every name up once, for a moment.
    pub async fn first_look_up(&self) {
        let named = self.iter().filter(|upstream| upstream.has_names());
        let looking = futures_util::future::join_all(named.map(|upstream| upstream.look_up()));
        // What takes longer is found out in the background.
        let _ = tokio::time::timeout(FIRST_LOOK_UP, looking).await;
    }

    /// Brings the gauges up to date; to be called before they are read.
    pub fn observe(&self) {
        self.metrics.begin();
        self.iter().for_each(|upstream| upstream.observe());
    }
}

const FIRST_LOOK_UP: Duration = Duration::from_secs(2);
