//! The parts of the realm that can be counted and broken one by one.

/// A part of the realm's surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// `protocol/openid-connect/certs`
    Certs,
    /// `.well-known/openid-configuration`
    Discovery,
    /// `protocol/openid-connect/token`
    Token,
    /// `protocol/openid-connect/token/introspect`
    Introspect,
    /// `protocol/openid-connect/logout`, by API and by browser
    Logout,
    /// `protocol/openid-connect/revoke`
    Revoke,
    /// `protocol/openid-connect/userinfo`
    UserInfo,
    /// `protocol/openid-connect/auth` and the form that it shows
    Authorize,
    /// Everything under `/admin`
    Admin,
    /// Any other path
    Other,
    /// For faults: every endpoint; for counts: the sum
    All,
}

impl Endpoint {
    /// The endpoint that a path belongs to.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/admin/") {
            return Self::Admin;
        }
        let inside = path.strip_prefix("/realms/").and_then(|rest| rest.split_once('/')).map(|(_, inside)| inside);
        match inside.unwrap_or_default() {
            ".well-known/openid-configuration" => Self::Discovery,
            "protocol/openid-connect/certs" => Self::Certs,
            "protocol/openid-connect/token" => Self::Token,
            "protocol/openid-connect/token/introspect" => Self::Introspect,
            "protocol/openid-connect/logout" | "protocol/openid-connect/logout/logout-confirm" => Self::Logout,
            "protocol/openid-connect/revoke" => Self::Revoke,
            "protocol/openid-connect/userinfo" => Self::UserInfo,
            "protocol/openid-connect/auth" | "login-actions/authenticate" | "login-actions/required-action" => {
                Self::Authorize
            }
            _ => Self::Other,
        }
    }
}
