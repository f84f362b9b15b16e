//! What stands where Keycloak rings: it hands each logout token to one of the nodes, as a load balancer does, and keeps
//! what that node answered.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::keycloak::world::claims_of;
use crate::support::http::{Framing, Reader, framing};
use crate::support::raw::Request;

/// The address for Keycloak.
pub struct Bell {
    pub address: SocketAddr,
    state: Arc<State>,
}

type Choose = dyn Fn() -> Option<SocketAddr> + Send + Sync;

#[derive(Default)]
struct State {
    choose: Mutex<Option<Arc<Choose>>>,
    /// By session, with when they came.
    answers: Mutex<HashMap<String, (u16, Instant)>>,
}

impl Bell {
    /// Hangs one up that rings nowhere yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bell = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&bell.state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&state);
                // Where Keycloak goes away in between there is nobody to answer.
                thread::spawn(move || drop(state.serve(stream)));
            }
        });
        bell
    }

    /// From now on this says which node is told.
    pub fn lead_to(&self, choose: impl Fn() -> Option<SocketAddr> + Send + Sync + 'static) {
        *self.state.choose.lock().unwrap() = Some(Arc::new(choose));
    }

    /// Whether a node had answered the end of the session with 200 by then.
    pub fn was_heard(&self, sid: &str, by: Instant) -> bool {
        self.state.answers.lock().unwrap().get(sid).is_some_and(|(status, at)| *status == 200 && *at < by)
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut reader = Reader::new(stream);
        while let Some(head) = reader.head()? {
            let mut body = Vec::new();
            reader.body(framing(&head, Framing::Length(0)), |piece| body.extend(piece))?;
            let status = self.hand_on(body);
            reader.stream.write_all(format!("HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
        }
        Ok(())
    }

    fn hand_on(&self, form: Vec<u8>) -> u16 {
        let text = String::from_utf8(form).unwrap();
        let token = text.strip_prefix("logout_token=").unwrap();
        let sid = claims_of(token)["sid"].as_str().unwrap().to_owned();
        let choose = self.choose.lock().unwrap().clone().unwrap();
        let request = Request::new("POST", "/auth/backchannel-logout")
            .with("Content-Type", "application/x-www-form-urlencoded")
            .body(text);
        let answer = choose().map(|node| request.try_send(node));
        let status = answer.and_then(Result::ok).map_or(502, |answer| answer.status);
        self.answers.lock().unwrap().insert(sid, (status, Instant::now()));
        status
    }
}
