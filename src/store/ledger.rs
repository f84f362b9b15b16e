//! Users, roles and permissions for the management: read them, and change them in one transaction with the decision.

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::{Facts, Permission, Plan, Position, Query, Role, StoreError, User, UserFilter, UserKey, UserPage};

/// A pure rule in the shape that a store can call: nothing where it refuses.
pub type Decide = Box<dyn FnOnce(&Facts) -> Option<Plan> + Send>;

/// Reads and changes accounts.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Reads the facts, has them judged and carries out the plan, in one transaction that no other change comes
    /// between; nothing where there is no plan. Called through [`change`](trait.Ledger.html#method.change).
    async fn transact(&self, query: Query, decide: Decide) -> Result<Option<Applied>, StoreError>;

    /// The users that the filter names, in the order in which they came.
    async fn users(&self, filter: UserFilter) -> Result<UserPage, StoreError>;

    /// One user.
    async fn user(&self, key: UserKey) -> Result<Option<User>, StoreError>;

    /// Every role, by name.
    async fn roles(&self) -> Result<Vec<Role>, StoreError>;

    /// Every permission, by name.
    async fn permissions(&self) -> Result<Vec<Permission>, StoreError>;
}

impl dyn Ledger + '_ {
    /// Reads the facts that `query` asks for, lets `decide` judge them and carries out its plan.
    pub async fn change<R, D>(&self, query: Query, decide: D) -> Result<Applied, ChangeError<R>>
    where
        R: std::error::Error + Send + 'static,
        D: FnOnce(&Facts) -> Result<Plan, R> + Send + 'static,
    {
        let (refuse, mut refused) = oneshot::channel();
        let decide: Decide = Box::new(move |facts| match decide(facts) {
            Ok(plan) => Some(plan),
            Err(refusal) => {
                // The receiver is gone only if the caller is.
                let _ = refuse.send(refusal);
                None
            }
        });
        match self.transact(query, decide).await? {
            Some(applied) => Ok(applied),
            None => Err(refused.try_recv().map_or_else(|_| unjudged(), ChangeError::Refused)),
        }
    }
}

/// A plan that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// False where everything was already as it should be.
    pub changed: bool,
    /// Not before the last change of the plan in the log.
    pub position: Position,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<R: std::error::Error + 'static> {
    /// The rule refused it.
    #[error(transparent)]
    Refused(R),
    /// The database did not do it, or it is not known whether it did.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn unjudged<R: std::error::Error + 'static>() -> ChangeError<R> {
    let source = "the rule was not asked".into();
    ChangeError::Store(StoreError::Unavailable { what: "change accounts", source })
}
