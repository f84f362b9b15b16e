use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tls");

fn http(authorities: Option<&Path>) -> Result<Http, SetupError> {
    let metrics = KeycloakMetrics::new(&prometheus::Registry::new()).unwrap();
    Http::new(authorities, Timeouts::default(), metrics)
}

/// Serves one connection with a certificate of the fixtures; its port.
fn tls_server(name: &str) -> u16 {
    let chain = vec![CertificateDer::from_pem_file(format!("{FIXTURES}/{name}.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(format!("{FIXTURES}/{name}.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
        if stream.read(&mut [0; 4096]).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        }
    });
    port
}

async fn call(server: &str, authorities: Option<&str>) -> Result<Vec<u8>, KeycloakError> {
    let path = authorities.map(|name| PathBuf::from(format!("{FIXTURES}/{name}")));
    let http = http(path.as_deref()).unwrap();
    let request = http.client().get(format!("https://127.0.0.1:{}/", tls_server(server)));
    http.call(Operation::Certs, request).await
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_and_its_name() {
    assert_eq!(call("localhost", Some("authority.pem")).await.unwrap(), b"{}");
    assert_eq!(call("localhost", None).await.unwrap_err().outcome(), "unavailable");
    assert_eq!(call("other", Some("authority.pem")).await.unwrap_err().outcome(), "unavailable");
}

#[test]
fn authorities_that_cannot_be_used_are_no_authorities() {
    let missing = http(Some(Path::new("/nonexistent/authorities.pem")));
    assert!(matches!(missing, Err(SetupError::ReadAuthorities { .. })));
    let without = format!("{FIXTURES}/README.md");
    assert!(matches!(http(Some(Path::new(&without))), Err(SetupError::NoAuthorities { .. })));
}

#[test]
fn foreign_text_is_cut_and_cleaned() {
    let long = "x".repeat(1000);
    let error = refusal(StatusCode::BAD_REQUEST, format!("{{\"errorMessage\":\"a\\r\\nb{long}\"}}").as_bytes());
    let KeycloakError::Refused { error, description, .. } = error else { panic!("{error:?}") };
    assert!(error.is_empty() && description.starts_with("abx") && description.len() == 200);
}
