//! A live principal cannot be written down: it must be confirmed.

fn main() {
    let _ = doorward::standing::Live { principal: todo!(), at: todo!() };
}
