//! A principal that was not confirmed cannot be judged.

use doorward::policy::Requirements;
use doorward::rights::Principal;

fn skip(requirements: Requirements, principal: Principal) {
    let _ = requirements.judge(principal);
}

fn main() {}
