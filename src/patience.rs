//! How long an answer is waited for, by a process that may be stopped meanwhile.

use std::pin::pin;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

/// Waits for `work`, at most `limit`. Where the end of the limit is noticed late, the process was held up (stopped,
/// frozen with its machine, or starved of a processor), and the answer may have come and not been read: then the
/// limit begins again, once.
///
/// # Errors
/// There is no answer within the limit.
pub async fn within<W: Future>(limit: Duration, work: W) -> Result<W::Output, Elapsed> {
    let mut work = pin!(work);
    let due = Instant::now() + limit;
    match timeout(limit, work.as_mut()).await {
        Err(_) if due.elapsed() > LATE => timeout(limit, work).await,
        outcome => outcome,
    }
}

/// Much later than a busy runtime notices the end of a limit.
const LATE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::thread::sleep;

    use tokio::task::yield_now;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(5);

    /// Holds the whole runtime up, as a signal would.
    fn stand_still() {
        sleep(LIMIT + 2 * LATE);
    }

    /// Between the last look at the clock and the next.
    async fn some_turns() {
        for _ in 0..5 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn an_answer_that_came_while_everything_stood_still_is_read() {
        let answer = within(LIMIT, async {
            stand_still();
            some_turns().await;
            "an answer"
        });
        assert_eq!(answer.await.unwrap(), "an answer");
    }

    #[tokio::test]
    async fn who_is_held_up_again_and_again_waits_twice() {
        let answer = within(LIMIT, async {
            loop {
                stand_still();
                some_turns().await;
            }
        });
        let never: Result<(), _> = answer.await;
        assert!(never.is_err());
    }

    #[tokio::test]
    async fn what_never_comes_is_given_up() {
        assert!(within(LIMIT, pending::<()>()).await.is_err());
    }
}
