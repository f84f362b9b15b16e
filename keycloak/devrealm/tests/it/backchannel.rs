use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::world::{World, claims_of, header_of, text};

/// Takes one request, answers it, and gives back what came.
async fn gateway(status: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = String::new();
        while !heard.contains("logout_token=") || !ended(&heard) {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            heard.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
        heard
    });
    (address, heard)
}

fn ended(heard: &str) -> bool {
    let length =
        heard.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse::<usize>().unwrap();
    heard.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length)
}

fn logout_token(heard: &str) -> (Value, Value) {
    let token = heard.split_once("logout_token=").unwrap().1;
    (header_of(token), claims_of(token))
}

#[tokio::test]
async fn the_end_of_a_session_is_told_before_it_is_answered() {
    let world = World::start().await;
    let (address, heard) = gateway("200 OK").await;
    world.realm.set_gateway_url(&format!("http://{address}")).unwrap();
    let tokens = world.tokens("alice").await;
    let deleted = world.admin("DELETE", &format!("sessions/{}", text(&tokens, "session_state")), None).await;
    assert_eq!(deleted.status, 204);
    assert!(heard.is_finished());
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("POST /auth/backchannel-logout HTTP/1.1\r\n"));
    let (header, claims) = logout_token(&heard);
    assert_eq!(header["typ"], "logout+jwt");
    assert_eq!((&claims["aud"], &claims["typ"]), (&"doorward".into(), &"Logout".into()));
    assert_eq!(claims["sid"], tokens["session_state"]);
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}, "revoke_offline_access": true});
    assert_eq!(claims["events"], events);
}

#[tokio::test]
async fn a_failing_gateway_does_not_keep_a_session_alive() {
    let world = World::start().await;
    let (address, heard) = gateway("500 Internal Server Error").await;
    world.realm.set_client_attribute("doorward", "backchannel.logout.url", Some(&format!("http://{address}/x")));
    world.realm.set_client_attribute("doorward", "backchannel.logout.session.required", None);
    let tokens = world.tokens("alice").await;
    let fields = [("refresh_token", text(&tokens, "refresh_token"))];
    assert_eq!(world.post("logout", &fields).await.status, 204);
    assert!(logout_token(&heard.await.unwrap()).1.get("sid").is_none());
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token").await["active"], false);
    let refused = world.tokens("alice").await;
    assert_eq!(world.post("logout", &[("refresh_token", text(&refused, "refresh_token"))]).await.status, 204);
}
