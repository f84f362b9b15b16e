//! The rules of changes to accounts, pure: facts in, a plan or a refusal out.

mod create_permission;
mod create_role;
mod enrol;
mod forget;
mod grant;
mod proposal;
mod provisioner;
mod refusal;
mod revoke;
mod seed;

pub use create_permission::CreatePermission;
pub use create_role::CreateRole;
pub use enrol::{Enrol, KeycloakAccount};
pub use forget::Forget;
pub use grant::Grant;
pub use proposal::{AccountError, Proposal, carry_out};
pub use provisioner::{ProvisionError, Provisioner};
pub use refusal::{Refusal, Taken};
pub use revoke::Revoke;
pub use seed::{Seed, Seeded};
