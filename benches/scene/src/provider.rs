//! An identity provider that knows two answers: its discovery document and its keys.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::json;

use crate::mint::{jwks, new_pair};
use crate::{Mint, Outcome};

/// The provider; it serves until the process ends.
pub struct Provider {
    issuer: String,
    mint: Mint,
}

impl Provider {
    /// Makes a key and serves its public half.
    pub fn start() -> Outcome<Self> {
        let pair = new_pair()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let issuer = format!("http://{}/realms/bench", listener.local_addr()?);
        let (discovery, keys) = (discovery(&issuer), jwks(&pair));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (discovery, keys) = (discovery.clone(), keys.clone());
                // Who broke off gets no answer and needs none.
                thread::spawn(move || serve(&stream, &discovery, &keys));
            }
        });
        Ok(Self { mint: Mint::new(pair, &issuer)?, issuer })
    }

    /// Its exact `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What signs its tokens.
    #[must_use]
    pub fn mint(&self) -> &Mint {
        &self.mint
    }
}

fn serve(stream: &TcpStream, discovery: &str, keys: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let body = if first.contains("openid-configuration") { discovery } else { keys };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn discovery(issuer: &str) -> String {
    let protocol = format!("{issuer}/protocol/openid-connect");
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{protocol}/auth"),
        "token_endpoint": format!("{protocol}/token"),
        "introspection_endpoint": format!("{protocol}/token/introspect"),
        "end_session_endpoint": format!("{protocol}/logout"),
        "jwks_uri": format!("{protocol}/certs"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
    .to_string()
}
