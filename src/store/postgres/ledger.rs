//! The ledger: changes take turns, on every node, so that the facts stay true until the plan is written.

use std::panic::{AssertUnwindSafe, catch_unwind};

use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient};

use super::fault::Fault;
use super::{Postgres, change_log, role, user, write};
use crate::store::{
    Applied, Decide, Facts, Ledger, Permission, Query, Role, StoreError, User, UserFilter, UserKey, UserPage,
};

#[async_trait]
impl Ledger for Postgres {
    async fn transact(&self, query: Query, decide: Decide) -> Result<Option<Applied>, StoreError> {
        self.write("change", move |client| Box::pin(transact(client, query, decide))).await
    }

    async fn users(&self, filter: UserFilter) -> Result<UserPage, StoreError> {
        self.manage("users", move |client| {
            let filter = filter.clone();
            Box::pin(async move { user::list(&*client, &filter).await })
        })
        .await
    }

    async fn user(&self, key: UserKey) -> Result<Option<User>, StoreError> {
        self.manage("user", move |client| {
            let key = key.clone();
            Box::pin(async move { user::find(&*client, &key).await })
        })
        .await
    }

    async fn roles(&self) -> Result<Vec<Role>, StoreError> {
        self.manage("roles", |client| Box::pin(async move { role::roles(&*client).await })).await
    }

    async fn permissions(&self) -> Result<Vec<Permission>, StoreError> {
        self.manage("permissions", |client| Box::pin(async move { role::permissions(&*client).await })).await
    }
}

async fn transact(client: &mut Client, query: Query, decide: Decide) -> Result<Option<Applied>, Fault> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(TAKE_TURN).await?;
    let facts = facts(&transaction, &query).await?;
    // A transaction that is not committed is rolled back.
    let Some(plan) = judge(decide, &facts)? else { return Ok(None) };
    for row in &plan.0 {
        write::write(&transaction, row).await?;
    }
    transaction.commit().await?;
    // After the commit, because that is when the triggers write: not before the last change of the plan.
    let position = change_log::newest(client).await?;
    Ok(Some(Applied { changed: !plan.0.is_empty(), position }))
}

fn judge(decide: Decide, facts: &Facts) -> Result<Option<crate::store::Plan>, Fault> {
    catch_unwind(AssertUnwindSafe(|| decide(facts)))
        .map_err(|_| StoreError::Unavailable { what: "change", source: "the rule panicked".into() }.into())
}

async fn facts(transaction: &impl GenericClient, query: &Query) -> Result<Facts, Fault> {
    let mut facts = Facts::default();
    for key in &query.users {
        if let Some(found) = user::find(transaction, key).await?
            && !facts.users.contains(&found)
        {
            facts.users.push(found);
        }
    }
    for name in &query.roles {
        facts.roles.extend(role::find(transaction, name).await?);
    }
    for name in &query.permissions {
        facts.permissions.extend(role::find_permission(transaction, name).await?);
    }
    Ok(facts)
}

/// A lock of its own: that of the log is taken at COMMIT only.
const TAKE_TURN: &str = "select pg_advisory_xact_lock(7305040718)";
