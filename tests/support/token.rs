//! The `token` recipes of the case file: a good token, patched, cut, bent and signed as the recipe says.

use serde_json::{Map, Value, json};

use super::keys::base64url;
use super::signature::{Unknown, signature};
use super::words::{Words, bytes};

impl Words {
    /// The token of a recipe, as the bytes after `Bearer `.
    pub fn token(&self, recipe: &Value) -> Result<Vec<u8>, Unknown> {
        known_words(recipe)?;
        if let Some(jwe) = recipe.get("jwe") {
            return encrypted(jwe);
        }
        let mut compact = self.compact(recipe)?;
        let mutations = match &recipe["mutate"] {
            Value::Null => vec![],
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            one => vec![one.as_str().unwrap_or_default().to_owned()],
        };
        for mutation in mutations {
            // Seven of ten thousand signatures have no character of the other alphabet: sign again.
            while mutation.starts_with("stdb64") && !compact.rsplit('.').next().unwrap().contains(['-', '_']) {
                compact = self.compact(recipe)?;
            }
            compact = mutate(&compact, &mutation)?;
        }
        Ok(compact.into_bytes())
    }

    fn compact(&self, recipe: &Value) -> Result<String, Unknown> {
        let header = self.part(recipe, "header", base_header())?;
        let claims = if recipe.get("payload_token").is_some() { vec![] } else { self.claims(recipe)? };
        let payload = match recipe.get("payload_token") {
            Some(inner) => self.inner(inner)?.into_bytes(),
            None => claims,
        };
        let plain = recipe["serialize"] == json!("b64false");
        let header = if plain { bytes(r#"{"alg":"RS256","kid":"rsa-1","b64":false,"crit":["b64"]}"#) } else { header };
        let (header, text) = (base64url(header), String::from_utf8_lossy(&payload).into_owned());
        let payload = if plain { text } else { base64url(&payload) };
        let input = format!("{header}.{payload}");
        let signature = base64url(signature(&signer(recipe), input.as_bytes(), &self.client_secret)?);
        Ok(match recipe["serialize"].as_str() {
            None | Some("b64false") => format!("{input}.{signature}"),
            Some("json-flat") => json!({ "protected": header, "payload": payload, "signature": signature }).to_string(),
            Some("json-general") => {
                json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] })
                    .to_string()
            }
            Some(other) => return Err(Unknown(format!("serialize {other}"))),
        })
    }

    fn claims(&self, recipe: &Value) -> Result<Vec<u8>, Unknown> {
        self.part(recipe, "payload", self.base_claims())
    }

    /// One segment before encoding: raw bytes, raw text, or the base with its patches.
    fn part(&self, recipe: &Value, name: &str, mut base: Map<String, Value>) -> Result<Vec<u8>, Unknown> {
        if let Some(hex) = recipe[format!("{name}_bytes")].as_str() {
            let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16);
            return (0..hex.len()).step_by(2).map(|at| digit(at).map_err(|_| Unknown(hex.to_owned()))).collect();
        }
        if let Some(raw) = recipe[format!("{name}_raw")].as_str() {
            return Ok(self.expand(raw)?.into_bytes());
        }
        let patches = if name == "header" { "header" } else { "claims" };
        for (member, value) in recipe[format!("{patches}_set")].as_object().into_iter().flatten() {
            base.insert(member.clone(), value.clone());
        }
        for member in recipe[format!("{patches}_del")].as_array().into_iter().flatten().filter_map(Value::as_str) {
            base.remove(member);
        }
        Ok(self.json_text(&Value::Object(base))?.into_bytes())
    }

    /// A whole token inside the payload.
    fn inner(&self, inner: &Value) -> Result<String, Unknown> {
        let header = self.json_text(&inner["header"])?;
        let claims = self.json_text(&Value::Object(self.base_claims()))?;
        let input = format!("{}.{}", base64url(header), base64url(claims));
        let word = inner["sig"].as_str().unwrap_or("empty");
        Ok(format!("{input}.{}", base64url(signature(word, input.as_bytes(), &self.client_secret)?)))
    }

    fn base_claims(&self) -> Map<String, Value> {
        let claims = json!({
            "iss": self.issuer, "sub": "alice", "aud": self.audience, "exp": "@now+300", "iat": "@now-5",
            "typ": "Bearer", "azp": self.client, "jti": uuid::Uuid::new_v4().to_string(), "sid": "sid-alice",
            "scope": "openid profile email", "realm_access": { "roles": ["user"] },
        });
        claims.as_object().unwrap().clone()
    }
}

fn base_header() -> Map<String, Value> {
    json!({ "alg": "RS256", "typ": "JWT", "kid": "rsa-1" }).as_object().unwrap().clone()
}

/// The `sig` word: the recipe's own, or an honest one by the named key.
fn signer(recipe: &Value) -> String {
    if let Some(word) = recipe["sig"].as_str() {
        return word.to_owned();
    }
    let key = recipe["key"].as_str().unwrap_or("rsa-1");
    let honest = if key.starts_with("ec") || key.contains("-ec") { "es256" } else { "rs256" };
    format!("{honest}:{key}")
}

