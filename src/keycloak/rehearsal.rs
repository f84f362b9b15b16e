//! A user to throw away, with whom the end of a session is rehearsed.

use std::fmt;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::http::json as read;
use super::{Admin, KeycloakError, KeycloakUser, Operation};

/// A user who can log in at once; the password is never printed.
pub struct ThrowAwayUser {
    /// The name, which nobody else has.
    pub username: String,
    /// A password that keeps the usual rules of passwords.
    pub password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Leftover {
    id: String,
    username: String,
    /// One whose age is not told is not old.
    #[serde(default = "never")]
    created_timestamp: u64,
}

fn never() -> u64 {
    u64::MAX
}

impl fmt::Debug for ThrowAwayUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrowAwayUser").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Admin {
    /// Makes the user, complete and verified, so that Keycloak asks for nothing more; needs `manage-users`.
    ///
    /// # Errors
    /// The call fails, or the user is not found afterwards.
    pub async fn make_user(&self, user: &ThrowAwayUser) -> Result<KeycloakUser, KeycloakError> {
        let body = json!({
            "username": user.username,
            "email": format!("{}@doorward.invalid", user.username),
            "emailVerified": true,
            "firstName": "Doorward",
            "lastName": "Probe",
            "enabled": true,
            "requiredActions": [],
            "credentials": [{"type": "password", "value": user.password, "temporary": false}],
        });
        self.change(Method::POST, &self.at("users")?, Some(&body)).await?;
        self.find_user(&user.username).await?.ok_or(KeycloakError::Malformed("a user that was made is not there"))
    }

    /// The ids of users whose name begins so and who were made before that time, in milliseconds.
    ///
    /// # Errors
    /// The call fails.
    pub async fn leftovers(&self, prefix: &str, before: u64) -> Result<Vec<String>, KeycloakError> {
        let mut url = self.at("users")?;
        url.query_pairs_mut().append_pair("username", prefix).append_pair("max", "50");
        let found: Vec<Leftover> = read(&self.get(Operation::FindUser, &url).await?)?;
        let stale = |user: &Leftover| user.username.starts_with(prefix) && user.created_timestamp < before;
        Ok(found.into_iter().filter(stale).map(|user| user.id).collect())
    }

    /// Removes a user; needs `manage-users`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn remove_user(&self, id: &str) -> Result<(), KeycloakError> {
        self.change(Method::DELETE, &self.at(&format!("users/{id}"))?, None).await
    }

    /// Ends a session; needs `manage-users`. Keycloak tells its clients before it answers.
    ///
    /// # Errors
    /// The call fails.
    pub async fn end_session(&self, sid: &str) -> Result<(), KeycloakError> {
        self.change(Method::DELETE, &self.at(&format!("sessions/{sid}"))?, None).await
    }
}
