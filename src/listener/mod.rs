//! First sight of bytes: limits, deadlines, raw heads. It refuses or passes, and never rewrites.

mod chunks;
mod farewell;
mod frames;
mod guarded;
mod head;
mod http1;
mod http2;
mod places;
mod refusal;
mod tls;
mod wire;

pub use guarded::{Entrance, Guarded, House, Limits};
pub use head::HeadError;
pub use tls::{Certificate, CertificateError, Certificates, Names};
