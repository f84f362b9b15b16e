//! gRPC (HTTP/2 with trailers) from end to end; client and application are the h2 crate's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::client;
use http::Request;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::support::grpc;
use crate::support::patience::wait_for;
use crate::support::setup::Setup;

#[test]
fn messages_stream_both_ways_and_the_trailers_arrive() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let checks = Arc::new(AtomicUsize::new(0));
    runtime.spawn(grpc::echo(listener, Arc::clone(&checks)));
    let mut setup = Setup::new();
    setup.speak_http2_to(address);
    setup.config.server += "h2c = true\n";
    let running = setup.start();
    let token = running.new_token("alice");

    runtime.block_on(async {
        let stream = TcpStream::connect(running.gateway.address).await.unwrap();
        let (mut requests, connection) = client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..3 {
            let request = Request::post("http://gw.test/api/pkg.Service/Method").header("te", "trailers");
            let request = request.header("content-type", "application/grpc").header("x-auth-subject", "mallory");
            let request = request.header("authorization", format!("Bearer {token}")).body(()).unwrap();
            let (response, mut messages) = requests.send_request(request, false).unwrap();
            messages.send_data(Bytes::from_static(b"first"), false).unwrap();
            let response = response.await.unwrap();
            let seen = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!((response.status().as_u16(), seen("seen-subject")), (200, "alice".into()));
            assert_eq!(
                (seen("seen-path"), seen("seen-authority")),
                ("/api/pkg.Service/Method".into(), "gw.test".into())
            );
            assert_eq!(seen("seen-te"), "trailers", "some servers refuse calls without it");
            let mut answers = response.into_body();
            assert_eq!(&answers.data().await.unwrap().unwrap()[..], b"first", "while the client may still write");
            messages.send_data(Bytes::from_static(b"last"), true).unwrap();
            assert_eq!(&answers.data().await.unwrap().unwrap()[..], b"last");
            assert!(answers.data().await.is_none());
            assert_eq!(answers.trailers().await.unwrap().unwrap()["grpc-status"], "0");
        }
        let refused = Request::post("http://gw.test/api/pkg.Service/Method").body(()).unwrap();
        let (response, _messages) = requests.send_request(refused, true).unwrap();
        assert_eq!(response.await.unwrap().status().as_u16(), 401);
    });
}

#[test]
fn its_health_is_asked_in_its_own_language() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let checks = Arc::new(AtomicUsize::new(0));
    runtime.spawn(grpc::echo(listener, Arc::clone(&checks)));
    let mut setup = Setup::new();
    let health = "health = { path = \"/healthz?x=1\", interval = \"100ms\", timeout = \"5s\", up = 1, down = 1 }\n";
    setup.speak_http2_to(address);
    setup.config.upstreams += health;
    let running = setup.start();
    wait_for("checks", || (checks.load(Ordering::SeqCst) > 3).then_some(()));
    assert_eq!(running.gateway.metric("doorward_upstream_server_up", &[&address.to_string()]), 1.0);
    assert_eq!(running.gateway.metric("doorward_upstream_passed_over_total", &["health-check"]), 0.0);
}
