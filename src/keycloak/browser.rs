//! A log-in as a browser does it: the authorization code flow with PKCE, through Keycloak's own form. Only for a user
//! whom we have made ourselves.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use reqwest::Response;
use url::Url;

use super::oidc::{ClientCall, TOKEN, tokens};
use super::{KeycloakError, Oidc, Operation, ThrowAwayUser, Tokens};
use crate::id;

impl Oidc {
    /// Tokens for a user who can log in at once; nothing where Keycloak asks for more than name and password, or takes
    /// the address for none of the client's.
    ///
    /// # Errors
    /// A call fails.
    pub async fn log_in_by_form(
        &self,
        user: &ThrowAwayUser,
        redirect_uri: &str,
    ) -> Result<Option<Tokens>, KeycloakError> {
        let (verifier, state) = (format!("{}{}", id::request_id(), id::request_id()), id::request_id());
        let Some(page) = self.log_in_page(redirect_uri, &verifier, &state).await? else { return Ok(None) };
        let fields = [("username", &*user.username), ("password", &*user.password), ("credentialId", "")];
        let request = self.http().client().post(page.action).form(&fields).header(header::COOKIE, page.cookies);
        let answer = send(request).await?;
        let Some(code) = code(&answer, redirect_uri, &state) else { return Ok(None) };
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &verifier),
        ];
        let call = ClientCall { operation: Operation::Password, path: TOKEN, fields: &fields, address: None };
        tokens(&self.call(call).await?).map(Some)
    }

    async fn log_in_page(
        &self,
        redirect_uri: &str,
        verifier: &str,
        state: &str,
    ) -> Result<Option<Page>, KeycloakError> {
        let client = self.credentials().ok_or(KeycloakError::NoClient)?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let base = Url::parse(&format!("{}{AUTH}", self.base())).map_err(|_| NO_ADDRESS)?;
        let mut url = base.clone();
        url.query_pairs_mut().extend_pairs([
            ("client_id", client.id()),
            ("redirect_uri", redirect_uri),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let answer = send(self.http().client().get(url)).await?;
        if answer.status() != StatusCode::OK {
            return Ok(None);
        }
        let cookies = cookies(&answer);
        let text = answer.text().await.map_err(KeycloakError::transport)?;
        Ok(action(&text, &base).map(|action| Page { action, cookies }))
    }
}

/// Keycloak's form, and what it remembers us by.
struct Page {
    action: Url,
    cookies: String,
}

async fn send(request: reqwest::RequestBuilder) -> Result<Response, KeycloakError> {
    let answer = request.timeout(PATIENCE).send().await.map_err(KeycloakError::transport)?;
    match answer.status() {
        status if status.is_server_error() => Err(KeycloakError::Unavailable { source: None, status: Some(status) }),
        _ => Ok(answer),
    }
}

/// They are `Secure`, and a store of cookies would not send them to an address inside.
fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|field| field.to_str().ok());
    set.filter_map(|field| field.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// Where the form goes, at the server that we call: it names itself as browsers know it.
fn action(page: &str, base: &Url) -> Option<Url> {
    let form = page.split("id=\"kc-form-login\"").nth(1)?;
    let written = form.split("action=\"").nth(1)?.split('"').next()?.replace("&amp;", "&");
    let named = base.join(&written).ok()?;
    let mut action = base.clone();
    action.set_path(named.path());
    action.set_query(named.query());
    Some(action)
}

/// The code that the browser is sent back with.
fn code(answer: &Response, redirect_uri: &str, state: &str) -> Option<String> {
    let location = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    if !location.starts_with(redirect_uri) {
        return None;
    }
    let url = Url::parse(location).ok()?;
    let find = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    (find("state").as_deref() == Some(state)).then(|| find("code")).flatten()
}

const AUTH: &str = "/protocol/openid-connect/auth";
const NO_ADDRESS: KeycloakError = KeycloakError::Malformed("no address");
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_sent_to_the_server_that_is_called() {
        let base = Url::parse("http://keycloak:8080/realms/acme/protocol/openid-connect/auth").unwrap();
        let page = "<form id=\"kc-form-login\" class=\"x\" method=\"post\" \
                    action=\"https://sso.example.com/realms/acme/login-actions/authenticate?a=1&amp;b=2\">";
        let action = action(page, &base).unwrap();
        assert_eq!(action.as_str(), "http://keycloak:8080/realms/acme/login-actions/authenticate?a=1&b=2");
        assert!(super::action("<form id=\"other\" action=\"/x\">", &base).is_none());
    }
}
