//! Clients that speak TLS, and HTTP/2 in it.

use std::net::SocketAddr;
use std::sync::Arc;

use bench_scene::{Folder, NAME, Outcome};
use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Who trusts the certificate of a folder; every handshake is a whole one.
pub(crate) struct Secure {
    http1: TlsConnector,
    http2: TlsConnector,
}

impl Secure {
    pub(crate) fn trusting(folder: &Folder) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.certificate())?)?;
        // Named, since a build together with other crates may bring a second one.
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions()?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::disabled();
        let http1 = TlsConnector::from(Arc::new(config.clone()));
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { http1, http2: TlsConnector::from(Arc::new(config)) })
    }

    /// A connection for one request of HTTP/1.
    pub(crate) async fn connect(&self, proxy: SocketAddr) -> Outcome<TlsStream<TcpStream>> {
        shake_hands(&self.http1, proxy).await
    }

    /// A connection for streams of HTTP/2, which runs by itself as long as anybody uses it.
    pub(crate) async fn open(&self, proxy: SocketAddr) -> Outcome<SendRequest<Bytes>> {
        let (send, connection) = h2::client::handshake(shake_hands(&self.http2, proxy).await?).await?;
        tokio::spawn(connection);
        Ok(send)
    }
}

async fn shake_hands(connector: &TlsConnector, proxy: SocketAddr) -> Outcome<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    Ok(connector.connect(ServerName::try_from(NAME)?, stream).await?)
}

/// One stream from its beginning to its end; the status of the answer.
pub(crate) async fn ask(connection: &SendRequest<Bytes>, target: &str) -> Outcome<u16> {
    let request = Request::get(format!("https://{NAME}{target}")).body(())?;
    let (answer, _) = connection.clone().ready().await?.send_request(request, true)?;
    let (head, mut body) = answer.await?.into_parts();
    while let Some(chunk) = body.data().await.transpose()? {
        body.flow_control().release_capacity(chunk.len())?;
    }
    Ok(head.status.as_u16())
}
