//! Refreshes in the air and just landed: requests with the same token share one call and, for a while, its answer.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use tracing::error;

use super::ApiError;
use super::refresh_token::RefreshTokenDigest;
use crate::clock::{Boot, Clock};
use crate::keycloak::{KeycloakError, RefreshTokenError, Tokens};
use crate::problem::Rejection;

/// What Keycloak answered; everybody who asked with the same token gets the same.
pub(super) type Landing = Result<Arc<Tokens>, RefreshTokenError>;

/// The refreshes, by the digest of their token; of bounded number.
pub(super) struct Flights {
    board: Arc<Mutex<Board>>,
    replay: Duration,
    capacity: usize,
    clock: Clock,
}

#[derive(Default)]
struct Board {
    flights: HashMap<RefreshTokenDigest, Flight>,
    /// Those that have landed, in the order in which they are forgotten.
    landed: BTreeSet<(Boot, RefreshTokenDigest)>,
    /// How many have started.
    started: u64,
}

struct Flight {
    /// Tells it from an earlier one of the same token.
    number: u64,
    landing: Awaited,
    /// Nothing while it is in the air.
    until: Option<Boot>,
}

/// Nothing where the call was given up: it has panicked.
type Awaited = Shared<BoxFuture<'static, Option<Landing>>>;

/// A call on its way. However it ends, it does not stay in the air.
struct Aloft {
    board: Arc<Mutex<Board>>,
    token: RefreshTokenDigest,
    number: u64,
}

impl Flights {
    /// Gives the same answer again for `replay` after it was first given.
    pub(super) fn new(replay: Duration, clock: Clock) -> Self {
        Self { board: Arc::default(), replay, capacity: CAPACITY, clock }
    }

    /// The same flights, whose answers are given again for another while.
    pub(super) fn replaying(&self, replay: Duration) -> Self {
        Self { board: Arc::clone(&self.board), replay, capacity: self.capacity, clock: self.clock.clone() }
    }

    /// Joins the flight of this token, or starts one, where the call may be made. It runs to its end though nobody
    /// waits any more: with rotation on, an answer that is lost is a session lost.
    pub(super) async fn join<F>(
        &self,
        token: RefreshTokenDigest,
        call: impl FnOnce() -> Result<F, ApiError>,
    ) -> Result<Landing, Rejection>
    where
        F: Future<Output = Landing> + Send + 'static,
    {
        let landing = {
            let mut board = self.board.lock();
            board.forget(self.clock.boot());
            match board.flights.get(&token).map(|flight| flight.landing.clone()) {
                Some(landing) => landing,
                None => {
                    // First: whoever may not call takes nobody's room.
                    let call = call()?;
                    if !board.has_room(self.capacity) {
                        return Err(ApiError::from(KeycloakError::Busy { retry_after: None }).into());
                    }
                    self.start(&mut board, token, call)
                }
            }
        };
        landing.await.ok_or(Rejection::Internal)
    }

    /// Notes that an answer was given to a client: from now on it is a replay.
    pub(super) fn given(&self, token: RefreshTokenDigest) {
        self.board.lock().keep_for(token, self.clock.boot().plus(self.replay), |until| until.is_some());
    }

    /// Forgets an answer that is not to be given again; whether it was still there.
    pub(super) fn cancel(&self, token: RefreshTokenDigest) -> bool {
        self.board.lock().remove(token)
    }

    fn start<F>(&self, board: &mut Board, token: RefreshTokenDigest, call: F) -> Awaited
    where
        F: Future<Output = Landing> + Send + 'static,
    {
        board.started += 1;
        let number = board.started;
        let aloft = Aloft { board: Arc::clone(&self.board), token, number };
        let clock = self.clock.clone();
        let task = tokio::spawn(async move {
            let landing = call.await;
            aloft.land(&landing, clock.boot());
            landing
        });
        let landing = async move { task.await.inspect_err(|_| error!("a refresh has panicked")).ok() }.boxed().shared();
        board.flights.insert(token, Flight { number, landing: landing.clone(), until: None });
        landing
    }
}

impl Aloft {
    /// A refusal is not kept. An answer that nobody was given yet is kept longer than a replay: whoever waited for
    /// it may come back.
    fn land(self, landing: &Landing, now: Boot) {
        if landing.is_ok() {
            let mut board = self.board.lock();
            if board.is_aloft(&self) {
                board.keep_for(self.token, now.plus(UNCLAIMED), |until| until.is_none());
            }
        }
    }
}

impl Drop for Aloft {
    fn drop(&mut self) {
        let mut board = self.board.lock();
        if board.is_aloft(self) {
            board.remove(self.token);
        }
    }
}

impl Board {
    /// Whether this very flight is in the air: it may have been cancelled, and another started.
    fn is_aloft(&self, aloft: &Aloft) -> bool {
        let flight = self.flights.get(&aloft.token);
        flight.is_some_and(|flight| flight.number == aloft.number && flight.until.is_none())
    }

    /// Sets when a flight is forgotten; a later moment never takes the place of an earlier one.
    fn keep_for(&mut self, token: RefreshTokenDigest, end: Boot, may: impl FnOnce(Option<Boot>) -> bool) {
        let Some(flight) = self.flights.get_mut(&token).filter(|flight| may(flight.until)) else { return };
        let end = flight.until.map_or(end, |until| until.min(end));
        if let Some(until) = flight.until.replace(end) {
            self.landed.remove(&(until, token));
        }
        self.landed.insert((end, token));
    }

    fn remove(&mut self, token: RefreshTokenDigest) -> bool {
        let Some(flight) = self.flights.remove(&token) else { return false };
        if let Some(until) = flight.until {
            self.landed.remove(&(until, token));
        }
        true
    }

    fn forget(&mut self, now: Boot) {
        while let Some((until, token)) = self.landed.first().copied() {
            if now < until {
                break;
            }
            self.remove(token);
        }
    }

    /// What would be forgotten first makes room; what is in the air does not.
    fn has_room(&mut self, capacity: usize) -> bool {
        if self.flights.len() < capacity {
            return true;
        }
        self.landed.first().copied().is_some_and(|(_, token)| self.remove(token))
    }
}

/// It holds tokens.
impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("tokens", &self.board.lock().flights.len()).finish_non_exhaustive()
    }
}

/// Some 4 KB each.
const CAPACITY: usize = 4096;
/// Longer than most outages of the database: an answer that cannot be given while it is away is given then.
const UNCLAIMED: Duration = Duration::from_secs(600);

#[cfg(test)]
#[path = "flights_tests.rs"]
mod tests;
