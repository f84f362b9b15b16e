//! How long a request may stay: as long as what let it in is true.

use std::future::pending;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::gateway::{Admission, Gateway};
use crate::problem::{Facts, Rejection};
use crate::routing::{CloseCode, Outlive};
use crate::standing::Death;

tokio::task_local! {
    /// The request that is being served: Pingora's hooks have no other road to whoever owns its connection.
    static SERVED: Arc<Guest>;
}

/// A request that is being served, as the owner of its connection sees it. Most are over before anything here happens.
#[derive(Debug, Default)]
pub struct Guest {
    stay: Mutex<Option<Stay>>,
    entered: Notify,
    upgraded: Notify,
    shown_out: OnceLock<&'static str>,
    request_id: OnceLock<Arc<str>>,
    broke_at: OnceLock<String>,
}

/// What let a request in, for as long as it goes on.
pub struct Stay {
    admission: Admission,
    gateway: Arc<Gateway>,
    clock: Clock,
    outlive: Outlive,
    close: CloseCode,
}

/// How a request is shown out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Why it would be refused now.
    pub reason: &'static str,
    /// What it is told, where it is a WebSocket.
    pub close: CloseCode,
}

impl std::fmt::Debug for Stay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stay").field("route", &self.admission.route().label).finish_non_exhaustive()
    }
}

impl Guest {
    /// Serves a request under this name.
    pub fn serve<F: Future>(self: Arc<Self>, request: F) -> impl Future<Output = F::Output> {
        SERVED.scope(self, request)
    }

    /// The request that is being served; nothing outside of one.
    #[must_use]
    pub fn served() -> Option<Arc<Self>> {
        SERVED.try_with(Arc::clone).ok()
    }

    /// Has this id.
    pub fn name(&self, request_id: Arc<str>) {
        // The first stands.
        let _ = self.request_id.set(request_id);
    }

    /// Its id, once it has one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.get().map(|id| &**id)
    }

    /// A panic has ended it, there in the code.
    pub fn broke(&self, at: String) {
        // The first stands; what comes later may come of it.
        let _ = self.broke_at.set(at);
    }

    /// Where in the code a panic has ended it.
    #[must_use]
    pub fn broke_at(&self) -> Option<&str> {
        self.broke_at.get().map(String::as_str)
    }

    /// Was admitted, and is on its way to an upstream.
    pub fn enter(&self, stay: Stay) {
        *self.stay.lock() = Some(stay);
        self.entered.notify_one();
    }

    /// Became a WebSocket: it will live long.
    pub fn upgrade(&self) {
        self.upgraded.notify_one();
    }

    /// Returns when the request must end; never for most.
    pub async fn outstays(&self) -> Exit {
        tokio::select! {
            () = sleep(SHORT) => {}
            () = self.upgraded.notified() => {}
        }
        let stay = loop {
            if let Some(stay) = self.stay.lock().take() {
                break stay;
            }
            self.entered.notified().await;
        };
        let close = stay.close;
        let rejection = Box::pin(stay.over()).await;
        Exit { reason: self.shown_out.get_or_init(|| Facts::from(&rejection).reason), close }
    }

    /// Why it was ended, if it was.
    #[must_use]
    pub fn shown_out(&self) -> Option<&'static str> {
        self.shown_out.get().copied()
    }
}

impl Stay {
    /// By this admission, as the route of the upstream says.
    #[must_use]
    pub fn new(
        admission: Admission,
        gateway: Arc<Gateway>,
        clock: Clock,
        (outlive, close): (Outlive, CloseCode),
    ) -> Self {
        Self { outlive, close, admission, gateway, clock }
    }

    /// Returns when the request would not be let in any more, with what it would be told. Registers first and asks then,
    /// so that no change falls in between.
    pub(crate) async fn over(self) -> Rejection {
        let Some(principal) = self.admission.grant().principal() else { return pending().await };
        let registration = self.gateway.streams().register(principal.identity());
        loop {
            if let Err(rejection) = self.judge().await {
                return rejection;
            }
            tokio::select! {
                () = registration.touched() => {}
                () = self.token_is_over() => return Death::Expired.into(),
            }
        }
    }

    /// Whether it would be let in now. Where nobody can tell, it is asked again for a while.
    async fn judge(&self) -> Result<(), Rejection> {
        let mut tries = 0;
        loop {
            let Err(rejection) = self.gateway.still_admits(&self.admission).await else { return Ok(()) };
            tries += 1;
            if tries == TRIES || Facts::from(&rejection).status < 500 {
                return Err(rejection);
            }
            sleep(AGAIN).await;
        }
    }

    async fn token_is_over(&self) {
        let (Some(principal), Outlive::For(grace)) = (self.admission.grant().principal(), self.outlive) else {
            return pending().await;
        };
        let end = principal.identity().expires_at().plus(grace);
        loop {
            let left = end.since(self.clock.wall());
            if left.is_zero() {
                return;
            }
            sleep(left.min(LOOK_AT_THE_CLOCK)).await;
        }
    }
}

/// A request that is over by then is no stream.
const SHORT: Duration = Duration::from_millis(50);
/// A database that is away is waited for: so long, so often.
const AGAIN: Duration = Duration::from_millis(500);
const TRIES: usize = 10;
/// Wall clocks are set, and timers do not notice.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(60);
