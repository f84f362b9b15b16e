//! A live principal cannot be written down: it must be confirmed.

use doorward::clock::Timestamp;
use doorward::rights::Principal;
use doorward::standing::Live;

fn forge(principal: Principal, at: Timestamp) -> Live {
    Live { principal, at }
}

fn main() {}
