//! Why an admitted request cannot be forwarded as it is.

/// What the route does not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardError {
    /// `%2F` in the path, and the route does not say `encoded_slash = true`.
    #[error("the path holds an encoded slash")]
    EncodedSlash,
    /// A WebSocket, and the route does not say `websocket = true`.
    #[error("the route takes no WebSocket")]
    Upgrade,
    /// The body is larger than the route's `max_body`.
    #[error("the request body is larger than the route takes")]
    TooLarge,
}
