//! Whether the issuer answers, calls itself by the name that tokens have, and has keys for them.

use std::sync::Arc;

use serde::Deserialize;

use super::{Check, Finding, Realm, Remedy, causes};
use crate::identity::{FetchError, KeySetError, KeySource};
use crate::keycloak::KeycloakError;

/// Looks at discovery document and key set.
pub(super) async fn examine(realm: &Realm<'_>) -> Vec<Finding> {
    let mut source = KeySource::new(realm.issuer, Arc::clone(&realm.oidc));
    let answers = || Finding::ok(Check::Discovery, format!("{} answers by that name", realm.issuer.issuer));
    match source.fetch().await {
        Ok(keys) if keys.is_empty() => vec![answers(), no_key(realm).await],
        Ok(keys) => {
            let count = keys.len();
            let keys = if count == 1 { "1 key verifies".to_owned() } else { format!("{count} keys verify") };
            vec![answers(), Finding::ok(Check::Keys, format!("{keys} its tokens"))]
        }
        Err(FetchError::KeySet(error)) => vec![answers(), strange_keys(&error)],
        Err(FetchError::Call(error)) => vec![away(realm, &error)],
        Err(FetchError::WrongIssuer { found }) => vec![another(realm, &found)],
        Err(error @ FetchError::InsecureAddress) => {
            let advice = "start Keycloak with --hostname=https://… so that its documents name https addresses";
            vec![Finding::fail(Check::Discovery, causes(&error)).remedy(Remedy::advice(advice))]
        }
    }
}

fn away(realm: &Realm<'_>, error: &KeycloakError) -> Finding {
    let (url, section) = (&realm.issuer.url, realm.section());
    let found = Finding::fail(Check::Discovery, format!("{url} does not answer as Keycloak does: {}", causes(error)));
    match error {
        KeycloakError::Refused { .. } | KeycloakError::Malformed(_) => found.remedy(Remedy::setting(format!(
            "{section} issuer = \"https://HOST/realms/NAME\", exactly the iss of a token"
        ))),
        _ => found
            .remedy(Remedy::advice("see that Keycloak runs, and that this address can be reached from here"))
            .remedy(Remedy::setting(format!("{section} internal_url, if it has another address inside")))
            .remedy(Remedy::advice("name the file of its certificate's authority in SSL_CERT_FILE, if it is your own")),
    }
}

fn another(realm: &Realm<'_>, found: &str) -> Finding {
    let expected = &realm.issuer.issuer;
    let server = expected.split("/realms/").next().unwrap_or_default();
    Finding::fail(Check::Discovery, format!("Keycloak calls itself {found}, so no token is of {expected}"))
        .remedy(Remedy::advice(format!("start Keycloak with --hostname={server}, whatever address it is called by")))
        .remedy(Remedy::setting(format!("{} issuer = \"{found}\", if that is the name in its tokens", realm.section())))
}

fn strange_keys(error: &KeySetError) -> Finding {
    let advice = "look at the realm's keys in the console: Realm settings → Keys";
    Finding::fail(Check::Keys, causes(error)).remedy(Remedy::advice(advice))
}

/// There are keys, perhaps, but of other algorithms than the settings accept.
async fn no_key(realm: &Realm<'_>) -> Finding {
    let offered = offered(realm).await.unwrap_or_default();
    if offered.is_empty() {
        let advice = "add a provider for signing keys in the console: Realm settings → Keys → Add provider";
        return Finding::fail(Check::Keys, "the realm has no key that signs").remedy(Remedy::advice(advice));
    }
    let list = offered.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    Finding::fail(Check::Keys, format!("the realm signs with {}, which is not accepted", offered.join(", ")))
        .remedy(Remedy::setting(format!("{} algorithms = [{list}]", realm.section())))
}

/// The algorithms of the keys that sign.
async fn offered(realm: &Realm<'_>) -> Result<Vec<String>, KeycloakError> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Key>,
    }
    #[derive(Deserialize)]
    struct Key {
        r#use: Option<String>,
        alg: Option<String>,
    }
    let address = match realm.oidc.internal_certs() {
        Some(inside) => inside,
        None => realm.oidc.discovery().await?.jwks_uri,
    };
    let text = realm.oidc.certs(&address).await?;
    let read: Option<Document> = serde_json::from_slice(&text).ok();
    let signing = read.into_iter().flat_map(|read| read.keys).filter(|key| key.r#use.as_deref() == Some("sig"));
    let mut names: Vec<String> = signing.filter_map(|key| key.alg).filter(|name| is_plain(name)).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// It is written into a line for people.
fn is_plain(name: &str) -> bool {
    name.len() < 20 && name.chars().all(|letter| letter.is_ascii_alphanumeric())
}
