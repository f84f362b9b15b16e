//! A principal that was not confirmed cannot be judged.

fn main() {
    let requirements = doorward::policy::Requirements::default();
    let principal: doorward::rights::Principal = todo!();
    let _ = requirements.judge(principal);
}
