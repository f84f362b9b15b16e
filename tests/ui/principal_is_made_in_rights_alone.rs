//! A principal cannot be written down: an identity must be enriched.

use std::sync::Arc;

use doorward::identity::Identity;
use doorward::rights::{Account, Entitlement, Principal};

fn forge(identity: Arc<Identity>, account: Arc<Account>, entitlement: Arc<Entitlement>) -> Principal {
    Principal { identity, account, entitlement }
}

fn main() {}
