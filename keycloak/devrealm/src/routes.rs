//! A call into the endpoint that answers it.

use std::sync::Arc;

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::endpoints::{admin, authorize, discovery, introspect, logout, revoke, token, userinfo};
use crate::inner::Inner;

/// Answers one call.
pub(crate) async fn answer(inner: &Arc<Inner>, call: &Call) -> Answer {
    let path = call.path().to_owned();
    if path.contains(';') {
        return Answer::oauth(400, "invalidCharacter", "Invalid character in the path");
    }
    let segments = path.split('/').skip(1).collect::<Vec<_>>();
    match segments.as_slice() {
        ["realms", realm, ..] if *realm != inner.realm => Answer::error(404, "Realm does not exist"),
        ["realms", _, inside @ ..] => realm(inner, call, inside).await,
        ["admin", "realms", realm, ..] if *realm != inner.realm => Answer::error(404, "Realm not found."),
        ["admin", "realms", _, inside @ ..] => admin::answer(inner, call, inside).await,
        _ => Answer::outside(),
    }
}

async fn realm(inner: &Arc<Inner>, call: &Call, inside: &[&str]) -> Answer {
    let (get, post) = (call.method == Method::GET, call.method == Method::POST);
    match inside {
        [".well-known", "openid-configuration"] if get => discovery::document(inner),
        ["protocol", "openid-connect", "certs"] if get => discovery::certs(inner),
        ["protocol", "openid-connect", "token"] if post => token::answer(inner, call).await,
        ["protocol", "openid-connect", "token", "introspect"] if post => introspect::answer(inner, call),
        ["protocol", "openid-connect", "revoke"] if post => revoke::answer(inner, call),
        ["protocol", "openid-connect", "userinfo"] if get || post => userinfo::answer(inner, call),
        ["protocol", "openid-connect", "auth"] if get => authorize::ask(inner, call),
        ["login-actions", "authenticate"] if post => authorize::sign_in(inner, call),
        ["login-actions", "required-action"] if get => authorize::required_action(),
        ["protocol", "openid-connect", "logout"] if post => logout::post(inner, call).await,
        ["protocol", "openid-connect", "logout"] if get => logout::browse(inner, call).await,
        ["protocol", "openid-connect", "logout", "logout-confirm"] if post => logout::confirm(inner, call).await,
        inside if KNOWN.contains(&inside.join("/").as_str()) => Answer::wrong_method(),
        _ => Answer::not_found(),
    }
}

const KNOWN: &[&str] = &[
    ".well-known/openid-configuration",
    "protocol/openid-connect/certs",
    "protocol/openid-connect/token",
    "protocol/openid-connect/token/introspect",
    "protocol/openid-connect/revoke",
    "protocol/openid-connect/userinfo",
    "protocol/openid-connect/auth",
    "protocol/openid-connect/logout",
];
