//! The file as it is written: sections, keys and values with their lines, read one key at a time so that every
//! mistake is found in one go.

mod entry;
mod lists;
mod reading;
mod section;
mod values;

pub(super) use entry::Entry;
pub(super) use reading::{Environment, Reading};
pub(super) use section::{Section, nearest};
