//! Both sides of TLS over blocking sockets, and certificates in files.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection, SignatureScheme,
    StreamOwned,
};

use super::keys::{certificate, certificate_until, key};
use super::socket::Socket;

/// A server with a self-signed certificate for this host by the (EC) key of that name.
pub fn server(name: &str, host: &str) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from(certificate(name, host))];
    let private = PrivateKeyDer::try_from(key(name).pkcs8()).unwrap();
    Arc::new(versions.with_no_client_auth().with_single_cert(chain, private).unwrap())
}

/// Speaks TLS on an accepted connection.
pub fn accept(stream: TcpStream, config: &Arc<ServerConfig>) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

/// A client's side: which name it asks for, and which protocols it offers. Whoever answers is taken at their word; the
/// certificate that was shown is in [`Client::shown`].
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Client {
    /// Asks for a name; an IP address is no name, and asks for nobody.
    pub fn asking(name: &str, protocols: &[&str]) -> Self {
        Self::with_versions(name, protocols, rustls::ALL_VERSIONS)
    }

    /// The same with these versions of TLS only.
    pub fn with_versions(
        name: &str,
        protocols: &[&str],
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config =
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Believing)).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Self { config: Arc::new(config), name: ServerName::try_from(name.to_owned()).unwrap() }
    }

    /// Connects, and comes back when the handshake is over.
    pub fn connect(&self, address: SocketAddr) -> io::Result<Socket> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut tls = ClientConnection::new(Arc::clone(&self.config), self.name.clone()).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        Ok(Socket::Tls(Box::new(StreamOwned::new(tls, stream))))
    }

    /// The certificate that a server shows.
    pub fn shown(&self, address: SocketAddr) -> io::Result<Vec<u8>> {
        let Socket::Tls(stream) = self.connect(address)? else { panic!("no TLS") };
        Ok(stream.conn.peer_certificates().unwrap()[0].to_vec())
    }
}

/// Takes every certificate whose key the server has.
#[derive(Debug)]
struct Believing;

impl ServerCertVerifier for Believing {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate and its key in files.
pub struct Pair {
    /// The certificate.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl Pair {
    /// Files of that name; they hold the (EC) key of the name and a certificate for these hosts, a comma between.
    pub fn write(directory: &Path, name: &str, key: &str, hosts: &str) -> Self {
        Self::write_until(directory, name, key, hosts, "20991231000000Z")
    }

    /// The same with an end.
    pub fn write_until(directory: &Path, name: &str, key_name: &str, hosts: &str, until: &str) -> Self {
        let pair =
            Self { certificate: directory.join(format!("{name}.pem")), key: directory.join(format!("{name}.key")) };
        fs::write(&pair.certificate, pem("CERTIFICATE", &certificate_until(key_name, hosts, until))).unwrap();
        fs::write(&pair.key, pem("PRIVATE KEY", &key(key_name).pkcs8())).unwrap();
        pair
    }

    /// As the configuration names them.
    pub fn settings(&self) -> String {
        format!("certificate = \"{}\"\nkey = \"{}\"\n", self.certificate.display(), self.key.display())
    }
}

/// DER as PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
