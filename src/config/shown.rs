//! A value as a complaint quotes it.

use toml::de::DeValue;

/// The value as TOML, shortened, and without what may stand before the `@` or behind the `?` of a URL; none for what
/// holds more values.
pub(super) fn shown(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(format!("{:?}", shorten(&without_query(&without_user_info(text))))),
        DeValue::Integer(number) => Some(shorten(number.as_str())),
        DeValue::Float(number) => Some(shorten(number.as_str())),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(instant) => Some(instant.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// A URL may hold a password (RFC 3986 §3.2.1): `postgres://app:***@db`.
fn without_user_info(text: &str) -> String {
    match (text.find("//"), text.rfind('@')) {
        (Some(start), Some(end)) if start + 2 <= end => {
            let (before, after) = (text.get(..start + 2), text.get(end..));
            format!("{}***{}", before.unwrap_or_default(), after.unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

/// What is refused in a URL's query may be a password too: `?password=…`.
fn without_query(text: &str) -> String {
    match text.split_once('?') {
        Some((before, _)) if before.contains("://") => format!("{before}?***"),
        _ => text.to_owned(),
    }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    let short: String = text.chars().take(MOST).collect();
    if short.len() == text.len() { short } else { format!("{short}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_not_shown() {
        let text = |text: &'static str| shown(&DeValue::String(text.into())).unwrap();
        assert_eq!(text("postgres://app:hunter2@db/app"), r#""postgres://***@db/app""#);
        assert_eq!(text("postgres://a@db/b?password=hunter2"), r#""postgres://***@db/b?***""#);
        assert_eq!(text("/a?b"), r#""/a?b""#);
        assert_eq!(text("https://a@b:c@d"), r#""https://***@d""#);
        assert_eq!(text("@//"), r#""@//""#);
        assert_eq!(text("a\nb"), r#""a\nb""#);
        assert_eq!(text("//@"), r#""//***@""#);
        assert!(shown(&DeValue::String("x".repeat(500).into())).unwrap().len() < 100);
    }
}
