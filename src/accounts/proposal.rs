//! A change that somebody wants: what it must know, and what it then decides.

use super::Refusal;
use crate::store::{Applied, ChangeError, Facts, Ledger, Plan, Query};

/// A change that somebody wants.
pub trait Proposal: Send + 'static {
    /// What the decision needs to know.
    fn query(&self) -> Query;

    /// Judges the change by the facts.
    fn decide(self, facts: &Facts) -> Result<Plan, Refusal>;
}

/// Why a change of accounts was not made.
pub type AccountError = ChangeError<Refusal>;

/// Judges the proposal and carries it out, in one transaction.
pub async fn carry_out(ledger: &dyn Ledger, proposal: impl Proposal) -> Result<Applied, AccountError> {
    ledger.change(proposal.query(), |facts| proposal.decide(facts)).await
}
