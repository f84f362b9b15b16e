//! From the first segment of a token to what it says of its key.

use std::str::FromStr;

use jsonwebtoken::{Algorithm, AlgorithmFamily};

use super::TokenError;
use super::json::{Json, Object};

/// What an unverified header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Never a symmetric algorithm, and never `none`.
    pub(super) algorithm: Algorithm,
    /// Which key; not empty.
    pub(super) kid: String,
    typ: Option<String>,
}

impl Header {
    /// Reads the decoded first segment.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let object = Object::parse(bytes).map_err(|_| TokenError::HeaderJson)?;
        if let Some(name) = REFUSED.into_iter().find(|name| object.find(name).is_some()) {
            return Err(TokenError::HeaderParameter(name));
        }
        let typ = match object.find("typ") {
            None => None,
            Some(Json::Text(typ)) => Some(typ.clone().into_owned()),
            Some(_) => return Err(TokenError::HeaderType),
        };
        Ok(Self { algorithm: algorithm(&object)?, kid: kid(&object)?, typ })
    }

    /// Whether the token calls itself an access token (RFC 9068 §2.1; Keycloak writes `JWT` by default).
    pub(super) fn require_access_token(&self) -> Result<(), TokenError> {
        self.require_type(&ACCESS_TOKEN_TYPES)
    }

    /// Whether the token calls itself one of these.
    pub(super) fn require_type(&self, types: &[&str]) -> Result<(), TokenError> {
        let typ = self.typ.as_deref().ok_or(TokenError::HeaderType)?;
        let known = types.iter().any(|known| known.eq_ignore_ascii_case(typ));
        known.then_some(()).ok_or(TokenError::HeaderType)
    }
}

const ACCESS_TOKEN_TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

/// Parameters that change what is signed (`b64`, `crit`), make it something else than a plain JWS (`zip`, `enc`,
/// `cty`), or point to a key of the sender's choice (RFC 8725 §3.10).
const REFUSED: [&str; 9] = ["crit", "b64", "zip", "enc", "cty", "jku", "jwk", "x5u", "x5c"];

const KID_LIMIT: usize = 255;

fn algorithm(object: &Object<'_>) -> Result<Algorithm, TokenError> {
    let name = object.text("alg").ok_or(TokenError::Algorithm)?;
    let algorithm = Algorithm::from_str(name).map_err(|_| TokenError::Algorithm)?;
    match algorithm.family() {
        AlgorithmFamily::Hmac => Err(TokenError::Algorithm),
        AlgorithmFamily::Rsa | AlgorithmFamily::Ec | AlgorithmFamily::Ed => Ok(algorithm),
    }
}

fn kid(object: &Object<'_>) -> Result<String, TokenError> {
    let kid = object.text("kid").ok_or(TokenError::KeyId)?;
    let usable = !kid.is_empty() && kid.len() <= KID_LIMIT && !kid.chars().any(char::is_control);
    usable.then(|| kid.to_owned()).ok_or(TokenError::KeyId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, TokenError> {
        Header::parse(text.as_bytes())
    }

    #[test]
    fn an_access_token_says_so_in_any_case() {
        for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            let header = parse(&format!(r#"{{"alg":"RS256","kid":"k","typ":"{typ}","x-new":1}}"#)).unwrap();
            assert_eq!(header.require_access_token(), Ok(()), "{typ}");
            assert_eq!((header.algorithm, header.kid.as_str()), (Algorithm::RS256, "k"));
        }
        for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "id_token+jwt", "token-introspection+jwt", "", " JWT"] {
            let header = parse(&format!(r#"{{"alg":"RS256","kid":"k","typ":"{typ}"}}"#)).unwrap();
            assert_eq!(header.require_access_token(), Err(TokenError::HeaderType), "{typ}");
        }
        assert_eq!(parse(r#"{"alg":"RS256","kid":"k"}"#).unwrap().require_access_token(), Err(TokenError::HeaderType));
        assert_eq!(parse(r#"{"alg":"RS256","kid":"k","typ":["JWT"]}"#), Err(TokenError::HeaderType));
    }

    #[test]
    fn only_asymmetric_algorithms_are_read() {
        for alg in [
            r#""none""#,
            r#""None""#,
            r#""nOnE""#,
            r#""none ""#,
            r#""null""#,
            "null",
            "true",
            r#"["RS256"]"#,
            r#""HS256""#,
            r#""HS384""#,
            r#""HS512""#,
            r#""rs256""#,
            r#""ES256K""#,
            r#""dir""#,
            r#""RSA-OAEP""#,
            r#""""#,
        ] {
            assert_eq!(parse(&format!(r#"{{"alg":{alg},"kid":"k"}}"#)), Err(TokenError::Algorithm), "{alg}");
        }
        assert_eq!(parse(r#"{"kid":"k"}"#), Err(TokenError::Algorithm));
    }

    #[test]
    fn a_key_must_be_named() {
        let long = format!(r#""{}""#, "k".repeat(256));
        for kid in ["null", "7", r#"["k"]"#, r#""""#, r#""a\u0000""#, r#""a\r\nb""#, long.as_str()] {
            assert_eq!(parse(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#)), Err(TokenError::KeyId), "{kid}");
        }
    }

    #[test]
    fn parameters_that_change_the_meaning_are_refused() {
        for name in REFUSED {
            let header = parse(&format!(r#"{{"alg":"RS256","kid":"k","typ":"JWT","{name}":[]}}"#));
            assert_eq!(header, Err(TokenError::HeaderParameter(name)));
        }
    }
}
