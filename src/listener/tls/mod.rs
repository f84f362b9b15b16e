//! TLS towards clients: certificates from files, chosen by SNI, read again when they change.

mod certificate;
mod certificates;
mod names;
mod sites;

pub use certificate::{Certificate, CertificateError};
pub use certificates::Certificates;
pub(super) use certificates::Unshaken;
pub use names::Names;
