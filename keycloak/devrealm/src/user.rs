//! A user as the files and the Admin API describe one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::random;

/// A user. Passwords are kept in plain text: it is a development realm.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    #[serde(default = "random::uuid")]
    pub(crate) id: String,
    pub(crate) username: String,
    #[serde(default)]
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) email_verified: bool,
    #[serde(default)]
    pub(crate) first_name: Option<String>,
    #[serde(default)]
    pub(crate) last_name: Option<String>,
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) required_actions: BTreeSet<String>,
    #[serde(default)]
    pub(crate) realm_roles: Vec<String>,
    #[serde(default)]
    pub(crate) client_roles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) service_account_client_id: Option<String>,
    #[serde(default)]
    pub(crate) credentials: Vec<Credential>,
    #[serde(default)]
    pub(crate) created_timestamp: i64,
    /// Tokens older than this second are dead; only `POST users/{id}/logout` sets it.
    #[serde(skip)]
    pub(crate) not_before: i64,
    /// The last time step whose one-time code was used: a code works once.
    #[serde(skip)]
    pub(crate) last_otp_step: Option<i64>,
}

/// A credential as it is imported.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credential {
    #[serde(rename = "type", default = "password")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) temporary: bool,
    #[serde(default)]
    secret_data: Option<String>,
}

impl User {
    /// The password, if the user has one.
    pub(crate) fn password(&self) -> Option<&str> {
        self.credentials.iter().find(|credential| credential.kind == PASSWORD)?.value.as_deref()
    }

    /// Sets a password as an administrator does; a temporary one must be changed at the next log-in.
    pub(crate) fn set_password(&mut self, value: String, temporary: bool) {
        self.credentials.retain(|credential| credential.kind != PASSWORD);
        self.credentials.push(Credential { kind: password(), value: Some(value), temporary, secret_data: None });
        if temporary {
            self.required_actions.insert(UPDATE_PASSWORD.to_owned());
        } else {
            self.required_actions.remove(UPDATE_PASSWORD);
        }
    }

    /// Gives a user read from a file what Keycloak adds on import.
    pub(crate) fn imported(mut self, now_ms: i64) -> Self {
        self.username = self.username.to_lowercase();
        self.created_timestamp = now_ms;
        if self.credentials.iter().any(|credential| credential.temporary) {
            self.required_actions.insert(UPDATE_PASSWORD.to_owned());
        }
        self
    }

    /// The key of the user's one-time passwords, if there is one.
    pub(crate) fn otp_key(&self) -> Option<String> {
        let otp = self.credentials.iter().find(|credential| credential.kind == "otp")?;
        let secret = serde_json::from_str::<Value>(otp.secret_data.as_deref()?).ok()?;
        secret.get("value").and_then(Value::as_str).map(str::to_owned)
    }

    /// What the user still has to do before anybody gets tokens for the account.
    pub(crate) fn to_do(&self, verify_email: bool) -> Option<String> {
        let incomplete = self.email.is_none() || self.first_name.is_none() || self.last_name.is_none();
        let asked = self.required_actions.first().cloned();
        let profile = incomplete.then(|| "VERIFY_PROFILE".to_owned());
        let email = (verify_email && !self.email_verified).then(|| "VERIFY_EMAIL".to_owned());
        asked.or(profile).or(email)
    }

    /// A person, as opposed to a client's service account.
    pub(crate) fn is_person(&self) -> bool {
        self.service_account_client_id.is_none()
    }

    /// First and last name in one.
    pub(crate) fn full_name(&self) -> Option<String> {
        let parts = [&self.first_name, &self.last_name];
        let name = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        Some(name).filter(|name| !name.is_empty())
    }

    /// Whether the user has this e-mail, in any case.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email))
    }

    /// Whether an attribute of the user has exactly this value.
    pub(crate) fn has_attribute(&self, name: &str, value: &str) -> bool {
        self.attributes.get(name).is_some_and(|values| values.iter().any(|held| held == value))
    }
}

fn password() -> String {
    PASSWORD.to_owned()
}

const PASSWORD: &str = "password";
const UPDATE_PASSWORD: &str = "UPDATE_PASSWORD";
