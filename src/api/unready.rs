//! Why an account whose password was right is not ready: Keycloak has one text for all that is still to be done.

use super::{ApiError, Parts};

/// An address that is not verified, where nothing else is to be done; else something that only Keycloak's pages can
/// ask for. Where the Admin API says nothing, that is what is said.
pub(super) async fn reason(parts: &Parts, username: &str) -> ApiError {
    let Some(admin) = &parts.admin else { return ApiError::AccountNotSetUp };
    let mut found = admin.find_user(username).await;
    if matches!(found, Ok(None)) {
        found = admin.find_user_by_email(username).await;
    }
    match found {
        Ok(Some(user)) if !user.email_verified && user.required_actions.iter().all(|action| action == VERIFY) => {
            ApiError::EmailNotVerified
        }
        Ok(_) => ApiError::AccountNotSetUp,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "Keycloak does not say why an account is not set up: may our client view users?");
            ApiError::AccountNotSetUp
        }
    }
}

const VERIFY: &str = "VERIFY_EMAIL";
