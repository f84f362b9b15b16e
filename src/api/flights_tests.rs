use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;
use crate::keycloak::RefreshTokenRefusal;

struct Airport {
    flights: Arc<Flights>,
    clock: Clock,
    calls: AtomicUsize,
}

fn airport(replay_seconds: u64) -> Airport {
    let clock = Clock::manual();
    clock.advance(Duration::from_secs(1));
    let flights = Arc::new(Flights::new(Duration::from_secs(replay_seconds), clock.clone()));
    Airport { flights, clock, calls: AtomicUsize::new(0) }
}

impl Airport {
    async fn refresh(&self, token: u8) -> Landing {
        self.fly(token, || async { tokens() }).await
    }

    async fn fly<F: Future<Output = Landing> + Send + 'static>(&self, token: u8, call: impl FnOnce() -> F) -> Landing {
        self.join(token, call).await.unwrap()
    }

    async fn join<F: Future<Output = Landing> + Send + 'static>(
        &self,
        token: u8,
        call: impl FnOnce() -> F,
    ) -> Result<Landing, Rejection> {
        let call = || {
            self.calls.fetch_add(1, Ordering::SeqCst);
            Ok(call())
        };
        self.flights.join(digest(token), call).await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn digest(token: u8) -> RefreshTokenDigest {
    RefreshTokenDigest::from_bytes([token; 32])
}

fn tokens() -> Landing {
    Ok(serde_json::from_value(json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 1 })).unwrap())
}

#[tokio::test]
async fn parallel_refreshes_of_one_token_share_one_call() {
    let airport = airport(0);
    let gate = Arc::new(Semaphore::new(0));
    let refresh = || {
        let gate = Arc::clone(&gate);
        airport.fly(1, || async move {
            let _ = gate.acquire().await;
            tokens()
        })
    };
    let open = async { gate.add_permits(1) };
    let (landings, ()) = tokio::join!(join_all((0..20).map(|_| refresh())), open);
    assert!(landings.iter().all(Result::is_ok));
    assert_eq!(airport.calls(), 1);
}

#[tokio::test]
async fn the_same_answer_is_given_again_for_a_while_and_no_longer() {
    let airport = airport(5);
    for (wait, calls) in [(0, 1), (4, 1), (1, 2)] {
        airport.pass(wait);
        assert!(airport.refresh(1).await.is_ok());
        assert_eq!(airport.calls(), calls, "after {wait} more seconds");
        airport.flights.given(digest(1));
    }
    assert!(airport.refresh(2).await.is_ok());
    assert_eq!(airport.calls(), 3, "another token is another flight");
}

#[tokio::test]
async fn giving_it_again_keeps_it_no_longer() {
    let airport = airport(5);
    for _ in 0..4 {
        assert!(airport.refresh(1).await.is_ok());
        airport.flights.given(digest(1));
        airport.pass(2);
    }
    assert_eq!(airport.calls(), 2);
}

#[tokio::test]
async fn without_replay_a_given_answer_is_forgotten_at_once() {
    let airport = airport(0);
    assert!(airport.refresh(1).await.is_ok());
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(airport.calls(), 1, "nobody had been given it");
    airport.flights.given(digest(1));
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(airport.calls(), 2);
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_is_there_for_who_comes_back() {
    let airport = airport(5);
    let gate = Arc::new(Semaphore::new(0));
    let call = {
        let gate = Arc::clone(&gate);
        || async move {
            let _ = gate.acquire().await;
            tokens()
        }
    };
    let gone = tokio::time::timeout(Duration::ZERO, airport.fly(1, call)).await;
    assert!(gone.is_err());
    gate.add_permits(1);
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(airport.calls(), 1);
    airport.pass(UNCLAIMED.as_secs());
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(airport.calls(), 2);
}

#[tokio::test]
async fn a_refusal_is_shared_and_not_kept() {
    let airport = airport(5);
    let refuse = || async { Err(RefreshTokenError::Refused(RefreshTokenRefusal::Invalid)) };
    let both = tokio::join!(airport.fly(1, refuse), airport.fly(1, refuse));
    assert!(both.0.is_err() && both.1.is_err());
    assert_eq!(airport.calls(), 1);
    assert!(airport.refresh(1).await.is_ok());
}

#[tokio::test]
async fn memory_is_bounded_and_what_is_in_the_air_stays() {
    let mut airport = airport(5);
    let flights = Arc::get_mut(&mut airport.flights).unwrap();
    flights.capacity = 2;
    let never = || std::future::pending::<Landing>();
    assert!(tokio::time::timeout(Duration::ZERO, airport.fly(1, never)).await.is_err());
    for token in 2..10 {
        assert!(airport.refresh(token).await.is_ok());
        assert_eq!(airport.flights.board.lock().flights.len(), 2);
    }
    assert!(tokio::time::timeout(Duration::ZERO, airport.fly(11, never)).await.is_err());
    let full = airport.join(12, || async { tokens() }).await;
    let Err(Rejection::Api(ApiError::Keycloak(error))) = full else { panic!("{full:?}") };
    assert!(matches!(*error, KeycloakError::Busy { .. }));
}

#[tokio::test]
async fn whoever_may_not_call_takes_nobodys_room() {
    let mut airport = airport(5);
    Arc::get_mut(&mut airport.flights).unwrap().capacity = 1;
    assert!(airport.refresh(1).await.is_ok());
    let refused = || Err::<std::future::Ready<Landing>, _>(ApiError::MediaType);
    assert!(matches!(airport.flights.join(digest(2), refused).await, Err(Rejection::Api(ApiError::MediaType))));
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(airport.calls(), 1);
}

#[tokio::test]
async fn a_call_that_panics_is_answered_and_leaves_nothing_behind() {
    let airport = airport(5);
    let panics = || async { panic!("a defect") };
    let both = tokio::join!(airport.join(1, panics), airport.join(1, panics));
    assert!(matches!(both, (Err(Rejection::Internal), Err(Rejection::Internal))), "{both:?}");
    assert!(airport.flights.board.lock().flights.is_empty());
    assert!(airport.refresh(1).await.is_ok());
}

#[tokio::test]
async fn what_was_cancelled_in_the_air_does_not_touch_what_follows() {
    let airport = airport(5);
    for outcome in [tokens(), Err(RefreshTokenError::Refused(RefreshTokenRefusal::Invalid))] {
        let (land, landed) = tokio::sync::oneshot::channel();
        let mut first = Box::pin(airport.fly(1, || async move { landed.await.unwrap() }));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(airport.flights.cancel(digest(1)));
        let never = || std::future::pending::<Landing>();
        assert!(tokio::time::timeout(Duration::ZERO, airport.fly(1, never)).await.is_err());
        land.send(outcome).unwrap();
        let _ = first.await;
        let board = airport.flights.board.lock();
        assert!(board.flights[&digest(1)].until.is_none(), "the second is in the air");
        drop(board);
        airport.flights.cancel(digest(1));
    }
}

#[tokio::test]
async fn who_cancels_first_is_told_so() {
    let airport = airport(5);
    assert!(airport.refresh(1).await.is_ok());
    assert!(airport.flights.cancel(digest(1)));
    assert!(!airport.flights.cancel(digest(1)));
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(airport.calls(), 2);
    let board = airport.flights.board.lock();
    assert_eq!((board.flights.len(), board.landed.len()), (1, 1));
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let airport = airport(5);
    assert!(airport.refresh(1).await.is_ok());
    assert_eq!(format!("{:?}", airport.flights), "Flights { tokens: 1, .. }");
}
