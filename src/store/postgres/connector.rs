//! How connections are opened: the address, the password and TLS, put together once.

use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::task::JoinHandle;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsStream};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::warn;

use super::Access;
use crate::rotating::Rotating;
use crate::store::StoreError;

/// Opens connections to one database.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    password: Option<Rotating>,
    tls: MakeRustlsConnect,
    cancelled: Arc<AtomicU64>,
}

/// A connection, and what carries its bytes.
type Connected = (Client, Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>);

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
        let tls = MakeRustlsConnect::new(tls(if address.tls { Some(authorities) } else { None })?);
        Ok(Self { config, password: password.cloned(), tls, cancelled: Arc::default() })
    }

    /// How many commits on connections of the pools were cancelled by an administrator while they waited for a replica: they
    /// are told as done, with a warning before.
    pub(super) fn cancelled(&self) -> u64 {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Where connections are opened to, without the password.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Opens a connection; where the server refuses the password, once more if it is another one by now.
    pub(super) async fn connect(&self) -> Result<Connected, Error> {
        let Some(password) = &self.password else { return self.config.connect(self.tls.clone()).await };
        let shown = password.current();
        match self.show(&shown).await {
            Err(error) if error.code() == Some(&SqlState::INVALID_PASSWORD) => {
                match password.other_than(&shown).await {
                    Some(other) => self.show(&other).await,
                    None => Err(error),
                }
            }
            answer => answer,
        }
    }

    async fn show(&self, password: &str) -> Result<Connected, Error> {
        self.config.clone().password(password).connect(self.tls.clone()).await
    }
}

/// For the pools, whose configuration is ours.
impl Connect for Connector {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async {
            let (client, connection) = Self::connect(self).await?;
            Ok((client, tokio::spawn(carry(connection, Arc::clone(&self.cancelled)))))
        })
    }
}

/// Carries the bytes of a connection, and counts commits that were cancelled. Whoever uses it sees how it ends.
async fn carry<S>(mut connection: Connection<Socket, S>, cancelled: Arc<AtomicU64>)
where
    S: TlsStream + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.routine() == Some(WAITS_FOR_REPLICAS)
        {
            warn!("a commit was cancelled while it waited for a replica: it does not count, and is made again");
            cancelled.fetch_add(1, Ordering::AcqRel);
        }
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

/// What of PostgreSQL warns of that, in whatever language.
const WAITS_FOR_REPLICAS: &str = "SyncRepWaitForLSN";
/// For one attempt; most of it on a machine that is far away.
const CONNECT: Duration = Duration::from_secs(2);
const SYSTEM_BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
