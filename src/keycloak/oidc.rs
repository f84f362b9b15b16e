//! The OpenID Connect endpoints of one realm.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::RequestBuilder;
use serde::Deserialize;
use url::Url;

use super::http::json;
use super::our_client::OurClient;
use super::{ClientCredentials, Http, Introspection, KeycloakError, LoginError, Operation, RefreshTokenError, Tokens};
use crate::rotating::Rotating;

/// The OpenID Connect endpoints of one issuer, and our client there.
#[derive(Debug)]
pub struct Oidc {
    http: Arc<Http>,
    issuer: String,
    base: String,
    internal: bool,
    client: Option<OurClient>,
}

/// A call that our client makes with its secret.
pub(super) struct ClientCall<'a> {
    pub(super) operation: Operation,
    pub(super) path: &'a str,
    pub(super) fields: &'a [(&'a str, &'a str)],
    pub(super) address: Option<IpAddr>,
}

/// The part of a discovery document that is used.
#[derive(Debug)]
pub struct Discovery {
    /// Who the document speaks of.
    pub issuer: String,
    /// Where the keys are.
    pub jwks_uri: Url,
}

/// A log-in with name and password (direct access grant).
#[derive(Clone, Copy)]
pub struct PasswordLogin<'a> {
    /// The name or e-mail address that was typed.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// The one-time password, where one was given.
    pub otp: Option<&'a str>,
    /// Where the log-in comes from; it reaches Keycloak's events and its brute-force protection.
    pub address: Option<IpAddr>,
}

impl Oidc {
    /// The endpoints of `issuer`, called at `url`: the issuer itself, or an address inside.
    #[must_use]
    pub fn new(http: Arc<Http>, issuer: &str, url: &Url, client: Option<ClientCredentials>) -> Self {
        let base = url.as_str().trim_end_matches('/').to_owned();
        let internal = base != issuer.trim_end_matches('/');
        Self { http, issuer: issuer.to_owned(), base, internal, client: client.map(OurClient::new) }
    }

    /// With a secret of our client that is read again when Keycloak refuses it.
    #[must_use]
    pub fn rotating(self, secret: Rotating) -> Self {
        Self { client: self.client.map(|client| client.rotating(secret)), ..self }
    }

    /// The exact `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Reads the discovery document.
    ///
    /// # Errors
    /// The call fails.
    pub async fn discovery(&self) -> Result<Discovery, KeycloakError> {
        let request = self.http.client().get(self.at("/.well-known/openid-configuration"));
        let document: Document = json(&self.http.call(Operation::Discovery, request).await?)?;
        let jwks_uri = Url::parse(&document.jwks_uri).map_err(|_| KeycloakError::Malformed("jwks_uri is no URL"))?;
        Ok(Discovery { issuer: document.issuer, jwks_uri })
    }

    /// Reads the key set.
    ///
    /// # Errors
    /// The call fails.
    pub async fn certs(&self, jwks_uri: &Url) -> Result<Vec<u8>, KeycloakError> {
        self.http.call(Operation::Certs, self.http.client().get(jwks_uri.clone())).await
    }

    /// Where the keys are inside, where the issuer is called at another address than its own: what its documents
    /// name may not be reachable from here.
    #[must_use]
    pub fn internal_certs(&self) -> Option<Url> {
        if self.internal { Url::parse(&self.at("/protocol/openid-connect/certs")).ok() } else { None }
    }

    /// Tokens for a name and a password. Never tried twice: a repeated wrong password locks the account.
    ///
    /// # Errors
    /// Keycloak refuses the credentials, or nobody knows.
    pub async fn login(&self, login: PasswordLogin<'_>) -> Result<Tokens, LoginError> {
        let mut fields = vec![("grant_type", "password"), ("username", login.username), ("password", login.password)];
        fields.push(("scope", "openid"));
        fields.extend(login.otp.map(|otp| ("otp", otp)));
        let call = ClientCall { operation: Operation::Password, path: TOKEN, fields: &fields, address: login.address };
        Ok(tokens(&self.call(call).await.map_err(LoginError::from_refusal)?)?)
    }

    /// A token of our own client.
    ///
    /// # Errors
    /// The call fails.
    pub async fn client_credentials(&self) -> Result<Tokens, KeycloakError> {
        let fields = &[("grant_type", "client_credentials")];
        tokens(
            &self
                .call(ClientCall { operation: Operation::ClientCredentials, path: TOKEN, fields, address: None })
                .await?,
        )
    }

