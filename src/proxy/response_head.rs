//! The response's head on its way to the client.

use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use crate::forward::plants_ours;
use crate::routing::Cors;

/// Takes out what only the gateway may say to a browser, and says it.
pub(super) fn write(response: &mut ResponseHeader, cors: Option<&Cors>) -> pingora::Result<()> {
    drop_planted_cookies(response)?;
    let Some(cors) = cors else { return Ok(()) };
    let theirs: Vec<_> = response.headers.keys().filter(|name| Cors::owns(name)).cloned().collect();
    for name in theirs {
        response.remove_header(&name);
    }
    for (name, value) in cors.headers() {
        response.append_header(name, value)?;
    }
    Ok(())
}

/// Whether the client has not got a final response yet.
pub(super) fn is_open(session: &Session) -> bool {
    session
        .response_written()
        .is_none_or(|response| response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS)
}

fn drop_planted_cookies(response: &mut ResponseHeader) -> pingora::Result<()> {
    if !response.headers.get_all(SET_COOKIE).iter().any(plants_ours) {
        return Ok(());
    }
    let kept: Vec<HeaderValue> =
        response.headers.get_all(SET_COOKIE).iter().filter(|value| !plants_ours(value)).cloned().collect();
    response.remove_header(&SET_COOKIE);
    for value in kept {
        response.append_header(SET_COOKIE, value)?;
    }
    Ok(())
}
