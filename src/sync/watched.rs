//! The same types, with a point for shuttle before each use. Outside of a shuttle test they are what they wrap.

use std::hash::Hash;
use std::ops::Deref;
use std::sync::atomic;

use parking_lot::MutexGuard;

/// Something shared. Each use is one step, as it is for other threads: the types wrapped here are linearizable.
#[derive(Debug, Default)]
pub(crate) struct Watched<T>(T);

pub(crate) type ArcSwap<T> = Watched<arc_swap::ArcSwap<T>>;
pub(crate) type AtomicBool = Watched<atomic::AtomicBool>;
pub(crate) type AtomicI64 = Watched<atomic::AtomicI64>;
pub(crate) type AtomicU64 = Watched<atomic::AtomicU64>;
pub(crate) type Cache<K, V> = Watched<quick_cache::sync::Cache<K, V>>;
pub(crate) type HashMap<K, V> = Watched<super::grown::HashMap<K, V>>;

impl<T> Deref for Watched<T> {
    type Target = T;

    fn deref(&self) -> &T {
        point();
        &self.0
    }
}

impl AtomicBool {
    pub(crate) fn new(value: bool) -> Self {
        Self(atomic::AtomicBool::new(value))
    }
}

impl AtomicI64 {
    pub(crate) fn new(value: i64) -> Self {
        Self(atomic::AtomicI64::new(value))
    }
}

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(atomic::AtomicU64::new(value))
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(quick_cache::sync::Cache::new(capacity))
    }
}

/// All threads of a shuttle test are one thread of the machine, which must not wait for itself.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(parking_lot::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        if !is_explored() {
            return self.0.lock();
        }
        point();
        loop {
            match self.0.try_lock() {
                Some(guard) => return guard,
                None => shuttle::thread::yield_now(),
            }
        }
    }
}

/// Here another thread may go on.
pub(crate) fn point() {
    if is_explored() {
        // Shuttle switches before a use of one of its own types.
        shuttle::sync::atomic::AtomicBool::new(false).load(atomic::Ordering::SeqCst);
    }
}

fn is_explored() -> bool {
    shuttle::current::try_get_current_task().is_some()
}
