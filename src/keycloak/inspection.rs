//! What the Admin API tells of the settings of a realm and its clients. Every representation is read leniently: what
//! Keycloak leaves out is not known, never "off".

use serde::Deserialize;
use serde_json::Value;

use super::http::json;
use super::{Admin, KeycloakError, Operation};

/// Which events a realm keeps.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSettings {
    /// Whether what users do is kept.
    pub events_enabled: bool,
    /// For how long, in seconds; nothing or zero is for ever.
    #[serde(default)]
    pub events_expiration: Option<u64>,
    /// Which of it.
    #[serde(default)]
    pub enabled_event_types: Vec<String>,
    /// Whether what administrators do is kept.
    pub admin_events_enabled: bool,
    /// With the bodies of their requests.
    #[serde(default)]
    pub admin_events_details_enabled: bool,
}

/// What a realm is set to. Who may see users only is shown `bruteForceProtected` and little more.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RealmSettings {
    /// Whether guessing is answered by a pause.
    pub brute_force_protected: Option<bool>,
    /// `none`, `external`, `all`.
    pub ssl_required: Option<String>,
    /// Whether a refresh token can be used once only.
    pub revoke_refresh_token: Option<bool>,
    /// How often it can be used once more.
    pub refresh_token_max_reuse: Option<u32>,
    /// How long access tokens live, in seconds.
    pub access_token_lifespan: Option<u64>,
    /// How long a session may be idle, in seconds.
    pub sso_session_idle_timeout: Option<u64>,
    /// What has no field of its own.
    pub attributes: Option<Value>,
}

/// What a client is set to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSettings {
    /// Keycloak's own identifier.
    pub id: String,
    /// Whether it may be used.
    #[serde(default)]
    pub enabled: bool,
    /// Whether it has no secret.
    #[serde(default)]
    pub public_client: bool,
    /// Whether log-outs are told by the browser, and therefore not by Keycloak.
    #[serde(default)]
    pub frontchannel_logout: bool,
    /// Whether tokens are handed out in the address of a page.
    #[serde(default)]
    pub implicit_flow_enabled: bool,
    /// Whether passwords can be sent for tokens.
    #[serde(default)]
    pub direct_access_grants_enabled: bool,
    /// Whether it is an account itself.
    #[serde(default)]
    pub service_accounts_enabled: bool,
    /// Whether its tokens carry every role.
    #[serde(default)]
    pub full_scope_allowed: bool,
    /// Where orders to the client go.
    pub admin_url: Option<String>,
    /// What has no field of its own.
    #[serde(default)]
    pub attributes: Value,
}

impl RealmSettings {
    /// An attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.as_ref()?.get(name)?.as_str()
    }
}

impl ClientSettings {
    /// An attribute that is not empty.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str().filter(|value| !value.is_empty())
    }
}

impl Admin {
    /// Which events the realm keeps; needs `view-events`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn event_settings(&self) -> Result<EventSettings, KeycloakError> {
        json(&self.get(Operation::Settings, &self.at("events/config")?).await?)
    }

    /// What the realm is set to; all of it needs `view-realm`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn realm_settings(&self) -> Result<RealmSettings, KeycloakError> {
        json(&self.get(Operation::Settings, &self.at("")?).await?)
    }

    /// What the client of that name is set to; needs `view-clients`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn client_settings(&self, client_id: &str) -> Result<Option<ClientSettings>, KeycloakError> {
        let mut url = self.at("clients")?;
        url.query_pairs_mut().append_pair("clientId", client_id);
        let found: Vec<ClientSettings> = json(&self.get(Operation::Settings, &url).await?)?;
        Ok(found.into_iter().next())
    }

    /// Where a log-in of that name, which failed in the last minutes, came from, as Keycloak saw it; needs
    /// `view-events`. The name is one that we made up.
    ///
    /// # Errors
    /// The call fails.
    pub async fn address_of_failed_login(&self, username: &str) -> Result<Option<String>, KeycloakError> {
        let mut url = self.at("events")?;
        url.query_pairs_mut().append_pair("type", "LOGIN_ERROR").append_pair("max", "100");
        let events: Vec<FailedLogin> = json(&self.get(Operation::Events, &url).await?)?;
        let ours = events.into_iter().find(|event| event.details.get("username").is_some_and(|name| *name == username));
        Ok(ours.and_then(|event| event.ip_address))
    }

    /// The audiences of an access token that the client would get for a user; needs `view-clients`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn audiences(&self, client: &ClientSettings, user: &str) -> Result<Vec<String>, KeycloakError> {
        let mut url = self.at(&format!("clients/{}/evaluate-scopes/generate-example-access-token", client.id))?;
        url.query_pairs_mut().append_pair("scope", "openid").append_pair("userId", user);
        let token: ExampleToken = json(&self.get(Operation::Settings, &url).await?)?;
        Ok(match token.aud {
            Value::String(one) => vec![one],
            Value::Array(many) => many.into_iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        })
    }
}

#[derive(Deserialize)]
struct ExampleToken {
    #[serde(default)]
    aud: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedLogin {
    ip_address: Option<String>,
    #[serde(default)]
    details: Value,
}
