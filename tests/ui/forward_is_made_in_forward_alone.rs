//! A request cannot be forwarded without an admission.

fn main() {
    let _ = doorward::forward::Forward { upstream: todo!(), ..todo!() };
}
