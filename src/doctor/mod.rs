//! Whether a deployment is what the promises need: what is looked at, what it says, and what to do about it. Nothing is
//! changed; what cannot be seen is not guessed.

mod certificates;
mod check;
mod client_settings;
mod database;
mod discovery;
mod events;
mod finding;
mod flows;
mod gateway;
mod kcadm;
mod metrics;
mod our_client;
mod probe;
mod realm;
mod realm_settings;
mod report;
mod seen;
mod service_account;
mod token;
mod upstreams;

pub use certificates::certificates;
pub use check::Check;
pub use database::{inspected, nodes};
pub use finding::{Finding, Remedy, Verdict};
pub use gateway::Neighbour;
pub use metrics::CheckMetrics;
pub use probe::Probe;
pub use realm::Realm;
pub use report::{Counts, Report};
pub use upstreams::upstreams;

/// An error with everything behind it, as one sentence.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

/// A span in the unit that fits, to the second.
fn span(seconds: u64) -> String {
    humantime::format_duration(std::time::Duration::from_secs(seconds)).to_string()
}
