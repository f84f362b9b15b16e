//! The case file says `X-User-Roles` and `127.0.0.1:18099`; this gateway and this run have other names for them.

use std::net::SocketAddr;

use regex::{Captures, Regex};
use serde_json::{Value, json};

/// The entry in this product's names: once for each header that a client's `X-User-Id` could forge, and once as it
/// stands in the file, for those names are not to pass either.
pub fn variants(entry: &Value, sink: SocketAddr) -> Vec<Value> {
    let text = entry.to_string().replace("127.0.0.1:18099", &sink.to_string());
    let text = text.replace("127.0.0.1:6379", &sink.to_string());
    let entry: Value = serde_json::from_str(&text).unwrap();
    let names_id = Regex::new("(?i)x[-_.]user[-_.]id").unwrap().is_match(&entry["request"].to_string());
    let names: &[&str] = if names_id { &["Subject", "User-Id"] } else { &["Subject"] };
    let in_names = |id: &str, part: &Value| serde_json::from_str::<Value>(&renamed(&part.to_string(), id)).unwrap();
    let variant = |id: &&str| {
        let mut variant = in_names("Subject", &entry);
        variant["request"] = in_names(id, &entry["request"]);
        variant
    };
    let mut variants: Vec<Value> = names.iter().map(variant).collect();
    if entry["request"] != variants[0]["request"] && entry["expect"].get("require_upstream").is_none() {
        let literal = json!({ "request": entry["request"], "expect": variants[0]["expect"] });
        variants.push(literal);
    }
    variants
}

/// `X-User-Id` and its kin as this gateway calls them, in the case and with the separators of the original.
fn renamed(text: &str, id: &str) -> String {
    let pattern = Regex::new("(?i)(x)([-_.])(user)([-_.])(id|name|email|roles|permissions)").unwrap();
    let rename = |found: &Captures<'_>| {
        let last = match found[5].to_lowercase().as_str() {
            "id" => id.replace('-', &found[4]),
            "name" => "Username".to_owned(),
            "email" => "Email".to_owned(),
            "roles" => "Roles".to_owned(),
            _ => "Permissions".to_owned(),
        };
        let name = format!("X{}Auth{}{last}", &found[2], &found[4]);
        match &found[0] {
            lower if lower.chars().all(|letter| !letter.is_uppercase()) => name.to_lowercase(),
            upper if upper.chars().all(|letter| !letter.is_lowercase()) => name.to_uppercase(),
            _ => name,
        }
    };
    pattern.replace_all(text, rename).into_owned()
}
