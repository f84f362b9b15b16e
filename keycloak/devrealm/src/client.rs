//! A client as the realm file describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

/// A registered client.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Client {
    #[serde(default = "new_id")]
    pub(crate) id: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) public_client: bool,
    #[serde(default)]
    pub(crate) secret: Option<String>,
    #[serde(default = "yes")]
    pub(crate) standard_flow_enabled: bool,
    #[serde(default)]
    pub(crate) direct_access_grants_enabled: bool,
    #[serde(default)]
    pub(crate) service_accounts_enabled: bool,
    #[serde(default)]
    pub(crate) frontchannel_logout: bool,
    #[serde(default)]
    admin_url: Option<String>,
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(crate) web_origins: Vec<String>,
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) default_client_scopes: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) optional_client_scopes: Option<Vec<String>>,
    #[serde(default)]
    protocol_mappers: Vec<Mapper>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mapper {
    protocol_mapper: String,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

impl Client {
    /// The audiences that this client's mappers put into its access tokens.
    pub(crate) fn audiences(&self) -> impl Iterator<Item = &str> {
        self.protocol_mappers
            .iter()
            .filter(|mapper| mapper.protocol_mapper == "oidc-audience-mapper")
            .filter(|mapper| mapper.config.get("access.token.claim").is_some_and(|value| value == "true"))
            .filter_map(|mapper| mapper.config.get("included.client.audience"))
            .map(String::as_str)
    }

    /// The header `typ` of this client's access tokens.
    pub(crate) fn access_token_type(&self) -> &'static str {
        if self.switched_on("access.token.header.type.rfc9068") { "at+jwt" } else { "JWT" }
    }

    /// Where a logout token for this client goes; front-channel logout silently turns that off.
    pub(crate) fn backchannel_logout_url(&self) -> Option<&str> {
        let url = self.attribute("backchannel.logout.url").filter(|url| !url.is_empty());
        url.filter(|_| self.enabled && !self.frontchannel_logout)
    }

    /// Where orders for this client go.
    pub(crate) fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref().filter(|url| self.enabled && !url.is_empty())
    }

    /// The pages that a logout may lead to; the file joins them in one attribute.
    pub(crate) fn post_logout_redirect_uris(&self) -> impl Iterator<Item = &str> {
        self.attribute("post.logout.redirect.uris").unwrap_or_default().split("##").filter(|uri| !uri.is_empty())
    }

    /// Whether an attribute of this client says `true`.
    pub(crate) fn switched_on(&self, attribute: &str) -> bool {
        self.attribute(attribute) == Some("true")
    }

    /// One attribute of this client.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The scopes that every token of this client has.
    pub(crate) fn default_scopes(&self) -> Vec<&str> {
        names(self.default_client_scopes.as_deref(), DEFAULT_SCOPES)
    }

    /// The scopes that a token of this client has when they are asked for.
    pub(crate) fn optional_scopes(&self) -> Vec<&str> {
        names(self.optional_client_scopes.as_deref(), OPTIONAL_SCOPES)
    }
}

fn names<'a>(own: Option<&'a [String]>, realm: &'a [&'a str]) -> Vec<&'a str> {
    own.map_or_else(|| realm.to_vec(), |own| own.iter().map(String::as_str).collect())
}

fn new_id() -> String {
    Uuid::new_v4().to_string()
}

fn yes() -> bool {
    true
}

/// What a fresh realm gives to clients that name no scopes.
const DEFAULT_SCOPES: &[&str] = &["profile", "acr", "roles", "email", "web-origins", "basic"];
const OPTIONAL_SCOPES: &[&str] = &["address", "phone", "offline_access", "microprofile-jwt"];
