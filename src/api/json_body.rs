//! From a body to the type that an endpoint takes; exactly it, or refused.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::{ApiError, Call};

/// Reads JSON of `application/json`. A form of another site cannot send that type without a preflight, so it
/// cannot log anybody in. Unknown and repeated members are refused by the types themselves, and depth by the reader.
pub(super) fn read<T: DeserializeOwned>(call: &Call) -> Result<T, ApiError> {
    let kind = call.content_type.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::MediaType);
    }
    parse(&call.body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // A list would be taken for the members in their order.
    if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') && is_json(body) {
        return Err(ApiError::MalformedBody("The body is not a JSON object; see /auth/openapi.json."));
    }
    serde_json::from_slice(body).map_err(|error| {
        ApiError::MalformedBody(match error.classify() {
            Category::Data => "A member is missing, unknown, repeated or of another type; see /auth/openapi.json.",
            Category::Syntax | Category::Eof | Category::Io => "The body is not JSON.",
        })
    })
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Two {
        one: String,
        other: Option<String>,
    }

    #[test]
    fn what_is_not_exactly_the_type_is_refused() {
        let two: Two = parse(br#" {"one": "1"}"#).unwrap();
        assert_eq!((two.one.as_str(), two.other), ("1", None));
        let deep = "[".repeat(100_000);
        for body in [
            "",
            "{",
            "\"one\"",
            r#"["1", "2"]"#,
            r#"{"one": "1", "one": "1"}"#,
            r#"{"one": "1", "third": 1}"#,
            r#"{"one": ["1"]}"#,
            r#"{"one": null}"#,
            r#"{"one": "1"} x"#,
            "{\"one\": \"\u{0}\"}",
            &deep,
            &format!(r#"{{"one": {deep}"#),
        ] {
            assert!(matches!(parse::<Two>(body.as_bytes()), Err(ApiError::MalformedBody(_))), "{body:.20}");
        }
        assert!(parse::<Two>(b"{\"one\": \"\xff\"}").is_err());
    }
}
