//! A grant cannot be written down: a rule must give it.

fn main() {
    let _ = doorward::policy::Grant { live: None };
}
