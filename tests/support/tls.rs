//! The server's side of TLS over a blocking socket.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::keys::{certificate, key};

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
