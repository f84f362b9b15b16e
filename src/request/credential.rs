//! What the client presents to be known by (RFC 6750 §2.1).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;

/// A credential that can be proven.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An access token in `Authorization: Bearer`.
    Bearer(BearerToken),
    /// Name and secret of a client in `Authorization: Basic` (RFC 6749 §2.3.1); taken where a client may ask for
    /// itself, and no credential anywhere else.
    Client(ClientSecret),
}

/// What a client shows, not verified.
#[derive(Clone)]
pub struct ClientSecret {
    id: Arc<str>,
    secret: Arc<str>,
}

impl ClientSecret {
    /// The name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret, for whoever compares it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The text of a token, not verified; it shows itself to the verifier only. It lies where it came in, and is not
/// copied.
#[derive(Clone)]
pub struct BearerToken {
    field: HeaderValue,
    begin: usize,
}

impl BearerToken {
    /// The text after `Bearer `, for the verifier.
    #[must_use]
    pub fn expose(&self) -> &str {
        let text = self.field.as_bytes().get(self.begin..).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// What was found where credentials are looked for. A public route never looks at it, so an unusable
/// credential is no error until a step asks for one.
#[derive(Clone, Debug)]
pub enum Presented {
    /// No credential, or one of a scheme that is not ours.
    Nothing,
    /// Exactly one.
    One(Credential),
    /// Not usable.
    Unusable(CredentialError),
}

/// Why no credential can be taken from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// None was presented.
    #[error("the request carries no credential")]
    Missing,
    /// Two at once, or in two places (RFC 6750 §2): which one counts would be a guess.
    #[error("the request carries more than one credential")]
    Several,
    /// `Authorization` is not visible ASCII, or `Bearer` is not followed by one space and a token.
    #[error("the credential cannot be read")]
    Unreadable,
}

impl Presented {
    /// Reads every `Authorization` field, and looks whether the query tries to carry a token too.
    pub(super) fn read<'a>(mut fields: impl Iterator<Item = &'a HeaderValue>, query: Option<&str>) -> Self {
        let (first, second) = (fields.next(), fields.next());
        let Some(value) = first else { return Self::Nothing };
        if second.is_some() || query.is_some_and(names_access_token) {
            return Self::Unusable(CredentialError::Several);
        }
        match bearer(value) {
            Ok(Some(token)) => Self::One(Credential::Bearer(token)),
            Ok(None) => basic(value.as_bytes()).map_or(Self::Nothing, |secret| Self::One(Credential::Client(secret))),
            Err(error) => Self::Unusable(error),
        }
    }
}

/// The scheme is compared without case (RFC 9110 §11.1); one space separates it from the token.
fn bearer(value: &HeaderValue) -> Result<Option<BearerToken>, CredentialError> {
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| CredentialError::Unreadable)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // `Bearer<tab>token`, `Bearer,token`: not a scheme of anybody, rather a token that hides.
        let hides = text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("bearer"));
        return if hides { Err(CredentialError::Unreadable) } else { Ok(None) };
    }
    // Without a way out early the compiler looks at many bytes at once.
    let visible = token.bytes().fold(true, |visible, byte| visible & byte.is_ascii_graphic());
    if token.is_empty() || !visible {
        return Err(CredentialError::Unreadable);
    }
    Ok(Some(BearerToken { begin: text.len() - token.len(), field: value.clone() }))
}

/// Name and secret, each form-encoded before they were joined (RFC 6749 §2.3.1); nothing where it is not that.
fn basic(value: &[u8]) -> Option<ClientSecret> {
    let (scheme, encoded) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    let decoded = |part: &str| -> Option<Arc<str>> {
        let spaced = part.replace('+', " ");
        Some(percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?.as_ref().into())
    };
    Some(ClientSecret { id: decoded(id)?, secret: decoded(secret)? })
}

/// RFC 6750 §2.3 carries a token in the query. It is never read; beside a header it makes two credentials.
fn names_access_token(query: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some("access_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str], query: Option<&str>) -> Presented {
        let fields: Vec<_> = fields.iter().map(|field| HeaderValue::from_bytes(field.as_bytes()).unwrap()).collect();
        Presented::read(fields.iter(), query)
    }

    #[test]
    fn one_bearer_token_is_taken() {
        for field in ["Bearer abc.def", "bearer abc.def", "BEARER abc.def"] {
            assert!(
                matches!(read(&[field], None), Presented::One(Credential::Bearer(token)) if token.expose() == "abc.def")
            );
        }
    }

    #[test]
    fn two_credentials_are_unusable() {
        assert!(matches!(read(&["Bearer a", "Bearer a"], None), Presented::Unusable(CredentialError::Several)));
        assert!(matches!(
            read(&["Bearer a"], Some("x=1&access_token=b")),
            Presented::Unusable(CredentialError::Several)
        ));
    }

    #[test]
    fn what_is_not_a_bearer_token_is_nothing_or_unreadable() {
        assert!(matches!(read(&[], Some("access_token=b")), Presented::Nothing));
        for field in ["Digest eDp5", "Basic", "Basic !", "Basic eA==", "Basic  eDp5"] {
            assert!(matches!(read(&[field], None), Presented::Nothing), "{field}");
        }
        for field in ["Bearer", "Bearer ", "Bearer  a", "Bearer\ta", "Bearer a b", "Bearer,a", "Bearer a\u{e9}"] {
            assert!(matches!(read(&[field], None), Presented::Unusable(CredentialError::Unreadable)), "{field}");
        }
    }

    #[test]
    fn a_client_is_read_as_its_parts_were_encoded() {
        let field = format!("basic {}", BASE64_STANDARD.encode("door%3Award:a+b%25c:d"));
        let Presented::One(Credential::Client(client)) = read(&[&field], None) else { panic!() };
        assert_eq!((client.id(), client.expose()), ("door:ward", "a b%c:d"));
    }

    #[test]
    fn a_credential_never_shows_itself() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("x:secret"));
        for field in ["Bearer secret", &basic] {
            assert!(!format!("{:?}", read(&[field], None)).contains("secret"));
        }
    }
}
