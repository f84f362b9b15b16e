//! The words of the case file (facts/security.md §2.2): `{{tok:alice}}`, `@now+300`, `{{rep:a:1000}}` and their kin.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::keys::{certificate, jwk};
use super::signature::Unknown;

/// What the words stand for in one running fixture.
pub struct Words {
    /// `{{iss}}`.
    pub issuer: String,
    /// The gateway's audience.
    pub audience: String,
    /// The gateway's client.
    pub client: String,
    /// Its secret.
    pub client_secret: String,
    tokens: Mutex<HashMap<String, (Instant, String)>>,
    given: HashMap<String, String>,
}

impl Words {
    /// The words of an issuer, with the names of the fixture.
    pub fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: "gateway-api".to_owned(),
            client: "gateway".to_owned(),
            client_secret: "a-client-secret-that-only-tests-know".to_owned(),
            tokens: Mutex::default(),
            given: HashMap::new(),
        }
    }

    /// The same with a word of another meaning.
    pub fn meaning(mut self, word: &str, text: String) -> Self {
        self.given.insert(word.to_owned(), text);
        self
    }

    /// An access token of a user, the same for half a minute.
    pub fn token_of(&self, user: &str) -> String {
        let fresh = |(made, _): &(Instant, String)| made.elapsed() < Duration::from_secs(30);
        if let Some((_, token)) = self.tokens.lock().unwrap().get(user).filter(|entry| fresh(entry)) {
            return token.clone();
        }
        let token = String::from_utf8(self.token(&json!({ "claims_set": { "sub": user } })).unwrap()).unwrap();
        self.tokens.lock().unwrap().insert(user.to_owned(), (Instant::now(), token.clone()));
        token
    }

    /// Text with every `{{word}}` replaced.
    pub fn expand(&self, text: &str) -> Result<String, Unknown> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (word, after) = after.split_once("}}").ok_or_else(|| Unknown(format!("{{{{{after}")))?;
            out.push_str(before);
            out.push_str(&self.word(word)?);
            rest = after;
        }
        out.push_str(rest);
        // The length of what follows the head is known only when everything else is.
        if let Some((head, body)) = out.split_once("\r\n\r\n").filter(|_| out.contains(LENGTH_MARK)) {
            return Ok(format!("{}\r\n\r\n{body}", head.replace(LENGTH_MARK, &body.chars().count().to_string())));
        }
        Ok(out)
    }

    fn word(&self, word: &str) -> Result<String, Unknown> {
        if let Some(text) = self.given.get(word) {
            return Ok(text.clone());
        }
        let (name, argument) = word.split_once(':').unwrap_or((word, ""));
        let unknown = || Unknown(format!("{{{{{word}}}}}"));
        Ok(match name {
            "iss" => self.issuer.clone(),
            "tok" if argument.ends_with(":expired") => {
                let user = argument.trim_end_matches(":expired");
                let claims = json!({ "claims_set": { "sub": user, "exp": "@now-3600", "iat": "@now-7200" } });
                String::from_utf8(self.token(&claims)?).map_err(|_| unknown())?
            }
            "tok" => self.token_of(argument),
            "rep" => {
                let (piece, count) = argument.rsplit_once(':').ok_or_else(unknown)?;
                piece.repeat(count.parse().map_err(|_| unknown())?)
            }
            "seq" => {
                let (piece, count) = argument.rsplit_once(':').ok_or_else(unknown)?;
                let count: usize = count.parse().map_err(|_| unknown())?;
                (0..count).map(|index| piece.replace('#', &index.to_string())).collect()
            }
            "len" => LENGTH_MARK.to_owned(),
            "urlenc" => percent_encoding::utf8_percent_encode(argument, percent_encoding::NON_ALPHANUMERIC).to_string(),
            _ if name.starts_with("now") => (now() + offset(&name[3..]).ok_or_else(unknown)? as i64).to_string(),
            _ => return Err(unknown()),
        })
    }

    /// JSON text of a value whose strings may be `@` words; `@lit:1e400` is why this is not `serde_json`'s work.
    pub fn json_text(&self, value: &Value) -> Result<String, Unknown> {
        Ok(match value {
            Value::String(text) => self.json_word(text)?,
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.json_text(item)).collect();
                format!("[{}]", items?.join(","))
            }
            Value::Object(members) => {
                let members: Result<Vec<_>, Unknown> = members
                    .iter()
                    .map(|(name, value)| Ok(format!("{}:{}", quoted(name), self.json_text(value)?)))
                    .collect();
                format!("{{{}}}", members?.join(","))
            }
            other => other.to_string(),
        })
    }

    fn json_word(&self, text: &str) -> Result<String, Unknown> {
        let text = self.expand(text)?;
        let Some(word) = text.strip_prefix('@') else { return Ok(quoted(&text)) };
        let unknown = || Unknown(format!("@{word}"));
        let (name, argument) = word.split_once(':').unwrap_or((word, ""));
        let moment = || offset(argument.strip_prefix("now").unwrap_or(argument)).ok_or_else(unknown);
        Ok(match name {
            "lit" => argument.to_owned(),
            "s" => quoted(&(now() + moment()? as i64).to_string()),
            "f" => format!("{:.1}", now() as f64 + moment()?),
            "ms" => ((now() + moment()? as i64) * 1000).to_string(),
            "jwk" => embedded_jwk(argument),
            "atk-cert" => format!("[{}]", quoted(&BASE64_STANDARD.encode(certificate("atk-rsa", "sso.test")))),
            _ if argument == "iss" => quoted(&twisted_issuer(name, &self.issuer).ok_or_else(unknown)?),
            _ if name.starts_with("now") => (now() + offset(&name[3..]).ok_or_else(unknown)? as i64).to_string(),
            _ => return Err(unknown()),
        })
    }
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Text as bytes: characters up to U+00FF one byte each, others as UTF-8.
pub fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend(character.to_string().as_bytes()),
        }
    }
    out
}

