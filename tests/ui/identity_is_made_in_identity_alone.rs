//! An identity cannot be written down: it must be proven.

use doorward::identity::{Identity, Subject};

fn forge(subject: Subject, other: Identity) -> Identity {
    Identity { subject, ..other }
}

fn main() {}
