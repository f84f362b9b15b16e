//! What a token of our own client says of all tokens that the realm issues to it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prometheus::Registry;
use serde_json::Value;

use super::{Check, Finding, Realm, Remedy, causes, span};
use crate::clock::Timestamp;
use crate::config::{Client, Issuer};
use crate::identity::{Identities, IssuerKeys, KeySource, KeysMetrics, Pace, ProveError, TokenError, TokenMetrics};

/// A token that Keycloak has just given us, taken apart; never printed.
pub(super) struct OwnToken {
    text: String,
    header: Value,
    claims: Value,
    /// Between these two it was issued, by our clock.
    asked: (Timestamp, Timestamp),
}

impl OwnToken {
    /// Takes it apart; nothing where it is no JWT.
    pub(super) fn read(text: &str, before: Timestamp, after: Timestamp) -> Option<Self> {
        let mut parts = text.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok());
        let (header, claims) = (parts.next()??, parts.next()??);
        Some(Self { text: text.to_owned(), header, claims, asked: (before, after) })
    }

    /// Everything that it tells.
    pub(super) async fn examine(&self, realm: &Realm<'_>, client: &Client) -> Vec<Finding> {
        let audience = self.audience(realm.issuer);
        let mut findings = vec![self.clock(realm.issuer)];
        findings.push(self.proof(realm, client).await);
        let is_for_us = audience.is_none();
        findings.push(audience.map_or_else(
            || Finding::ok(Check::Audience, format!("tokens are for {}", realm.issuer.audience)),
            |found| missing_audience(realm, &found),
        ));
        findings.push(self.type_of(realm));
        findings.push(self.lifetime(realm));
        findings.push(self.introspection(realm, client, is_for_us).await);
        findings
    }

    /// The roles that it carries of a client.
    pub(super) fn roles_of(&self, client: &str) -> Vec<&str> {
        let roles = self.claims.get("resource_access").and_then(|access| access.get(client)?.get("roles")?.as_array());
        roles.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A claim that is a text.
    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// How long such tokens live, in seconds.
    pub(super) fn life(&self) -> u64 {
        self.time("exp").saturating_sub(self.time("iat"))
    }

    /// Keycloak says no time but this one.
    fn clock(&self, issuer: &Issuer) -> Finding {
        let (issued, (before, after)) = (self.time("iat"), self.asked);
        let (ahead, behind) = (issued.saturating_sub(after.0), before.0.saturating_sub(issued));
        let leeway = issuer.leeway.as_secs();
        let ntp = Remedy::synchronise();
        match (ahead, behind) {
            (ahead, _) if ahead > leeway => Finding::fail(
                Check::Clock,
                format!("Keycloak's clock is {} ahead: new tokens are refused for that long", span(ahead)),
            )
            .remedy(ntp),
            (ahead, behind) if ahead.max(behind) >= NOTEWORTHY => {
                let side = if ahead > behind { "ahead" } else { "behind" };
                let message = format!("Keycloak's clock is {} {side}", span(ahead.max(behind)));
                Finding::warn(Check::Clock, message).remedy(ntp)
            }
            _ => Finding::ok(Check::Clock, "Keycloak's clock is ours, to the second"),
        }
    }

    /// The rules by which every token is judged, at the time at which it was issued: the clock is another question; and
    /// so is the audience.
    async fn proof(&self, realm: &Realm<'_>, client: &Client) -> Finding {
        let mut issuer = Issuer { allowed_clients: vec![client.id.clone()], ..realm.issuer.clone() };
        if self.audience(realm.issuer).is_some() {
            match self.audiences().first() {
                Some(other) => issuer.audience = (*other).to_owned(),
                None => return Finding::not_tried(Check::Token, "the audience comes first"),
            }
        }
        match prove(realm, issuer, &self.text, Timestamp(self.time("iat"))).await {
            Ok(()) => Finding::ok(Check::Token, "a token of the realm is good: signature, issuer, type, lifetime"),
            Err(ProveError::KeysUnavailable { .. }) => {
                let message = "a token is signed with a key that the realm does not publish where it is called";
                let advice = "see that internal_url leads to the very Keycloak of the issuer";
                Finding::fail(Check::Token, message).remedy(Remedy::advice(advice))
            }
            Err(ProveError::Token(error)) => self.refused(realm, error),
        }
    }

    fn refused(&self, realm: &Realm<'_>, error: TokenError) -> Finding {
        let (kcadm, section) = (realm.kcadm(), realm.section());
        let found =
            Finding::fail(Check::Token, format!("tokens of the realm are refused ({}): {error}", error.reason()));
        match error {
            TokenError::Algorithm => {
                let name = self.header.get("alg").and_then(Value::as_str).filter(|name| name.len() < 20).unwrap_or("…");
                found.remedy(Remedy::setting(format!("{section} algorithms: add {name:?}")))
            }
            TokenError::Bound => found.remedy(kcadm.client(&[("attributes.\"dpop.bound.access.tokens\"", "false")])),
            TokenError::Lifetime => found
                .remedy(kcadm.client(&[LIFESPAN]))
                .remedy(Remedy::setting(format!("{section} max_lifetime, if tokens shall live so long"))),
            TokenError::Subject => found.remedy(Remedy::advice(
                "give the client the scope `basic` in the console: Clients → the client → Client scopes → Add client scope",
            )),
            _ => found.remedy(Remedy::advice("docs/token-validation.md says what is checked, by that reason")),
        }
    }

    /// Nothing where it is for us; else whom it is for.
    fn audience(&self, issuer: &Issuer) -> Option<Vec<String>> {
        let found = self.audiences();
        let ours = found.contains(&issuer.audience.as_str());
        (!ours).then(|| found.into_iter().map(str::to_owned).collect())
    }

    fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud").unwrap_or(&Value::Null) {
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        }
    }

    /// RFC 9068 §2.1.
    fn type_of(&self, realm: &Realm<'_>) -> Finding {
        match self.header.get("typ").and_then(Value::as_str) {
            Some("at+jwt" | "application/at+jwt") => Finding::ok(Check::TokenType, "access tokens say at+jwt"),
            _ => Finding::warn(
                Check::TokenType,
                "access tokens say JWT, as ID tokens do: one claim alone tells them apart",
            )
            .remedy(realm.kcadm().client(&[("attributes.\"access.token.header.type.rfc9068\"", "true")])),
        }
    }

    fn lifetime(&self, realm: &Realm<'_>) -> Finding {
        let life = self.life();
        let short = format!("access tokens live for {}", span(life));
        match life <= SHORT {
            true => Finding::ok(Check::TokenLifetime, short),
            false => {
                let message = format!("{short}: what no signal reports, such as an idle session, lasts as long");
                Finding::warn(Check::TokenLifetime, message).remedy(realm.kcadm().client(&[LIFESPAN]))
            }
        }
    }

    /// A node that hears of no changes asks Keycloak, which calls a token inactive that is not for our client.
    async fn introspection(&self, realm: &Realm<'_>, client: &Client, is_for_us: bool) -> Finding {
        let check = Check::Introspection;
        match realm.oidc.introspect(&self.text).await {
            Ok(Some(_)) => Finding::ok(check, "Keycloak says of a token that is alive that it is"),
            Ok(None) if !is_for_us && realm.issuer.audience == client.id => {
                Finding::not_tried(check, "without the audience Keycloak calls every token inactive")
            }
            Ok(None) => {
                let message = format!("Keycloak calls every token inactive that is not for client {}", client.id);
                Finding::warn(check, message + ": a node that is blind refuses them all")
                    .remedy(realm.kcadm().audience(&client.id))
            }
            Err(error) => Finding::fail(check, causes(&error))
                .remedy(Remedy::advice("see that Keycloak and its database are well, and look at its log")),
        }
    }

    fn time(&self, claim: &str) -> u64 {
        self.claims.get(claim).and_then(Value::as_u64).unwrap_or_default()
    }
}

