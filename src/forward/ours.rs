//! The header names that upstreams trust, and that therefore only the gateway may send.

/// Whether a client's field of that name must not reach an upstream, in whatever spelling: letters of any case, and
/// any other character for `-`. CGI-like upstreams read them all as `_`.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    let plain = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !name.bytes().all(plain) {
        let plain = name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        matches(&plain) || FRAMING.contains(&plain.as_str())
    } else {
        matches(name)
    }
}

fn matches(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b'x') => NAMES_X.contains(&name) || PREFIXES_X.iter().any(|prefix| name.starts_with(prefix)),
        Some(_) => NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)),
        None => false,
    }
}

/// Identity, forwarding and rule-override names of the field: our own, those of the comparable gateways, of
/// clouds, and of frameworks that let a header change method or path.
const PREFIXES_X: &[&str] = &[
    "x-amzn-oidc-",
    "x-auth-",
    "x-authenticated-",
    "x-authentik-",
    "x-client-cert",
    "x-client-verify",
    "x-consumer-",
    "x-credential-",
    "x-envoy-",
    "x-forwarded-",
    "x-goog-authenticated-user-",
    "x-goog-iap-",
    "x-http-method",
    "x-ms-client-principal",
    "x-oidc-",
    "x-original-",
    "x-pomerium-",
    "x-remote-",
    "x-rewrite-",
    "x-ssl-",
    "x-user-email",
    "x-user-groups",
    "x-user-id",
    "x-user-name",
    "x-user-permissions",
    "x-user-roles",
    "x-vouch-",
    "x-webauth-",
];

const NAMES_X: &[&str] = &[
    "x-access-token",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-id-token",
    "x-method-override",
    "x-middleware-subrequest",
    "x-proto",
    "x-proxy-user",
    "x-real-ip",
    "x-request-id",
    "x-scheme",
    "x-uma-token",
    "x-url-scheme",
    "x-user",
    "x-username",
];

const PREFIXES: &[&str] = &["cf-access-", "cf-connecting-", "client-cert", "gap-", "oidc-", "remote-", "ssl-client-"];

const NAMES: &[&str] = &["client-ip", "fastly-client-ip", "forwarded", "front-end-https", "proxy", "true-client-ip"];

/// Fields that frame a message or belong to one hop: in another spelling they are nothing to us, and to a CGI-like
/// upstream they are what they seem.
const FRAMING: &[&str] =
    &["content-length", "http2-settings", "keep-alive", "proxy-authorization", "proxy-connection", "transfer-encoding"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identity_names_are_ours_in_every_spelling() {
        for name in [
            "X-Auth-Roles",
            "x-auth-roles",
            "X_Auth_Roles",
            "x.auth.roles",
            "X_AUTH-ROLES",
            "OIDC_CLAIM_sub",
            "Remote-User",
            "SSL_CLIENT_S_DN",
            "Forwarded",
            "Content_Length",
            "transfer.encoding",
        ] {
            assert!(is_ours(name), "{name}");
        }
    }

    #[test]
    fn an_application_keeps_its_own_names() {
        for name in [
            "accept",
            "x-api-key",
            "x-user-agent",
            "x-csrf-token",
            "cookie",
            "traceparent",
            "content-length",
            "x_custom",
            "authorization",
            "x-requested-with",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_spelling_slips_through(spelling in r"[xX][-_.!#$%&'*+^`|~][aA][uU][tT][hH][-_.!#$%&'*+^`|~][a-zA-Z0-9_.!|~-]{0,20}") {
            prop_assert!(is_ours(&spelling));
        }
    }
}
