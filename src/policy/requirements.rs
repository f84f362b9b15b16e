//! What a route asks of those who are signed in.

use std::time::Duration;

/// What must hold; every part that is not empty is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// At least one of these roles.
    pub any_role: Vec<String>,
    /// Each of these roles.
    pub all_roles: Vec<String>,
    /// At least one of these permissions.
    pub any_permission: Vec<String>,
    /// Each of these permissions.
    pub all_permissions: Vec<String>,
    /// At least one of these scopes.
    pub any_scope: Vec<String>,
    /// Each of these scopes.
    pub all_scopes: Vec<String>,
    /// An audience that the token must hold beside `[keycloak] audience`.
    pub audience: Option<String>,
    /// One of these authentication contexts (RFC 9470).
    pub acr: Vec<String>,
    /// How long ago the person may have authenticated (RFC 9470).
    pub max_age: Option<Duration>,
    /// Whether Keycloak must call the token active, asked after the request came.
    pub strict: bool,
}
