//! The bytes that a case sends.

use serde_json::Value;

use crate::support::h2;
use crate::support::raw::Request;
use crate::support::signature::Unknown;
use crate::support::words::{Words, bytes};

/// What is sent.
pub struct Shot {
    /// Every byte of it, after the preface where it is HTTP/2.
    pub wire: Vec<u8>,
    /// Whether it is HTTP/2.
    pub http2: bool,
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
            return Ok(Self { wire, http2: false, head_only: method == "HEAD" });
        }
        let request = &entry["request"];
        if request["proto"] == "h2" {
            return Ok(Self { wire: frames(request, words)?, http2: true, head_only: false });
        }
        if let Some(raw) = request["raw"].as_str() {
            return Ok(Self { wire: bytes(&words.expand(raw)?), http2: false, head_only: raw.starts_with("HEAD ") });
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
        Ok(Self { wire: built.bytes(), http2: false, head_only: method == "HEAD" })
    }
}

/// One request of HTTP/2 on stream 1, all of it in one piece.
fn frames(request: &Value, words: &Words) -> Result<Vec<u8>, Unknown> {
    known(request, &["proto", "path", "pseudo", "fields", "auth", "body", "trailers", "cookies"])?;
    let text = |value: &Value| words.expand(value.as_str().unwrap_or_default());
    let path = request["path"].as_str().map_or(Ok("/api/echo".to_owned()), |path| words.expand(path))?;
    let mut fields = h2::get(&path);
    let mut named = Vec::new();
    for pair in request["pseudo"].as_array().into_iter().flatten() {
        let name = text(&pair[0])?;
        let place = fields.iter().position(|(known, _)| *known == name);
        match (pair[1].as_str(), place) {
            (None, Some(at)) => drop(fields.remove(at)),
            (Some(value), Some(at)) if !named.contains(&name) => fields[at].1 = words.expand(value)?,
            (value, _) => fields.push((name.clone(), words.expand(value.unwrap_or_default())?)),
        }
        named.push(name);
    }
    if request.get("body").is_some() {
        fields[0].1 = "POST".into();
    }
    if let Some(token) = request["auth"].as_str() {
        fields.push(("authorization".into(), format!("Bearer {}", words.expand(token)?)));
    }
    for pair in request["fields"].as_array().into_iter().flatten() {
        fields.push((text(&pair[0])?, text(&pair[1])?));
    }
    let crumbs = request["cookies"].as_u64().unwrap_or(0);
    fields.extend((0..crumbs).map(|number| ("cookie".to_owned(), format!("c{number}=1"))));
    let (body, trailers) = (request["body"].as_str(), request["trailers"].as_array());
    let mut wire = h2::headers(1, &fields, body.is_none() && trailers.is_none());
    if let Some(body) = body {
        let end = if trailers.is_none() { h2::END_STREAM } else { 0 };
        wire.extend(h2::frame(h2::DATA, end, 1, &bytes(&words.expand(body)?)));
    }
    if let Some(trailers) = trailers {
        let pairs = trailers.iter().map(|pair| Ok((text(&pair[0])?, text(&pair[1])?)));
        wire.extend(h2::headers(1, &pairs.collect::<Result<Vec<_>, Unknown>>()?, true));
    }
    Ok(wire)
}

fn known_words(request: &Value) -> Result<(), Unknown> {
    known(request, &["proto", "method", "path", "headers", "body", "auth"])
}

fn known(request: &Value, words: &[&str]) -> Result<(), Unknown> {
    let unknown = request.as_object().into_iter().flatten().find(|(word, _)| !words.contains(&word.as_str()));
    unknown.map_or(Ok(()), |(word, _)| Err(Unknown(format!("request word {word}"))))
}
