//! SIGTERM and SIGINT stop the gateway, SIGHUP reloads it.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::warn;

/// The signals that stop the gateway, heeded from the moment this is made.
pub(super) struct Signals(Option<[Signal; 2]>);

/// The signal that reloads it, heeded likewise.
pub(super) struct Hangups(Option<Signal>);

/// From here on a signal ends nothing by itself.
pub(super) fn heed() -> (Signals, Hangups) {
    let stops = || Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]);
    (Signals(heard(stops())), Hangups(heard(signal(SignalKind::hangup()))))
}

fn heard<T>(signals: std::io::Result<T>) -> Option<T> {
    if let Err(error) = &signals {
        warn!(%error, "signals cannot be heeded: the process ends at once when it is told to stop");
    }
    signals.ok()
}

impl Signals {
    /// Returns when the process was told to stop; called again, when it was told again.
    pub(super) async fn stop(&mut self) {
        let Some([terminate, interrupt]) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

impl Hangups {
    /// None is ever heard.
    #[cfg(test)]
    pub(super) fn deaf() -> Self {
        Self(None)
    }

    /// Returns when the process was told to reload since the last call.
    pub(super) async fn next(&mut self) {
        match &mut self.0 {
            Some(hangup) => drop(hangup.recv().await),
            None => std::future::pending().await,
        }
    }
}
