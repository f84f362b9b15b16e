//! What requests and the log's follower share in memory, under the names of std, parking_lot, papaya, quick_cache and
//! arc-swap. In the unit tests every use of one is a point at which shuttle may let another thread go on, so that
//! `gateway/interleavings` runs the very code that serves.

mod grown;
#[cfg(test)]
mod watched;

#[cfg(not(test))]
pub(crate) use arc_swap::ArcSwap;
#[cfg(not(test))]
pub(crate) use grown::HashMap;
#[cfg(not(test))]
pub(crate) use parking_lot::Mutex;
#[cfg(not(test))]
pub(crate) use quick_cache::sync::Cache;
#[cfg(not(test))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
#[cfg(test)]
pub(crate) use watched::{ArcSwap, AtomicBool, AtomicI64, AtomicU64, Cache, HashMap, Mutex};
