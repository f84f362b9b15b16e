//! How connections are opened: the address, the password and TLS, put together once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Access;
use crate::store::StoreError;

/// Opens connections to one database.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

impl Connector {
    pub(super) fn new(access: Access<'_>) -> Result<Self, StoreError> {
        let Access { address, password, authorities } = access;
        let mut config = Config::new();
        config
            .host(&address.host)
            .port(address.port)
            .user(&address.user)
            .dbname(&address.database)
            .application_name("doorward")
            .connect_timeout(CONNECT)
            .keepalives_idle(Duration::from_secs(15))
            // What was sent and is not even acknowledged for so long was sent to nobody.
            .tcp_user_timeout(Duration::from_secs(10))
            .ssl_mode(if address.tls { SslMode::Require } else { SslMode::Disable })
            // A standby hears of changes late and takes none.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        if let Some(password) = password {
            config.password(password);
        }
        let tls = MakeRustlsConnect::new(tls(if address.tls { Some(authorities) } else { None })?);
        Ok(Self { config, tls })
    }
}

/// Without TLS nobody is trusted, and nobody is asked.
fn tls(authorities: Option<Option<&Path>>) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    Ok(match authorities {
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        Some(file) => {
            let verifier = Arc::new(verifier(file, provider)?);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
    })
}

/// Verifies as the platform does; "dangerous" above is any verifier of one's own choice.
fn verifier(authorities: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Verifier, StoreError> {
    let mut further = Vec::new();
    if let Some(file) = authorities {
        let named = certificates(file).map_err(|source| StoreError::Unavailable {
            what: "read the trusted authorities (SSL_CERT_FILE)",
            source: Box::new(source),
        })?;
        further.extend(named);
        // The platform's own are looked for in that variable too, so that they would be missing.
        further
            .extend(SYSTEM_BUNDLES.iter().find_map(|bundle| certificates(Path::new(bundle)).ok()).unwrap_or_default());
    }
    Verifier::new_with_extra_roots(further, provider).map_err(unusable)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_file_iter(file)?.collect()
}

fn unusable(source: rustls::Error) -> StoreError {
    StoreError::Unavailable { what: "set up TLS", source: Box::new(source) }
}

/// For one attempt; most of it on a machine that is far away.
const CONNECT: Duration = Duration::from_secs(2);
const SYSTEM_BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
