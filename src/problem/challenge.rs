//! `WWW-Authenticate` for bearer tokens (RFC 6750 §3, RFC 9470 §3) and clients.

use std::borrow::Cow;

/// What the client is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// No credential came: no error code (RFC 6750 §3.1).
    Plain,
    /// The client's own credentials are wrong (RFC 6749 §5.2).
    Client,
    /// The request was malformed.
    InvalidRequest,
    /// The token is bad.
    InvalidToken,
    /// A right is missing; these scopes would do, where scopes are meant.
    InsufficientScope(Vec<String>),
    /// The authentication is too weak or too old.
    StrongerAuthentication {
        /// `acr_values`.
        acr: Vec<String>,
        /// `max_age`, in seconds.
        max_age: Option<u64>,
    },
}

impl Challenge {
    /// The field's value. Every text in it comes from the configuration, where quotes are refused.
    #[must_use]
    pub fn header(&self) -> Cow<'static, str> {
        let parameters = match self {
            Self::Client => return r#"Basic realm="doorward""#.into(),
            Self::Plain => return r#"Bearer realm="doorward""#.into(),
            Self::InvalidRequest => return r#"Bearer realm="doorward", error="invalid_request""#.into(),
            Self::InvalidToken => return r#"Bearer realm="doorward", error="invalid_token""#.into(),
            Self::InsufficientScope(scopes) => {
                let scope = (!scopes.is_empty()).then(|| quoted("scope", &scopes.join(" ")));
                [Some(quoted("error", "insufficient_scope")), scope, None]
            }
            Self::StrongerAuthentication { acr, max_age } => {
                let acr = (!acr.is_empty()).then(|| quoted("acr_values", &acr.join(" ")));
                let max_age = max_age.map(|seconds| quoted("max_age", &seconds.to_string()));
                let error = Some(quoted("error", "insufficient_user_authentication"));
                [error, acr, max_age]
            }
        };
        let realm = std::iter::once(quoted("Bearer realm", "doorward"));
        realm.chain(parameters.into_iter().flatten()).collect::<Vec<_>>().join(", ").into()
    }
}

fn quoted(name: &str, value: &str) -> String {
    let value: String = value.chars().filter(|c| *c != '"' && *c != '\\' && !c.is_control()).collect();
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_follow_the_standards() {
        assert_eq!(Challenge::Plain.header(), r#"Bearer realm="doorward""#);
        assert_eq!(Challenge::Client.header(), r#"Basic realm="doorward""#);
        assert_eq!(Challenge::InvalidToken.header(), r#"Bearer realm="doorward", error="invalid_token""#);
        assert_eq!(
            Challenge::InsufficientScope(vec!["a".into(), "b".into()]).header(),
            r#"Bearer realm="doorward", error="insufficient_scope", scope="a b""#
        );
        assert_eq!(
            Challenge::StrongerAuthentication { acr: vec!["2".into()], max_age: Some(60) }.header(),
            r#"Bearer realm="doorward", error="insufficient_user_authentication", acr_values="2", max_age="60""#
        );
    }
}
