//! `bare-proxy LISTEN TLS-LISTEN UPSTREAM CERTIFICATE KEY`: every request goes on as it came, by Pingora with its
//! defaults, the system's allocator and one worker thread; over TLS also in HTTP/2.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::HttpPeer;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;

struct Bare(SocketAddr);

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) -> Self::CTX {}

    async fn upstream_peer(&self, _session: &mut Session, _ctx: &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.0, false, String::new())))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, tls_listen, upstream, certificate, key] = arguments.as_slice() else {
        return Err("usage: bare-proxy LISTEN TLS-LISTEN UPSTREAM CERTIFICATE KEY".into());
    };
    let mut server = Server::new_with_opt_and_conf(None, ServerConf { threads: 1, ..ServerConf::default() });
    server.bootstrap();
    let mut service = http_proxy_service(&Arc::clone(&server.configuration), Bare(upstream.parse()?));
    service.add_tcp(listen);
    let mut tls = TlsSettings::intermediate(certificate, key)?;
    tls.enable_h2();
    service.add_tls_with_settings(tls_listen, None, tls);
    server.add_service(service);
    server.run_forever()
}
