//! What tests of every store ask.

use uuid::Uuid;

use super::{Batch, Members, Node};
use crate::id;

/// A node for tests.
pub(crate) fn node() -> Node {
    Node { name: "test".to_owned(), version: "0".to_owned() }
}

/// What is newer than the change named `after`, as somebody is told who joins for it.
pub(crate) async fn read(store: &(impl Members + ?Sized), after: Option<Uuid>) -> Batch {
    let id = id::node_id();
    store.join(id, &node()).await.unwrap();
    let batch = store.attend(id, after).await.unwrap().unwrap();
    store.leave(id).await.unwrap();
    Batch { clock: None, ..batch }
}
