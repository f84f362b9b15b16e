//! What the realm says about itself: the discovery document and the key set.

use http::header::CACHE_CONTROL;
use serde_json::json;

use crate::answer::Answer;
use crate::inner::Inner;

/// The discovery document (OpenID Connect Discovery §3).
pub(crate) fn document(inner: &Inner) -> Answer {
    let issuer = &inner.issuer;
    let protocol = format!("{issuer}/protocol/openid-connect");
    let value = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{protocol}/auth"),
        "token_endpoint": format!("{protocol}/token"),
        "introspection_endpoint": format!("{protocol}/token/introspect"),
        "userinfo_endpoint": format!("{protocol}/userinfo"),
        "end_session_endpoint": format!("{protocol}/logout"),
        "revocation_endpoint": format!("{protocol}/revoke"),
        "jwks_uri": format!("{protocol}/certs"),
        "frontchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "grant_types_supported": ["authorization_code", "client_credentials", "password", "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "acr_values_supported": ["0", "1"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "roles", "web-origins", "basic", "acr", "microprofile-jwt", "service_account"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name", "family_name", "preferred_username", "email", "acr"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    Answer::json(200, &value).header(CACHE_CONTROL, "no-cache, must-revalidate, no-transform, no-store")
}

/// The key set.
pub(crate) fn certs(inner: &Inner) -> Answer {
    Answer::json(200, &inner.keys.jwks()).header(CACHE_CONTROL, "no-cache")
}
