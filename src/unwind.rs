//! Panics of futures.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::thread;

/// Polls a future where it lies until it is done or panics. Whoever asks must use nothing that a panic may have left
/// half done.
///
/// Unlike `FutureExt::catch_unwind` it moves nothing: the futures of a request are some kilobytes.
pub async fn caught<F: Future>(mut future: Pin<&mut F>) -> thread::Result<F::Output> {
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
