//! The bytes that a case sends.

use serde_json::Value;

use crate::support::raw::Request;
use crate::support::signature::Unknown;
use crate::support::words::{Words, bytes};

/// What is sent.
pub struct Shot {
    /// Every byte of it.
    pub wire: Vec<u8>,
    /// Whether the answer has no body.
    pub head_only: bool,
}

impl Shot {
    /// The bytes of an entry.
    pub fn of(entry: &Value, words: &Words) -> Result<Self, Unknown> {
        if let Some(recipe) = entry.get("token") {
            let method = recipe["send"]["method"].as_str().unwrap_or("GET");
            let path = recipe["send"]["path"].as_str().unwrap_or("/api/echo");
            let head = format!("{method} {path} HTTP/1.1\r\nHost: gw.test\r\nAuthorization: Bearer ");
            let wire = [head.as_bytes(), &words.token(recipe)?, b"\r\n\r\n"].concat();
            return Ok(Self { wire, head_only: method == "HEAD" });
        }
        let request = &entry["request"];
        if let Some(raw) = request["raw"].as_str() {
            return Ok(Self { wire: bytes(&words.expand(raw)?), head_only: raw.starts_with("HEAD ") });
        }
        known_words(request)?;
        let text = |value: &Value| words.expand(value.as_str().unwrap_or_default());
        let method = request["method"].as_str().unwrap_or("GET");
        let mut built = Request::new(method, &text(&request["path"])?);
        for field in request["headers"].as_array().into_iter().flatten() {
            built = built.with(&text(&field[0])?, &text(&field[1])?);
        }
        if let Some(token) = request["auth"].as_str() {
            built = built.bearer(&words.expand(token)?);
        }
        if let Some(body) = request.get("body") {
            built = built.body(bytes(&body.as_str().map_or_else(|| Ok(body.to_string()), |body| words.expand(body))?));
        }
        Ok(Self { wire: built.bytes(), head_only: method == "HEAD" })
    }
}

fn known_words(request: &Value) -> Result<(), Unknown> {
    let words = ["proto", "method", "path", "headers", "body", "auth"];
    let unknown = request.as_object().into_iter().flatten().find(|(word, _)| !words.contains(&word.as_str()));
    unknown.map_or(Ok(()), |(word, _)| Err(Unknown(format!("request word {word}"))))
}
