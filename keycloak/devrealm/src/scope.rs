//! The `scope` parameter of a request into the scopes of a token.

use crate::client::Client;

/// The scopes of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope(Vec<String>);

impl Scope {
    /// What a client gets that asks for `requested`; `None` when it asks for something unknown.
    pub(crate) fn grant(requested: Option<&str>, client: &Client) -> Option<Self> {
        let asked = requested.map(str::split_whitespace).into_iter().flatten().collect::<Vec<_>>();
        let empty = requested.is_some() && asked.is_empty();
        if empty || !asked.iter().all(|name| may_ask(name, client)) {
            return None;
        }
        let openid = asked.contains(&"openid").then_some("openid");
        let optional = client.optional_scopes().into_iter().filter(|name| asked.contains(name));
        Some(Self(openid.into_iter().chain(client.default_scopes()).chain(optional).map(str::to_owned).collect()))
    }

    /// The scopes that a refresh token carries.
    pub(crate) fn read(claim: &str) -> Self {
        Self(claim.split_whitespace().map(str::to_owned).collect())
    }

    /// A refresh may ask for less; for more it gets what it had.
    pub(crate) fn narrowed(&self, requested: Option<&str>, client: &Client) -> Self {
        let Some(requested) = requested else { return self.clone() };
        let asked = requested.split_whitespace().collect::<Vec<_>>();
        let keeps = |name: &&String| asked.contains(&name.as_str()) || client.default_scopes().contains(&name.as_str());
        Self(self.0.iter().filter(keeps).cloned().collect())
    }

    /// Whether the token has this scope.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|held| held == name)
    }

    /// All of it, as a refresh token carries it.
    pub(crate) fn full(&self) -> String {
        self.0.join(" ")
    }

    /// What access tokens and answers show: some scopes only bring claims and are not named.
    pub(crate) fn shown(&self) -> String {
        self.0.iter().map(String::as_str).filter(|name| !HIDDEN.contains(name)).collect::<Vec<_>>().join(" ")
    }
}

/// Offline tokens are not modelled; to refuse them beats to hand out something else under their name.
fn may_ask(name: &str, client: &Client) -> bool {
    let known = name == "openid" || client.default_scopes().contains(&name) || client.optional_scopes().contains(&name);
    known && name != "offline_access"
}

const HIDDEN: &[&str] = &["acr", "roles", "web-origins", "basic", "service_account"];

#[cfg(test)]
mod tests {
    use super::Scope;
    use crate::client::Client;

    fn client() -> Client {
        serde_json::from_str(r#"{"clientId":"c"}"#).unwrap()
    }

    #[test]
    fn no_scope_parameter_means_profile_and_email() {
        assert_eq!(Scope::grant(None, &client()).unwrap().shown(), "profile email");
    }

    #[test]
    fn openid_comes_first_and_only_when_asked() {
        assert_eq!(Scope::grant(Some("openid"), &client()).unwrap().shown(), "openid profile email");
    }

    #[test]
    fn an_empty_or_unknown_scope_is_refused() {
        assert_eq!(Scope::grant(Some(""), &client()), None);
        assert_eq!(Scope::grant(Some("openid nope"), &client()), None);
    }

    #[test]
    fn a_refresh_gets_less_but_never_more() {
        let held = Scope::grant(Some("openid phone"), &client()).unwrap();
        assert_eq!(held.narrowed(Some("openid"), &client()).shown(), "openid profile email");
        assert_eq!(held.narrowed(Some("openid address phone"), &client()), held);
    }
}
