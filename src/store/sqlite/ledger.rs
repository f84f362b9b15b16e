//! The ledger: reads on a lane of their own, changes on the one writer.

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use super::{Sqlite, change_log, role, user, write};
use crate::store::{
    Applied, Decide, Facts, Ledger, Permission, Query, Role, StoreError, User, UserFilter, UserKey, UserPage,
};

#[async_trait]
impl Ledger for Sqlite {
    async fn transact(&self, query: Query, decide: Decide) -> Result<Option<Applied>, StoreError> {
        self.write("change", move |connection| transact(connection, &query, decide)).await
    }

    async fn users(&self, filter: UserFilter) -> Result<UserPage, StoreError> {
        self.manage("users", move |connection| user::list(connection, &filter)).await
    }

    async fn user(&self, key: UserKey) -> Result<Option<User>, StoreError> {
        self.manage("user", move |connection| user::find(connection, &key)).await
    }

    async fn roles(&self) -> Result<Vec<Role>, StoreError> {
        self.manage("roles", |connection| role::roles(connection)).await
    }

    async fn permissions(&self) -> Result<Vec<Permission>, StoreError> {
        self.manage("permissions", |connection| role::permissions(connection)).await
    }
}

fn transact(connection: &mut Connection, query: &Query, decide: Decide) -> Result<Option<Applied>, Fault> {
    // Immediate: the facts stay true until the plan is written.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(plan) = decide(&facts(&transaction, query)?) else { return Ok(None) };
    for row in &plan.0 {
        write::write(&transaction, row)?;
    }
    let position = change_log::newest(&transaction)?;
    transaction.commit()?;
    Ok(Some(Applied { changed: !plan.0.is_empty(), position }))
}

fn facts(transaction: &Connection, query: &Query) -> Result<Facts, Fault> {
    let mut facts = Facts::default();
    for key in &query.users {
        if let Some(found) = user::find(transaction, key)?
            && !facts.users.contains(&found)
        {
            facts.users.push(found);
        }
    }
    for name in &query.roles {
        facts.roles.extend(role::find(transaction, name)?);
    }
    for name in &query.permissions {
        facts.permissions.extend(role::find_permission(transaction, name)?);
    }
    Ok(facts)
}