    /// New tokens for a refresh token. Waits longer than other calls: with rotation on, an answer that nobody waited
    /// for is a session lost.
    ///
    /// # Errors
    /// Keycloak refuses the token, or nobody knows.
    pub async fn refresh(&self, refresh_token: &str, address: Option<IpAddr>) -> Result<Tokens, RefreshTokenError> {
        let fields = &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let answer = self.call(ClientCall { operation: Operation::Refresh, path: TOKEN, fields, address }).await;
        Ok(tokens(&answer.map_err(RefreshTokenError::from_refusal)?)?)
    }

    /// Ends the session of a refresh token.
    ///
    /// # Errors
    /// `Refused` where Keycloak does not take the token; where it says `Invalid`, nothing may be concluded from the
    /// token's claims.
    pub async fn logout(&self, refresh_token: &str, address: Option<IpAddr>) -> Result<(), RefreshTokenError> {
        let (path, fields) = ("/protocol/openid-connect/logout", &[("refresh_token", refresh_token)]);
        let answer = self.call(ClientCall { operation: Operation::Logout, path, fields, address }).await;
        answer.map(drop).map_err(RefreshTokenError::from_refusal)
    }

    /// What Keycloak says of a refresh token now; nothing where it is not active. Without the hint it would call
    /// every refresh token inactive.
    ///
    /// # Errors
    /// The call fails.
    pub async fn introspect_refresh_token(&self, token: &str) -> Result<Option<Introspection>, KeycloakError> {
        let fields = &[("token", token), ("token_type_hint", "refresh_token")];
        let call = ClientCall { operation: Operation::Introspect, path: INTROSPECT, fields, address: None };
        Introspection::read(self.call(call).await?)
    }

    /// What Keycloak says of an access token now; nothing where it is not active. Its audience must hold our client.
    ///
    /// # Errors
    /// The call fails.
    pub async fn introspect(&self, token: &str) -> Result<Option<Introspection>, KeycloakError> {
        let fields = &[("token", token)];
        let call = ClientCall { operation: Operation::Introspect, path: INTROSPECT, fields, address: None };
        Introspection::read(self.call(call).await?)
    }

    /// Our client here, where the settings name one.
    #[must_use]
    pub fn credentials(&self) -> Option<ClientCredentials> {
        self.client.as_ref().map(OurClient::current)
    }

    /// Where this realm is called.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// Calls, and once more where Keycloak has refused our client's secret and there is another one by now. Whatever
    /// else the call holds was not looked at then.
    pub(super) async fn call(&self, call: ClientCall<'_>) -> Result<Vec<u8>, KeycloakError> {
        let client = self.client.as_ref().ok_or(KeycloakError::NoClient)?;
        let shown = client.current();
        match self.show(&call, &shown).await {
            Err(error) if error.refuses_client() => match client.other_than(&shown).await {
                Some(other) => self.show(&call, &other).await,
                None => Err(error),
            },
            answer => answer,
        }
    }

    async fn show(&self, call: &ClientCall<'_>, client: &ClientCredentials) -> Result<Vec<u8>, KeycloakError> {
        let ours = [("client_id", client.id.as_str()), ("client_secret", client.secret.as_str())];
        let form: Vec<_> = call.fields.iter().copied().chain(ours).collect();
        let request = from_address(self.http.client().post(self.at(call.path)).form(&form), call.address);
        match call.operation {
            Operation::Refresh => self.http.call_patiently(call.operation, request).await,
            _ => self.http.call(call.operation, request).await,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// Tokens that can be used.
pub(super) fn tokens(body: &[u8]) -> Result<Tokens, KeycloakError> {
    let tokens: Tokens = json(body)?;
    if tokens.are_bearer() { Ok(tokens) } else { Err(KeycloakError::Malformed("not a bearer token")) }
}

/// One value, written by us: a list from the client could name any address.
fn from_address(request: RequestBuilder, address: Option<IpAddr>) -> RequestBuilder {
    match address {
        Some(address) => request.header("x-forwarded-for", address.to_string()),
        None => request,
    }
}

/// Below the address of a realm.
pub(super) const TOKEN: &str = "/protocol/openid-connect/token";
const INTROSPECT: &str = "/protocol/openid-connect/token/introspect";

#[cfg(test)]
#[path = "oidc_tests.rs"]
mod tests;
