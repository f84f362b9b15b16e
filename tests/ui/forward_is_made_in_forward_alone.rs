//! A request cannot be forwarded without an admission.

use std::sync::Arc;

use doorward::forward::Forward;

fn forge(upstream: Arc<str>, other: Forward) -> Forward {
    Forward { upstream, ..other }
}

fn main() {}
