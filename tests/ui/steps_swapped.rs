//! An identity that was not enriched cannot be confirmed.

fn confirm(standing: &doorward::standing::Standing, identity: std::sync::Arc<doorward::identity::Identity>) {
    let _ = standing.confirm(identity);
}

fn main() {}
