//! The certificates of the TLS listener, and their change while it runs.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use pingora::listeners::tls::{Acceptor, TlsSettings};
use pingora::protocols::l4::stream::Stream as TcpStream;
use pingora::protocols::{Peek, Stream};
use rustls::ServerConfig;
use tokio::sync::{Mutex, MutexGuard};
use tracing::{info, warn};

use super::certificate::{Certificate, CertificateError, read};
use super::sites::Sites;
use crate::config::CertificateFiles;
use crate::metrics::Metrics;

/// Certificates that can be replaced. A connection keeps those that it began with.
pub struct Certificates {
    current: ArcSwap<Loaded>,
    /// One after the other, so that nobody puts back what another has just replaced.
    changing: Mutex<()>,
    metrics: Arc<Metrics>,
}

/// Certificates that were read and can be used. Nobody else changes any meanwhile.
pub struct Prepared<'c> {
    certificates: &'c Certificates,
    loaded: Loaded,
    _alone: MutexGuard<'c, ()>,
}

struct Loaded {
    files: Vec<CertificateFiles>,
    /// Of what stood in the files, so that any change is seen however it was made.
    digest: Digest,
    sites: Sites,
    acceptor: Acceptor,
}

/// Why no TLS connection came about.
pub(in crate::listener) enum Unshaken {
    /// The client spoke something else.
    NoTls(Stream),
    /// The client went away before it said anything.
    Silent,
    /// The handshake failed.
    Failed,
}

type Digest = [u8; 32];

impl Certificates {
    /// Reads the files; the first pair is for whoever names no host.
    pub fn load(files: &[CertificateFiles], metrics: Arc<Metrics>) -> Result<Self, CertificateError> {
        let loaded = Loaded::read(files)?;
        loaded.tell(&metrics);
        Ok(Self { current: ArcSwap::from_pointee(loaded), changing: Mutex::default(), metrics })
    }

    /// Reads these files, all of them; nothing changes yet.
    pub async fn prepare(&self, files: &[CertificateFiles]) -> Result<Prepared<'_>, CertificateError> {
        let alone = self.changing.lock().await;
        self.read(files.to_vec(), alone).await
    }

    async fn read<'c>(
        &'c self,
        files: Vec<CertificateFiles>,
        alone: MutexGuard<'c, ()>,
    ) -> Result<Prepared<'c>, CertificateError> {
        let loaded = aside(move || Loaded::read(&files)).await;
        if loaded.is_err() {
            self.metrics.certificates_read(false);
        }
        loaded.map(|loaded| Prepared { certificates: self, loaded, _alone: alone })
    }

    /// Looks at the files again and again. What cannot be used changes nothing, and is told once.
    pub async fn follow(self: Arc<Self>) {
        let mut told = None;
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let alone = self.changing.lock().await;
            let current = self.current.load_full();
            let files = current.files.clone();
            let seen = aside(move || digest(&files)).await;
            // The same may be news again where something else was in use meanwhile.
            let news = Some((current.digest, seen));
            if seen == Some(current.digest) || told == news {
                continue;
            }
            match self.read(current.files.clone(), alone).await {
                Ok(prepared) => {
                    prepared.take();
                    info!("the certificates have changed, and are in use");
                }
                Err(error) => warn!(%error, "the certificates have changed and cannot be used: the old ones stay"),
            }
            told = news;
        }
    }

    /// Speaks TLS on a new connection.
    pub(in crate::listener) async fn handshake(&self, stream: Stream) -> Result<Stream, Unshaken> {
        let mut stream = stream.into_any().downcast::<TcpStream>().map_err(|_| Unshaken::Failed)?;
        let mut first = [0];
        stream.try_peek(&mut first).await.map_err(|_| Unshaken::Silent)?;
        if first != [HANDSHAKE] {
            return Err(Unshaken::NoTls(stream));
        }
        let current = self.current.load_full();
        match current.acceptor.tls_handshake(*stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(_) => Err(Unshaken::Failed),
        }
    }
}

impl Prepared<'_> {
    /// Uses what was read for every connection from now on.
    pub fn take(self) {
        let Self { certificates, loaded, .. } = self;
        loaded.tell(&certificates.metrics);
        certificates.metrics.certificates_read(true);
        certificates.current.store(Arc::new(loaded));
    }
}

impl Loaded {
    fn read(files: &[CertificateFiles]) -> Result<Self, CertificateError> {
        let mut context = Context::new(&SHA256);
        let certificates: Result<Vec<_>, _> = files
            .iter()
            .map(|pair| {
                let (certificate, key) = (read(&pair.certificate)?, read(&pair.key)?);
                update(&mut context, &certificate, &key);
                Certificate::parse(pair, &certificate, &key)
            })
            .collect();
        let sites = Sites::new(certificates?);
        let acceptor = acceptor(sites.clone());
        Ok(Self { files: files.to_vec(), digest: finish(context), sites, acceptor })
    }

    fn tell(&self, metrics: &Metrics) {
        metrics.certificates(self.sites.certificates().iter().filter_map(|certificate| {
            let name = certificate.names().iter().next()?;
            Some((name, certificate.expires()))
        }));
    }
}

/// TLS 1.2 and 1.3 with the suites of rustls, all of them with forward secrecy; HTTP/2 where the client knows it.
fn acceptor(sites: Sites) -> Acceptor {
    let builder = ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12]);
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(sites.clone()));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut acceptor = noting(sites);
    acceptor.acceptor = Arc::new(config).into();
    acceptor
}

/// Pingora makes acceptors with a callback from its own settings only; its configuration is replaced by ours.
fn noting(sites: Sites) -> Acceptor {
    match TlsSettings::with_callbacks(Box::new(sites.clone())) {
        Ok(mut settings) => {
            settings.set_cert_resolver(Arc::new(sites));
            settings.build()
        }
        Err(_) => Acceptor::from_server_config(Arc::new(refusing())),
    }
}

fn refusing() -> ServerConfig {
    ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(Sites::new(Vec::new())))
}

/// Reads files where a slow disk holds no request up.
async fn aside<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and with it whoever waits.
            Err(_) => std::future::pending().await,
        },
    }
}

/// The digest of what stands in the files now; nothing where one cannot be read.
fn digest(files: &[CertificateFiles]) -> Option<Digest> {
    let mut context = Context::new(&SHA256);
    for pair in files {
        update(&mut context, &read(&pair.certificate).ok()?, &read(&pair.key).ok()?);
    }
    Some(finish(context))
}

fn update(context: &mut Context, certificate: &[u8], key: &[u8]) {
    for part in [certificate, key] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
}

fn finish(context: Context) -> Digest {
    context.finish().as_ref().try_into().unwrap_or([0; 32])
}

/// How a TLS connection begins (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
