//! The lease protocol of `docs/revocation.md` as a state machine, and its rules switched off one by one.
//!
//! One step is one thing that can happen: a tick of time, a statement reaching the database, its snapshot, its commit,
//! its answer, a loss, a crash. A paused or cut-off node needs no step of its own: it takes none. [`Config`] says how
//! large a world is, and what may go wrong in it.
//!
//! Rights have a machine of their own, [`RightsConfig`], with one node and no time. In neither: two primaries at once,
//! several revocations in one transaction, what is not written twice because it was read a short while ago, Keycloak.

#![forbid(unsafe_code)]

mod action;
mod bug;
mod config;
mod excuse;
mod failover;
mod keeper;
mod lease;
mod log;
mod membership;
mod node;
mod poll;
mod promise;
mod request;
mod rights;
mod rights_state;
mod state;
mod time;
mod verdict;
mod write_back;
mod writer;

use action::Action;
pub use bug::Bug;
pub use config::{Config, Grain};
pub use rights::{RightsBug, RightsConfig};
pub use verdict::{Verdict, explore, explore_rights};