fn known_words(recipe: &Value) -> Result<(), Unknown> {
    let words = [
        "header_set",
        "header_del",
        "header_raw",
        "header_bytes",
        "claims_set",
        "claims_del",
        "payload_raw",
        "payload_bytes",
        "payload_token",
        "key",
        "sig",
        "mutate",
        "serialize",
        "jwe",
        "send",
    ];
    let unknown = recipe.as_object().into_iter().flatten().find(|(word, _)| !words.contains(&word.as_str()));
    unknown.map_or(Ok(()), |(word, _)| Err(Unknown(format!("token word {word}"))))
}

/// Bends a compact token.
fn mutate(token: &str, mutation: &str) -> Result<String, Unknown> {
    let (name, argument) = mutation.split_once(':').unwrap_or((mutation, ""));
    let unknown = || Unknown(format!("mutation {mutation}"));
    let segment = || argument.rsplit(':').next().and_then(|index| index.parse::<usize>().ok()).ok_or_else(unknown);
    let mut segments: Vec<String> = token.split('.').map(str::to_owned).collect();
    match name {
        "append" => return Ok(format!("{token}{argument}")),
        "prepend" => return Ok(format!("{argument}{token}")),
        "const" => return Ok(argument.to_owned()),
        "pctdots" => return Ok(token.replace('.', "%2e")),
        "upper" => return Ok(token.to_uppercase()),
        "lower" => return Ok(token.to_lowercase()),
        "trunc" => return Ok(token[..token.len() - segment()?].to_owned()),
        "seg" => segments.truncate(segment()?),
        _ => {
            let at = segment()?;
            let text = segments.get(at).ok_or_else(unknown)?;
            segments[at] = bent(text, name, argument).ok_or_else(unknown)?;
        }
    }
    Ok(segments.join("."))
}

/// Bends one segment.
fn bent(text: &str, name: &str, argument: &str) -> Option<String> {
    let middle = text.len() / 2;
    Some(match name {
        "seg_empty" => String::new(),
        "pad" => format!("{text}=="),
        "stdb64" => text.replace('-', "+").replace('_', "/"),
        "insert_space" => format!("{} {}", &text[..middle], &text[middle..]),
        "insert" => format!("{}{}{}", &text[..middle], argument.rsplit_once(':')?.0, &text[middle..]),
        "flip" => format!("{}{}", if text.starts_with('A') { "B" } else { "A" }, &text[1..]),
        "trailbits" => {
            let value = ALPHABET.find(text.chars().last()?)? ^ 1;
            format!("{}{}", &text[..text.len() - 1], &ALPHABET[value..=value])
        }
        _ => return None,
    })
}

/// A JWE in compact form (RFC 7516 §3.1). Nobody here has its key, so any bytes do for the ciphertext.
fn encrypted(jwe: &Value) -> Result<Vec<u8>, Unknown> {
    let mut header = json!({ "alg": jwe["alg"], "enc": jwe["enc"], "kid": "enc-1" });
    if let Some(zip) = jwe.get("zip") {
        header["zip"] = zip.clone();
    }
    if jwe["epk"] == json!("off-curve") {
        let (x, y) = (base64url([1; 32]), base64url([2; 32]));
        header["epk"] = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    }
    let key = jwe["encrypted_key"].as_str().unwrap_or_default();
    // DEFLATE shrinks zeros about a thousandfold.
    let length = jwe["plain_zero_bytes"].as_u64().map_or(256, |zeros| zeros / 1030) as usize;
    let ciphertext: Vec<u8> = (0..length).map(|at| (at * 131 % 251) as u8).collect();
    let parts =
        [base64url(header.to_string()), base64url(key), base64url([7; 12]), base64url(ciphertext), base64url([9; 16])];
    Ok(parts.join(".").into_bytes())
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn a_token_without_a_recipe_is_a_good_one() {
    let words = Words::new("http://127.0.0.1:7/realms/x");
    let token = String::from_utf8(words.token(&json!({})).unwrap()).unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(super::keys::jwks(&["rsa-1"])).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["gateway-api"]);
    let key = jsonwebtoken::DecodingKey::from_jwk(&set.keys[0]).unwrap();
    let claims = jsonwebtoken::decode::<Value>(token.as_bytes(), &key, &validation).unwrap().claims;
    assert_eq!(claims["sub"], "alice");
}

#[test]
fn a_recipe_bends_one_thing() {
    let words = Words::new("http://127.0.0.1:7/realms/x");
    let token = |recipe| String::from_utf8(words.token(&recipe).unwrap()).unwrap();
    assert!(token(json!({ "mutate": "append:.AAAA" })).ends_with(".AAAA"));
    assert_eq!(token(json!({ "mutate": "const:.." })), "..");
    assert!(token(json!({ "mutate": "seg_empty:0" })).starts_with('.'));
    assert!(token(json!({ "mutate": "insert:\n:1" })).contains('\n'));
    assert_eq!(token(json!({ "jwe": { "alg": "dir", "enc": "A128GCM" } })).split('.').count(), 5);
    assert!(words.token(&json!({ "mutate": "fold:1" })).is_err());
    assert!(words.token(&json!({ "colour": 1 })).is_err());
}

#[test]
fn every_recipe_of_the_case_file_can_be_built() {
    let words = Words::new("http://127.0.0.1:7/realms/x");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/cases.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        if let Some(recipe) = case.get("token") {
            words.token(recipe).unwrap_or_else(|unknown| panic!("{}: {unknown:?}", case["id"]));
        }
    }
}
