//! The keys of a provider, read as a gateway reads them.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bench_scene::Outcome;
use doorward::clock::Clock;
use doorward::config::Issuer;
use doorward::identity::{IssuerKeys, KeySource, KeysMetrics, Pace};
use doorward::keycloak::{Http, KeycloakMetrics, Oidc, Timeouts};
use prometheus::Registry;

pub(crate) async fn keys(issuer: &Issuer, clock: &Clock, registry: &Registry) -> Outcome<Arc<IssuerKeys>> {
    let pace = Pace::new(issuer.keys_refresh, issuer.keys_max_stale);
    let keys = Arc::new(IssuerKeys::new(Arc::clone(&issuer.name), pace, clock.clone(), KeysMetrics::new(registry)?));
    let http = Arc::new(Http::new(None, Timeouts::default(), KeycloakMetrics::new(registry)?)?);
    let source = KeySource::new(issuer, Arc::new(Oidc::new(http, &issuer.issuer, &issuer.url, None)));
    tokio::spawn(Arc::clone(&keys).run(source, pending()));
    if keys.load_first(Duration::from_secs(10)).await { Ok(keys) } else { Err("no keys".into()) }
}
