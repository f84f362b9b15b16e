//! Which certificate a client is shown, and which hosts it may then ask for.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::listeners::TlsAccept;
use pingora::protocols::tls::TlsRef;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{Certificate, Names};

/// The certificates in the order of the configuration; the first is for whoever names no host.
#[derive(Clone, Debug)]
pub(super) struct Sites(Arc<[Certificate]>);

impl Sites {
    pub(super) fn new(certificates: Vec<Certificate>) -> Self {
        Self(certificates.into())
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// The certificate for a name that a client asks for.
    fn find(&self, asked: Option<&str>) -> Option<&Certificate> {
        match asked {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|certificate| certificate.names.cover(name)),
        }
    }
}

impl ResolvesServerCert for Sites {
    /// A name that nobody has is shown the first certificate, by which its user sees what is wrong.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name()).or_else(|| self.0.first()).map(|certificate| Arc::clone(&certificate.key))
    }
}

#[async_trait]
impl TlsAccept for Sites {
    /// Notes the hosts of the connection: those of the certificate that was shown for the name that was asked for.
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let found = self.find(tls.server_name());
        Some(found.map_or_else(|| Arc::new(Names::default()), |certificate| Arc::clone(&certificate.names)) as _)
    }
}
