//! A user, a client and a session into the tokens that Keycloak 26 would sign for them.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::inner::Inner;
use crate::proof::number;
use crate::random;
use crate::roles::Roles;
use crate::scope::Scope;
use crate::session::Session;
use crate::settings::Settings;
use crate::user::User;

/// Whom tokens are for.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a User,
    pub(crate) client: &'a Client,
    /// A service account has none.
    pub(crate) session: Option<&'a Session>,
    pub(crate) scope: &'a Scope,
}

/// By which grant tokens came; the first part of an access token's `jti` says so.
#[derive(Clone, Copy)]
pub(crate) enum Via {
    Password,
    Code,
    Refresh,
    ClientCredentials,
}

/// What a refresh token carries on from the one before, or what a log-in gives to the first.
#[derive(Clone, Default)]
pub(crate) struct Thread {
    /// The same through a family of refresh tokens.
    pub(crate) reuse_id: Option<String>,
    /// The refresh token's scope, where the access token's is narrower.
    pub(crate) scope: Option<Scope>,
    /// Only the ID token of a code has it.
    pub(crate) nonce: Option<String>,
}

/// Makes tokens at one instant.
#[derive(Clone, Copy)]
pub(crate) struct Mint<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) settings: &'a Settings,
    pub(crate) now: i64,
}

impl Mint<'_> {
    /// The answer of the token endpoint.
    pub(crate) fn answer(&self, subject: Subject<'_>, via: Via, thread: Thread) -> Value {
        let claims = self.access_claims(subject, via);
        let header = json!({ "typ": subject.client.access_token_type() });
        let access_token = self.inner.keys.sign(&header, &claims);
        let mut answer = json!({
            "access_token": access_token,
            "expires_in": number(&claims, "exp") - self.now,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": subject.user.not_before,
            "scope": subject.scope.shown(),
        });
        let Some(fields) = answer.as_object_mut() else { return answer };
        if let Some(session) = subject.session {
            let refresh = self.refresh_claims(subject, session, &thread);
            fields.insert("refresh_expires_in".to_owned(), (number(&refresh, "exp") - self.now).into());
            fields.insert("refresh_token".to_owned(), self.inner.keys.sign_refresh(&refresh).into());
            fields.insert("session_state".to_owned(), session.id.as_str().into());
        }
        if thread.scope.as_ref().unwrap_or(subject.scope).has("openid") {
            let id = self.id_claims(subject, &access_token, thread.nonce);
            fields.insert("id_token".to_owned(), self.inner.keys.sign(&json!({ "typ": "JWT" }), &id).into());
        }
        answer
    }

    /// The claims of an access token.
    pub(crate) fn access_claims(&self, subject: Subject<'_>, via: Via) -> Value {
        let mut claims = self.common(subject, "Bearer", format!("{}:{}", via.mark(), random::uuid()));
        claims.extend(self.rights(subject));
        claims.extend(profile(subject));
        claims.insert("scope".to_owned(), subject.scope.shown().into());
        if !subject.client.web_origins.is_empty() {
            claims.insert("allowed-origins".to_owned(), json!(subject.client.web_origins));
        }
        if subject.scope.has("service_account") && !subject.user.is_person() {
            claims.insert("client_id".to_owned(), subject.client.client_id.as_str().into());
            claims.insert("clientHost".to_owned(), "127.0.0.1".into());
            claims.insert("clientAddress".to_owned(), "127.0.0.1".into());
        }
        Value::Object(claims)
    }

    /// The claims about rights, as they are now; introspection asks for them again.
    pub(crate) fn rights(&self, subject: Subject<'_>) -> Map<String, Value> {
        let roles = Roles::of(subject.user, &self.settings.realm);
        let mut audience = subject.client.audiences().map(str::to_owned).collect::<Vec<_>>();
        audience.extend(
            roles.clients.keys().rev().filter(|client| !subject.client.audiences().any(|own| own == **client)).cloned(),
        );
        let mut claims = Map::new();
        claims.extend(audience_claim("aud", &audience));
        claims.insert("realm_access".to_owned(), json!({ "roles": roles.realm }));
        let clients = roles.clients.into_iter().map(|(client, held)| (client, json!({ "roles": held })));
        claims.insert("resource_access".to_owned(), Value::Object(clients.collect()));
        claims
    }

    fn id_claims(&self, subject: Subject<'_>, access_token: &str, nonce: Option<String>) -> Value {
        let mut claims = self.common(subject, "ID", random::uuid());
        claims.extend(profile(subject));
        claims.insert("aud".to_owned(), subject.client.client_id.as_str().into());
        claims.insert("at_hash".to_owned(), at_hash(access_token).into());
        claims.extend(nonce.map(|nonce| ("nonce".to_owned(), nonce.into())));
        Value::Object(claims)
    }

    fn refresh_claims(&self, subject: Subject<'_>, session: &Session, thread: &Thread) -> Value {
        let mut claims = json!({
            "exp": session.idle_end(self.settings),
            "iat": self.now,
            "jti": random::uuid(),
            "iss": self.inner.issuer,
            "aud": self.inner.issuer,
            "sub": subject.user.id,
            "typ": "Refresh",
            "azp": subject.client.client_id,
            "sid": session.id,
            "scope": thread.scope.as_ref().unwrap_or(subject.scope).full(),
            "prov": "default",
        });
        let audience = self.rights(subject).remove("aud");
        if let Some(fields) = claims.as_object_mut() {
            fields.extend(audience.map(|audience| ("aud_x".to_owned(), audience)));
            if self.settings.revoke_refresh_token {
                fields.insert("reuse_id".to_owned(), thread.reuse_id.clone().unwrap_or_else(random::uuid).into());
            }
        }
        claims
    }

    fn common(&self, subject: Subject<'_>, typ: &str, jti: String) -> Map<String, Value> {
        let lifespan = self.settings.access_token_lifespan(subject.client);
        let end = subject.session.map_or(i64::MAX, |session| session.end(self.settings));
        let mut claims = Map::new();
        claims.insert("exp".to_owned(), (self.now + lifespan).min(end).into());
        claims.insert("iat".to_owned(), self.now.into());
        claims.insert("jti".to_owned(), jti.into());
        claims.insert("iss".to_owned(), self.inner.issuer.as_str().into());
        claims.insert("sub".to_owned(), subject.user.id.as_str().into());
        claims.insert("typ".to_owned(), typ.into());
        claims.insert("azp".to_owned(), subject.client.client_id.as_str().into());
        claims.insert("acr".to_owned(), "1".into());
        if let Some(session) = subject.session {
            claims.insert("sid".to_owned(), session.id.as_str().into());
            claims.extend(session.auth_time.map(|at| ("auth_time".to_owned(), at.into())));
        }
        claims
    }
}

