//! A grant cannot be written down: a rule must give it.

use doorward::policy::Grant;
use doorward::standing::Live;

fn forge(live: Option<Live>) -> Grant {
    Grant { live }
}

fn main() {}
