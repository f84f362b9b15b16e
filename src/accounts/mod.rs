//! accounts.
use crate::identity::{Profile, Subject};
#[derive(Debug, thiserror::Error)] #[error("x")] pub struct ProvisionError;
pub struct Provisioner;
impl Provisioner { pub async fn provision(&self, _: &Subject, _: &Profile) -> Result<(), ProvisionError> { Err(ProvisionError) } }