impl Via {
    fn mark(self) -> &'static str {
        match self {
            Self::Password => "onrtro",
            Self::Code => "onrtac",
            Self::Refresh => "onrtrt",
            Self::ClientCredentials => "trrtcc",
        }
    }
}

/// The claims that the scopes `profile` and `email` bring.
pub(crate) fn profile(subject: Subject<'_>) -> Map<String, Value> {
    let Subject { user, scope, .. } = subject;
    let mut claims = Map::new();
    if scope.has("profile") {
        claims.insert("preferred_username".to_owned(), user.username.as_str().into());
        claims.extend(text_claim("name", user.full_name().as_deref()));
        claims.extend(text_claim("given_name", user.first_name.as_deref()));
        claims.extend(text_claim("family_name", user.last_name.as_deref()));
    }
    if scope.has("email") {
        claims.insert("email_verified".to_owned(), user.email_verified.into());
        claims.extend(text_claim("email", user.email.as_deref()));
    }
    claims
}

fn text_claim(name: &str, value: Option<&str>) -> Option<(String, Value)> {
    value.map(|value| (name.to_owned(), value.into()))
}

/// One audience is a text, several are a list, none is no claim at all.
pub(crate) fn audience_claim(name: &str, audience: &[String]) -> Option<(String, Value)> {
    match audience {
        [] => None,
        [one] => Some((name.to_owned(), one.as_str().into())),
        several => Some((name.to_owned(), json!(several))),
    }
}

/// The left half of the access token's hash (OpenID Connect Core §3.1.3.6).
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().split_at(hash.as_ref().len() / 2).0)
}
