//! An administrator of Keycloak: a person with a password, in whose name the Admin API can be called.

use std::fmt;

use super::oidc::{TOKEN, tokens};
use super::{Http, KeycloakError, Operation, Tokens};

/// Who an administrator is; the password is never printed.
#[derive(Clone)]
pub struct Administrator {
    /// Where the account is: `master`, or the realm itself.
    pub realm: String,
    /// The account.
    pub username: String,
    /// Its password.
    pub password: String,
}

impl Administrator {
    /// Logs in as `kcadm.sh` does. Never tried twice: a repeated wrong password locks the account.
    pub(super) async fn log_in(&self, http: &Http, server: &str) -> Result<Tokens, KeycloakError> {
        let url = format!("{server}/realms/{}{TOKEN}", self.realm);
        let fields = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", &*self.username),
            ("password", &*self.password),
        ];
        tokens(&http.call(Operation::Password, http.client().post(url).form(&fields)).await?)
    }
}

impl fmt::Debug for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Administrator").field("realm", &self.realm).finish_non_exhaustive()
    }
}
