//! What the gateway says about itself: log lines and the journal of requests.

mod journal;
mod panics;
mod record;
mod sink;

pub use journal::Journal;
pub(crate) use journal::shown;
pub use record::Record;
pub use sink::{Format, Sink};

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to log to standard error, panics too: JSON, or text where a person watches. `RUST_LOG` sets the level.
///
/// A second call in one process changes nothing.
pub fn start() -> Sink {
    let format = if std::io::stderr().is_terminal() { Format::Text } else { Format::Json };
    let sink = Sink::stderr(format);
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(sink.clone()).with_ansi(false);
    let started = match format {
        Format::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .finish()
            .with(filter_fn(is_harmless))
            .try_init(),
        Format::Text => builder.compact().finish().with(filter_fn(is_harmless)).try_init(),
    };
    // Somebody else (a test) logs already; the sink works all the same.
    let _ = started;
    panics::log();
    sink
}

/// Libraries write heads, queries, tokens and parameters of statements at their finer levels: whatever `RUST_LOG` says,
/// they do not here. What matters of Pingora's own per-connection errors is in our lines.
fn is_harmless(event: &Metadata<'_>) -> bool {
    let is_of = |library: &str| event.target().starts_with(library);
    is_of("doorward") || (*event.level() <= Level::WARN && !is_of("pingora"))
}
