//! An identity that was not enriched cannot be confirmed.

use std::sync::Arc;

use doorward::identity::Identity;
use doorward::standing::Standing;

fn swap(standing: &Standing, identity: Arc<Identity>) {
    let _ = standing.confirm(identity);
}

fn main() {}