/// Seconds since the epoch.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

fn offset(text: &str) -> Option<f64> {
    if text.is_empty() { Some(0.0) } else { text.parse().ok() }
}

fn embedded_jwk(argument: &str) -> String {
    let (name, patch) = argument.split_once(':').unwrap_or((argument, ""));
    let mut jwk = jwk(name);
    if let Some((member, value)) = patch.split_once('=') {
        jwk[member] = json!(value);
    }
    jwk.to_string()
}

/// The issuer's URL, written in a way that other software might take for the same.
fn twisted_issuer(name: &str, issuer: &str) -> Option<String> {
    let (scheme, rest) = issuer.split_once("://")?;
    let (authority, path) =
        rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    Some(match name {
        // The fixture's issuer has a port, so the other spelling of it is one with a leading zero.
        "port" => match authority.split_once(':') {
            Some((host, port)) => format!("{scheme}://{host}:0{port}{path}"),
            None => format!("{scheme}://{authority}:443{path}"),
        },
        "pct" => format!("{scheme}://{authority}{}", path.replace('/', "%2F")),
        "homo" => issuer.replacen('a', "а", 1).replacen('o', "о", 1),
        "upper" | "up" => issuer.to_uppercase(),
        "scheme" => format!("{}://{rest}", if scheme == "http" { "https" } else { "http" }),
        "user" | "userinfo" => format!("{scheme}://user@{rest}"),
        "dot" => format!("{scheme}://{authority}.{path}"),
        "dots" => format!("{scheme}://{authority}/x/..{path}"),
        "dbl" | "slashes" => format!("{scheme}://{authority}/{path}"),
        "slash" => format!("{issuer}/"),
        _ => return None,
    })
}

const LENGTH_MARK: &str = "\u{1}length\u{1}";

#[test]
fn words_become_what_they_stand_for() {
    let words = Words::new("http://127.0.0.1:7/realms/x");
    assert_eq!(words.expand("a{{rep:bc:2}}{{iss}}").unwrap(), "abcbchttp://127.0.0.1:7/realms/x");
    assert_eq!(words.expand("{{seq:\"k#\":1,:2}}").unwrap(), "\"k0\":1,\"k1\":1,");
    assert_eq!(words.expand("L: {{len:SM}}\r\n\r\nabc").unwrap(), "L: 3\r\n\r\nabc");
    assert!(words.expand("{{sess:alice}}").is_err());
    assert_eq!(words.json_text(&json!({ "n": "@lit:1e400", "a": ["x"] })).unwrap(), r#"{"a":["x"],"n":1e400}"#);
    assert_eq!(words.json_text(&json!("@s:now-5")).unwrap().len(), 12);
    assert_eq!(words.json_text(&json!("@port:iss")).unwrap(), "\"http://127.0.0.1:07/realms/x\"");
    assert_eq!(bytes("\u{ff}\u{2028}"), [0xff, 0xe2, 0x80, 0xa8]);
}
