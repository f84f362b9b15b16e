//! Randomness: identifiers of users, requests and changes. The only place where it is drawn.

use std::sync::Arc;

use uuid::Uuid;

/// A new identifier of a user: UUID version 7, so that the primary key is the order of arrival.
#[must_use]
pub fn user_id() -> Uuid {
    Uuid::now_v7()
}

/// A new identifier of a request, unguessable and short enough for a log line.
#[must_use]
pub fn request_id() -> Arc<str> {
    let mut room = Uuid::encode_buffer();
    Arc::from(&*Uuid::new_v4().simple().encode_lower(&mut room))
}

/// A new id of a node, one for each time that it joins.
#[must_use]
pub fn node_id() -> Uuid {
    Uuid::new_v4()
}

/// A new name of a change in the log, never used before.
#[must_use]
pub fn change_tag() -> Uuid {
    Uuid::new_v4()
}
