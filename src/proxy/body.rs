//! Reads the body of a request that the gateway answers itself.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use pingora::proxy::Session;

use super::expectation;
use crate::api::ApiError;

/// The whole body, within limits of size and time.
pub(super) async fn read(session: &mut Session) -> Result<Bytes, ApiError> {
    let announced = session.get_header(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(ApiError::TooLarge);
    }
    match tokio::time::timeout(BODY_TIME, read_on(session)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(ApiError::TooSlow),
    }
}

async fn read_on(session: &mut Session) -> Result<Bytes, ApiError> {
    let broken = |_| ApiError::MalformedBody("The body broke off.");
    if expectation::is_open(session) {
        expectation::ask(session).await.map_err(broken)?;
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = session.read_request_body().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(ApiError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Every body of the `/auth` endpoints is small.
const MAX_BODY: usize = 64 * 1024;
const BODY_TIME: Duration = Duration::from_secs(5);
