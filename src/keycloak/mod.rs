//! A thin client of Keycloak: the OpenID Connect endpoints, and the little of the Admin API that is used.

mod admin;
mod credentials;
mod errors;
mod http;
mod introspection;
mod metrics;
mod oidc;
mod our_client;
mod tokens;

pub use admin::{Admin, KeycloakUser};
pub use credentials::ClientCredentials;
pub use errors::{KeycloakError, LoginError, LoginRefusal, RefreshTokenError, RefreshTokenRefusal};
pub use http::{Http, SetupError, Timeouts};
pub use introspection::Introspection;
pub use metrics::{KeycloakMetrics, Operation};
pub use oidc::{Discovery, Oidc, PasswordLogin};
pub use tokens::Tokens;

#[cfg(test)]
pub(crate) mod testing;
