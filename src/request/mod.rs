//! From raw header to `Incoming`: the last sight of what the client wrote.

mod credential;
mod host;
mod incoming;
mod method;
mod origin;
mod path;

pub use credential::{BearerToken, ClientSecret, Credential, CredentialError, Presented};
pub use host::{Host, HostError};
pub use incoming::{Incoming, Preflight, RawHead, RequestError};
pub use method::Method;
pub use origin::{Client, Peer, Scheme, TrustedProxies};
pub use path::{CanonicalPath, PathError};
