//! What the gateway says about itself: log lines and the journal of requests.

mod journal;
mod record;
mod sink;

pub use journal::Journal;
pub use record::Record;
pub use sink::{Format, Sink};

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Begins to log to standard error: JSON, or text where a person watches. `RUST_LOG` sets the level.
///
/// A second call in one process changes nothing.
pub fn start() -> Sink {
    let format = if std::io::stderr().is_terminal() { Format::Text } else { Format::Json };
    let sink = Sink::stderr(format);
    let filter = QUIET.iter().fold(
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        |filter, directive| match directive.parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        },
    );
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(sink.clone()).with_ansi(false);
    let started = match format {
        Format::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        Format::Text => builder.compact().try_init(),
    };
    // Somebody else (a test) logs already; the sink works all the same.
    let _ = started;
    sink
}

/// Libraries that would write heads, queries and tokens at their finer levels: whatever `RUST_LOG` says, they do not.
/// What matters of Pingora's own per-connection errors is in our lines.
const QUIET: &[&str] = &[
    "pingora=off",
    "pingora_core=off",
    "pingora_http=off",
    "pingora_pool=off",
    "pingora_proxy=off",
    "pingora_rustls=off",
    "h2=warn",
    "hyper=warn",
    "hyper_util=warn",
    "reqwest=warn",
    "rustls=warn",
];
