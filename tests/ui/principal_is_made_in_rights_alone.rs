//! A principal cannot be written down: an identity must be enriched.

fn main() {
    let _ = doorward::rights::Principal { identity: todo!(), account: todo!(), entitlement: todo!() };
}
