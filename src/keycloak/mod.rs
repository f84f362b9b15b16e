//! A thin client of Keycloak: the OpenID Connect endpoints, and the little of the Admin API that is used.

mod admin;
mod administrator;
mod browser;
mod credentials;
mod errors;
mod events;
mod http;
mod inspection;
mod introspection;
mod metrics;
mod oidc;
mod our_client;
mod rehearsal;
mod tokens;

pub use admin::{Admin, KeycloakUser};
pub use administrator::Administrator;
pub use credentials::ClientCredentials;
pub use errors::{KeycloakError, LoginError, LoginRefusal, RefreshTokenError, RefreshTokenRefusal};
pub use events::{AdminEvent, Details, PAGE, Span, UserEvent};
pub use http::{Http, SetupError, Timeouts};
pub use inspection::{ClientSettings, EventSettings, RealmSettings};
pub use introspection::Introspection;
pub use metrics::{KeycloakMetrics, Operation};
pub use oidc::{Discovery, Oidc, PasswordLogin};
pub use rehearsal::ThrowAwayUser;
pub use tokens::Tokens;

#[cfg(test)]
pub(crate) mod testing;
