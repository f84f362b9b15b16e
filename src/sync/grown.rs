//! A map that has grown when the insertion which makes it grow returns.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::ops::Deref;

use papaya::ResizeMode;

/// By default papaya leaves the rest of its growth to later insertions, and until then a look-up searches the old table
/// too, in which everything is full: with 1,000,000 entries 10 µs instead of 0.15.
pub(crate) struct HashMap<K, V>(papaya::HashMap<K, V>);

impl<K: Debug + Hash + Eq, V: Debug> Debug for HashMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K, V> Default for HashMap<K, V> {
    fn default() -> Self {
        Self(papaya::HashMap::builder().resize_mode(ResizeMode::Blocking).build())
    }
}

impl<K, V> Deref for HashMap<K, V> {
    type Target = papaya::HashMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
