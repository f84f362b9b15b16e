//! An identity cannot be written down: it must be proven.

fn main() {
    let _ = doorward::identity::Identity { subject: todo!(), ..todo!() };
}
