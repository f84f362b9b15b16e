//! From a body to the type that an endpoint takes; exactly it, or refused.

use serde::de::DeserializeOwned;

use super::{ApiError, Call};

/// Reads JSON of `application/json`. A form of another site cannot send that type without a preflight, so it
/// cannot log anybody in. Unknown and repeated members are refused by the types themselves.
pub(super) fn read<T: DeserializeOwned>(call: &Call) -> Result<T, ApiError> {
    let kind = call.content_type.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::MediaType);
    }
    serde_json::from_slice(&call.body).map_err(|error| {
        ApiError::MalformedBody(match error.classify() {
            serde_json::error::Category::Data => {
                "A member is missing, unknown, repeated or of another type; see /auth/openapi.json."
            }
            serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof
            | serde_json::error::Category::Io => "The body is not JSON.",
        })
    })
}
