//! Whether our client is let in, with the secret that the settings name.

use super::token::OwnToken;
use super::{Check, Finding, Realm, Remedy, causes};
use crate::config::{Client, SecretSource};
use crate::keycloak::KeycloakError;

/// Asks for a token of our own client: that finding and the token, or why there is none.
pub(super) async fn enter(realm: &Realm<'_>, client: &Client) -> Result<(Finding, OwnToken), Finding> {
    let before = realm.clock.wall();
    let tokens = realm.oidc.client_credentials().await.map_err(|error| refused(realm, client, &error))?;
    let after = realm.clock.wall();
    match OwnToken::read(tokens.access_token(), before, after) {
        Some(token) => Ok((Finding::ok(Check::Client, format!("client {} is let in", client.id)), token)),
        None => Err(Finding::fail(Check::Client, "Keycloak gives our client something that is no JWT")
            .remedy(Remedy::advice("see that what answers there is Keycloak; other issuers need no client of ours"))),
    }
}

fn refused(realm: &Realm<'_>, client: &Client, error: &KeycloakError) -> Finding {
    let (kcadm, id) = (realm.kcadm(), &client.id);
    let fail = |message: String| Finding::fail(Check::Client, message);
    let KeycloakError::Refused { error: code, description, .. } = error else {
        return fail(format!("client {id} cannot be tried: {}", causes(error)))
            .remedy(Remedy::advice("see that Keycloak and its database are well, and look at its log"));
    };
    match (code.as_str(), description.as_str()) {
        (_, "HTTPS required") => fail("the realm takes no call by plain HTTP".to_owned())
            .remedy(Remedy::setting(format!("{} internal_url = \"https://…\"", realm.section())))
            .remedy(kcadm.realm(&[("sslRequired", "none")])),
        (_, "Realm not enabled") => {
            fail("the realm is switched off".to_owned()).remedy(kcadm.realm(&[("enabled", "true")]))
        }
        (_, "Client not enabled to retrieve service account") => {
            fail(format!("client {id} has no service account, so the Admin API cannot be called"))
                .remedy(kcadm.client(&[("serviceAccountsEnabled", "true")]))
        }
        (_, "Public client not allowed to retrieve service account") => {
            fail(format!("client {id} is public: it has no secret and no service account"))
                .remedy(kcadm.client(&[("publicClient", "false"), ("serviceAccountsEnabled", "true")]))
        }
        ("unauthorized_client", _) => fail(format!("the secret of client {id} is another one"))
            .remedy(kcadm.show_secret())
            .remedy(Remedy::setting(format!("{} client_secret: put it where {} is", realm.section(), place(client)))),
        ("invalid_client", text) if text.contains("client_assertion") => {
            fail(format!("client {id} is to authenticate with a signed token, not with a secret"))
                .remedy(kcadm.client(&[("clientAuthenticatorType", "client-secret")]))
        }
        ("invalid_client", _) => fail(format!("the realm has no client {id}, or it is switched off"))
            .remedy(kcadm.client(&[("enabled", "true")]))
            .remedy(Remedy::setting(format!("{} client_id, if it has another name", realm.section()))),
        _ => fail(format!("client {id} is refused: {}", causes(error)))
            .remedy(Remedy::advice("Keycloak's log, and its event CLIENT_LOGIN_ERROR, say more")),
    }
}

/// Where the secret stands; never the secret.
fn place(client: &Client) -> String {
    match client.secret.source() {
        SecretSource::File(path) => format!("{{ file = {:?} }}", path.display().to_string()),
        SecretSource::Environment(name) => format!("{{ env = {name:?} }}"),
    }
}
