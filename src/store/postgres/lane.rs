//! From a query to its answer: a pool of connections, and a deadline for getting one and for the answer together.

use std::time::Duration;

use deadpool_postgres::{Client, ClientWrapper, Hook, Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::future::BoxFuture;

use super::connector::Connector;
use super::fault::Fault;
use crate::patience;
use crate::store::StoreError;

/// Connections for one kind of work.
pub(super) struct Lane {
    pool: Pool,
    deadline: Duration,
}

/// A connection on loan. Where the loan is not ended, because nobody waits any more, it is closed: an answer may still
/// be on its way, and the next asker would wait behind it.
struct Loan(Option<Client>);

impl Lane {
    /// Opens nothing yet. Every connection begins with the statements `session`.
    pub(super) fn new(
        connector: &Connector,
        size: usize,
        deadline: Duration,
        session: String,
    ) -> Result<Self, StoreError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(connector.config().clone(), connector.clone(), recycling);
        let begin = Hook::async_fn(move |client: &mut ClientWrapper, _| {
            let session = session.clone();
            Box::pin(async move {
                let begun = client.batch_execute(&session).await;
                begun.map_err(deadpool_postgres::HookError::Backend)
            })
        });
        let pool = Pool::builder(manager).max_size(size.max(1)).post_create(begin).build();
        let pool = pool.map_err(|error| StoreError::Unavailable { what: "make a pool", source: Box::new(error) })?;
        Ok(Self { pool, deadline })
    }

    /// Asks once; for what must not be done twice.
    pub(super) async fn run<T>(
        &self,
        what: &'static str,
        work: impl for<'c> FnOnce(&'c mut Client) -> BoxFuture<'c, Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        self.within(what, self.once(work)).await
    }

    /// Asks, and asks once more where the connection turns out to be lost: a server that was started again has ended
    /// every connection of the pool.
    pub(super) async fn read<T>(
        &self,
        what: &'static str,
        work: impl for<'c> Fn(&'c mut Client) -> BoxFuture<'c, Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        let twice = async {
            match self.once(&work).await {
                Err(fault) if fault.is_of_the_connection() => {
                    self.close_idle();
                    self.once(&work).await
                }
                outcome => outcome,
            }
        };
        self.within(what, twice).await
    }

    async fn within<T>(
        &self,
        what: &'static str,
        answer: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        match patience::within(self.deadline, answer).await {
            Ok(answer) => answer.map_err(|fault| fault.while_trying(what)),
            Err(_) => {
                // The others are probably just as dead, and each would cost its asker the whole deadline.
                self.close_idle();
                Err(StoreError::TimedOut(self.deadline))
            }
        }
    }

    async fn once<T>(
        &self,
        work: impl for<'c> FnOnce(&'c mut Client) -> BoxFuture<'c, Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut loan = Loan(Some(self.pool.get().await?));
        let client = loan.0.as_mut().ok_or_else(|| Fault::invalid("a loan of nothing"))?;
        let answer = work(client).await;
        // Back to the pool.
        drop(loan.0.take());
        answer
    }

    fn close_idle(&self) {
        self.pool.retain(|_, _| false);
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Client::take(client));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use parking_lot::Mutex;

    use crate::identity::Subject;
    use crate::store::postgres::scratch::{Scratch, client, person};
    use crate::store::testing::read;
    use crate::store::{Change, ChangeKind, ChangeLog, Ledger, Members, Observe, Options, Rights, StoreError};

    fn alice() -> Subject {
        Subject::new("https://sso".into(), "k-alice".into())
    }

    fn hasty() -> Options {
        let deadline = Duration::from_millis(800);
        Options { connections: 2, read_deadline: deadline, write_deadline: deadline, ..Options::default() }
    }

    fn dead_session() -> [Change; 1] {
        [Change { issuer: "https://sso".into(), kind: ChangeKind::Session, key: "sid".into(), not_before: None }]
    }

    #[tokio::test]
    async fn a_locked_table_delays_its_readers_up_to_a_deadline_and_costs_no_connection() {
        let scratch = Scratch::with(hasty()).await;
        scratch.sql(&person("alice"));
        let mut other = client(&scratch.database.url()).await;
        let lock = other.transaction().await.unwrap();
        lock.batch_execute("lock table doorward.users in access exclusive mode").await.unwrap();
        let begun = Instant::now();
        let alice = alice();
        let locked = futures_util::future::join_all((0..5).map(|_| scratch.store.enrich(&alice))).await;
        assert!(locked.iter().all(Result::is_err), "{locked:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        read(&scratch.store, None).await;
        lock.rollback().await.unwrap();
        assert!(scratch.store.enrich(&alice).await.unwrap().account.is_some());
    }

    #[tokio::test]
    async fn the_lock_of_the_log_delays_writers_up_to_a_deadline_and_no_readers() {
        let scratch = Scratch::with(hasty()).await;
        scratch.sql(&person("alice"));
        let mut other = client(&scratch.database.url()).await;
        let lock = other.transaction().await.unwrap();
        lock.batch_execute("select pg_advisory_xact_lock(7305040717)").await.unwrap();
        let locked = scratch.store.record(&dead_session()).await;
        assert!(matches!(locked, Err(StoreError::TimedOut(_))), "{locked:?}");
        assert!(scratch.store.enrich(&alice()).await.unwrap().account.is_some());
        read(&scratch.store, None).await;
        lock.commit().await.unwrap();
        scratch.store.record(&dead_session()).await.unwrap();
    }

    #[tokio::test]
    async fn every_query_is_observed_with_its_outcome() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let observe: Observe = Arc::new(move |what, answered, _| told.lock().push((what, answered)));
        let scratch = Scratch::with(Options { observe, ..Options::default() }).await;
        scratch.store.look().await.unwrap();
        scratch.store.roles().await.unwrap();
        scratch.sql("alter table doorward.users rename column kind to sort");
        scratch.store.enrich(&alice()).await.unwrap_err();
        assert_eq!(*seen.lock(), [("look", true), ("roles", true), ("enrich", false)]);
    }
}
