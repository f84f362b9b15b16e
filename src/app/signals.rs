//! SIGTERM and SIGINT stop the gateway; SIGHUP does not.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// The signals of the gateway, heeded from the moment this is made.
pub(super) struct Signals(Option<Heard>);

struct Heard {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Heard {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

impl Signals {
    /// From here on a signal ends nothing by itself.
    pub(super) fn heed() -> Self {
        let signals = Heard::new();
        if let Err(error) = &signals {
            warn!(%error, "signals cannot be heeded: the process ends at once when it is told to stop");
        }
        Self(signals.ok())
    }

    /// Returns when the process was told to stop; called again, when it was told again.
    pub(super) async fn stop(&mut self) {
        let Some(heard) = &mut self.0 else { return std::future::pending().await };
        loop {
            tokio::select! {
                _ = heard.terminate.recv() => return,
                _ = heard.interrupt.recv() => return,
                _ = heard.hangup.recv() => {
                    info!("SIGHUP is passed over: this version reads its configuration when it starts, only");
                }
            }
        }
    }
}
