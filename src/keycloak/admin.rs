//! The little of the Admin API that is used, with the token for it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use moka::Expiry;
use moka::future::Cache;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::http::json;
use super::{Administrator, Http, KeycloakError, Oidc, Operation, Tokens};

/// The Admin API of one realm, called with our own client's rights, or with an administrator's.
#[derive(Debug)]
pub struct Admin {
    oidc: Arc<Oidc>,
    /// In whose name, where it is not our client's.
    administrator: Option<Administrator>,
    server: String,
    realm: String,
    users: Url,
    /// At most one token; all who need it while there is none share one call.
    token: Cache<(), Arc<Tokens>>,
}

/// A user as Keycloak keeps it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeycloakUser {
    /// Keycloak's identifier, the `sub` of its tokens.
    pub id: String,
    /// The name, in lower case.
    pub username: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the address was verified.
    #[serde(default)]
    pub email_verified: bool,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// Whether the account may be used.
    #[serde(default)]
    pub enabled: bool,
    /// What the person has to do first, by Keycloak's names.
    #[serde(default)]
    pub required_actions: Vec<String>,
}

/// Without what is personal or secret.
impl fmt::Debug for KeycloakUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeycloakUser").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Admin {
    /// The Admin API beside the realm that `oidc` speaks to; nothing where its address is not Keycloak's
    /// `…/realms/{realm}`.
    #[must_use]
    pub fn new(oidc: Arc<Oidc>) -> Option<Self> {
        let (server, realm) = oidc.base().rsplit_once("/realms/")?;
        if realm.is_empty() || realm.contains('/') {
            return None;
        }
        let (server, realm) = (server.to_owned(), format!("{server}/admin/realms/{realm}"));
        let users = Url::parse(&format!("{realm}/users")).ok()?;
        let token = Cache::builder().max_capacity(1).expire_after(BeforeExpiry).build();
        Some(Self { administrator: None, server, realm, oidc, users, token })
    }

    /// The same in the name of an administrator.
    #[must_use]
    pub fn in_the_name_of(self, administrator: Administrator) -> Self {
        Self { administrator: Some(administrator), ..self }
    }

    /// Gets a token, and no more: a password is tried once before it is needed often, as each try that fails counts.
    ///
    /// # Errors
    /// There is none.
    pub async fn enter(&self) -> Result<(), KeycloakError> {
        self.token().await.map(drop)
    }

    /// The user of exactly that name. Keycloak compares without case and, on a slip in the query, by substring;
    /// so the name is compared here again.
    ///
    /// # Errors
    /// The call fails.
    pub async fn find_user(&self, username: &str) -> Result<Option<KeycloakUser>, KeycloakError> {
        let wanted = username.to_lowercase();
        Ok(self.find("username", username).await?.into_iter().find(|user| user.username.to_lowercase() == wanted))
    }

    /// The user of exactly that e-mail address.
    ///
    /// # Errors
    /// The call fails.
    pub async fn find_user_by_email(&self, email: &str) -> Result<Option<KeycloakUser>, KeycloakError> {
        let wanted = email.to_lowercase();
        let is_wanted = |user: &KeycloakUser| user.email.as_ref().is_some_and(|email| email.to_lowercase() == wanted);
        Ok(self.find("email", email).await?.into_iter().find(is_wanted))
    }

    async fn find(&self, field: &str, value: &str) -> Result<Vec<KeycloakUser>, KeycloakError> {
        let mut url = self.users.clone();
        url.query_pairs_mut().append_pair(field, value).append_pair("exact", "true").append_pair("max", "2");
        json(&self.get(Operation::FindUser, &url).await?)
    }

    /// The user behind the service account of a client.
    ///
    /// # Errors
    /// The call fails.
    pub async fn service_account_user(&self, client_id: &str) -> Result<Option<KeycloakUser>, KeycloakError> {
        self.find_user(&format!("service-account-{client_id}")).await
    }

    /// A resource of the realm.
    pub(super) fn at(&self, path: &str) -> Result<Url, KeycloakError> {
        let address = format!("{}/{path}", self.realm);
        Url::parse(address.trim_end_matches('/')).map_err(|_| KeycloakError::Malformed("no address"))
    }

    /// A read; patient as requests are.
    pub(super) async fn get(&self, operation: Operation, url: &Url) -> Result<Vec<u8>, KeycloakError> {
        self.call(|http, token| {
            let request = http.client().get(url.clone()).bearer_auth(token);
            async move { http.call(operation, request).await }
        })
        .await
    }

    /// A change, with more patience: one that ends a session waits for whoever is told of it.
    pub(super) async fn change(&self, method: Method, url: &Url, body: Option<&Value>) -> Result<(), KeycloakError> {
        self.call(|http, token| {
            let request = http.client().request(method.clone(), url.clone()).bearer_auth(token);
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            async move { http.call_patiently(Operation::Change, request).await }
        })
        .await
        .map(drop)
    }

    /// One call; where the token is refused, once more with a new one: a restart or a not-before ends tokens
    /// before their time.
    async fn call<'a, F>(&'a self, ask: impl Fn(&'a Http, &str) -> F) -> Result<Vec<u8>, KeycloakError>
    where
        F: Future<Output = Result<Vec<u8>, KeycloakError>>,
    {
        let token = self.token().await?;
        match ask(self.oidc.http(), token.access_token()).await {
            Err(KeycloakError::Refused { status: StatusCode::UNAUTHORIZED, .. }) => {
                self.forget(&token).await;
                let token = self.token().await?;
                ask(self.oidc.http(), token.access_token()).await
            }
            answer => answer,
        }
    }

    /// The token that calls are made with, which is shared until shortly before it ends.
    async fn token(&self) -> Result<Arc<Tokens>, KeycloakError> {
        let fetch = async {
            match &self.administrator {
                Some(administrator) => administrator.log_in(self.oidc.http(), &self.server).await.map(Arc::new),
                None => self.oidc.client_credentials().await.map(Arc::new),
            }
        };
        self.token.try_get_with((), fetch).await.map_err(|shared| KeycloakError::clone(&shared))
    }

    /// Forgets a token that was refused, unless somebody has a newer one already.
    async fn forget(&self, refused: &Arc<Tokens>) {
        if self.token.get(&()).await.is_some_and(|current| Arc::ptr_eq(&current, refused)) {
            self.token.invalidate(&()).await;
        }
    }
}

/// A token is not used in its last seconds, so that it does not end on the way.
struct BeforeExpiry;

impl Expiry<(), Arc<Tokens>> for BeforeExpiry {
    fn expire_after_create(&self, (): &(), tokens: &Arc<Tokens>, _: Instant) -> Option<Duration> {
        Some(tokens.expires_in().saturating_sub(Duration::from_secs(10)))
    }
}

#[cfg(test)]
#[path = "admin_tests.rs"]
mod tests;
