//! Why a token proves nothing. The reason goes to the log and the metrics, never to the client.

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// More bytes than a token may have.
    #[error("the token is longer than {limit} bytes")]
    TooLong {
        /// The most that is read.
        limit: usize,
    },
    /// Not three base64url segments in their one canonical spelling (RFC 7515 §2, §7.1).
    #[error("the token is not a JWS in compact serialization")]
    Structure,
    /// The header is not one JSON object without duplicate names.
    #[error("the header is not a strict JSON object")]
    HeaderJson,
    /// `alg` is missing, unknown, symmetric, or not in the issuer's list.
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// `kid` is missing or not a short text.
    #[error("the header names no usable key")]
    KeyId,
    /// A header parameter that would change what the token means, or where its key comes from.
    #[error("the header parameter {0} is not accepted")]
    HeaderParameter(&'static str),
    /// The header's `typ` is not that of an access token.
    #[error("the header's type is not that of an access token")]
    HeaderType,
    /// The payload is not one JSON object without duplicate names.
    #[error("the payload is not a strict JSON object")]
    PayloadJson,
    /// `iss` is missing or not exactly a configured issuer.
    #[error("the issuer is not known")]
    Issuer,
    /// The claim `typ` is not `Bearer`.
    #[error("the token is not an access token")]
    TokenType,
    /// `aud` does not name us.
    #[error("the token is for another audience")]
    Audience,
    /// `azp` is not among the allowed clients.
    #[error("the token was issued to a client that is not allowed")]
    Client,
    /// `sub` cannot name a subject.
    #[error("the subject is not valid")]
    Subject,
    /// A claim has a type or form that it cannot have.
    #[error("the claim {0} is not valid")]
    Claim(&'static str),
    /// The token has ended.
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` lies ahead: one of two clocks is wrong.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// `exp` − `iat` is more than the issuer may give.
    #[error("the token lives too long")]
    Lifetime,
    /// Bound to a key of the client (`cnf`), whose proof is not checked here (RFC 9449 §7.1).
    #[error("the token is bound to a key and no bearer token")]
    Bound,
    /// A security event, such as a logout token (`events`).
    #[error("the token is a security event")]
    Event,
    /// The issuer's keys are fresh and hold no such key.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// The key is not for this algorithm.
    #[error("the key is not for this algorithm")]
    KeyAlgorithm,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
}

impl TokenError {
    /// The name of the reason in logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "token-too-long",
            Self::Structure => "token-structure",
            Self::HeaderJson => "header-json",
            Self::Algorithm => "algorithm",
            Self::KeyId => "key-id",
            Self::HeaderParameter(_) => "header-parameter",
            Self::HeaderType => "header-type",
            Self::PayloadJson => "payload-json",
            Self::Issuer => "unknown-issuer",
            Self::TokenType => "token-type",
            Self::Audience => "audience",
            Self::Client => "client",
            Self::Subject => "subject",
            Self::Claim(_) => "claim",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::IssuedInFuture => "issued-in-future",
            Self::Lifetime => "lifetime",
            Self::Bound => "bound-token",
            Self::Event => "event-token",
            Self::UnknownKey => "unknown-key",
            Self::KeyAlgorithm => "key-algorithm",
            Self::Signature => "signature",
        }
    }
}