fn missing_audience(realm: &Realm<'_>, found: &[String]) -> Finding {
    let ours = &realm.issuer.audience;
    let whom = if found.is_empty() { "nobody".to_owned() } else { found.join(", ") };
    let message = format!("tokens are for {whom}, not for {ours}: every one of them is refused");
    let finding = Finding::fail(Check::Audience, message).remedy(realm.kcadm().audience(ours));
    match found {
        [only] => {
            let setting = format!("{} audience = {only:?}, if that is what your tokens are for", realm.section());
            finding.remedy(Remedy::setting(setting))
        }
        _ => finding,
    }
}

/// Judges a token as a request's would be.
async fn prove(realm: &Realm<'_>, issuer: Issuer, token: &str, now: Timestamp) -> Result<(), ProveError> {
    let unavailable = || ProveError::KeysUnavailable { issuer: Arc::clone(&issuer.name) };
    let set = KeySource::new(&issuer, Arc::clone(&realm.oidc)).fetch().await.map_err(|_| unavailable())?;
    // Nobody scrapes these.
    let registry = Registry::new();
    let keys_metrics = KeysMetrics::new(&registry).map_err(|_| unavailable())?;
    let token_metrics = TokenMetrics::new(&registry).map_err(|_| unavailable())?;
    let pace = Pace::new(issuer.keys_refresh, issuer.keys_max_stale);
    let keys = IssuerKeys::new(Arc::clone(&issuer.name), pace, realm.clock.clone(), keys_metrics).with(set);
    let identities = Identities::new(vec![(issuer, Arc::new(keys))], 1, token_metrics);
    identities.prove_bearer(token, now).await.map(drop)
}

const LIFESPAN: (&str, &str) = ("attributes.\"access.token.lifespan\"", "300");
/// In seconds.
const SHORT: u64 = 300;
/// In seconds; a second is the grain of both clocks.
const NOTEWORTHY: u64 = 3;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Settings;
    use crate::doctor::Verdict;

    const CONFIG: &str = r#"
server = { listen = "127.0.0.1:0" }
keycloak = { issuer = "https://sso.test/realms/a", audience = "a", client_id = "a", client_secret = { env = "S" } }
upstream = [{ name = "app", servers = ["http://127.0.0.1:1"] }]
route = [{ path = "/*", upstream = "app" }]
"#;

    #[test]
    fn a_clock_that_is_ahead_refuses_tokens_and_one_that_is_behind_only_ages_them() {
        let env = |_: &str| Some("secret".to_owned());
        let (settings, _) = Settings::from_text("x.toml", CONFIG, &env).unwrap();
        let at = |iat: u64| {
            let asked = (Timestamp(1000), Timestamp(1001));
            let token = OwnToken { text: String::new(), header: json!({}), claims: json!({ "iat": iat }), asked };
            token.clock(&settings.keycloak).verdict()
        };
        // The leeway is 5 s.
        assert_eq!([1000, 1001, 1003, 998].map(at), [Verdict::Ok; 4]);
        assert_eq!([1004, 1006, 997, 100].map(at), [Verdict::Warn; 4]);
        assert_eq!([1007, 9000].map(at), [Verdict::Fail; 2]);
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        for text in ["", "a", "a.b", "e30.e30", "e30.e30.x", "e30.!.x"] {
            let read = OwnToken::read(text, Timestamp(0), Timestamp(0)).is_some();
            assert_eq!(read, text.starts_with("e30.e30"), "{text}");
        }
    }
}
