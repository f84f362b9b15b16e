//! From a query to its answer: a pool of connections, and a deadline for getting one and for the answer together.

use std::time::Duration;

use deadpool_postgres::{Client, ClientWrapper, Hook, Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::future::BoxFuture;

use super::connector::Connector;
use super::fault::Fault;
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
        let manager = Manager::from_config(connector.config.clone(), connector.tls.clone(), recycling);
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
        match tokio::time::timeout(self.deadline, answer).await {
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
