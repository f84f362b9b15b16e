//! Why an upstream did not answer.

/// The ways in which an upstream fails; 502, 503 and 504 are told apart by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// No server took the connection.
    #[error("no server of the upstream takes connections")]
    Refused,
    /// No address is known for any server.
    #[error("the name of the upstream's server cannot be resolved")]
    Unresolved,
    /// The TLS handshake failed, or the certificate is not trusted.
    #[error("no trusted connection to the upstream could be made")]
    Tls,
    /// The connection broke, or the answer was not HTTP.
    #[error("the upstream broke off or answered with something that is not HTTP")]
    Broken,
    /// It was silent for too long.
    #[error("the upstream did not answer in time")]
    TimedOut,
    /// Every server is known to be away, so that none was tried.
    #[error("every server of the upstream is away")]
    Down,
    /// So many requests wait for it already that no more may.
    #[error("too many requests wait for the upstream")]
    Full,
}

impl UpstreamError {
    /// The name of the cause in logs and metrics.
    #[must_use]
    pub fn cause(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unresolved => "unresolved",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::TimedOut => "timed-out",
            Self::Down => "down",
            Self::Full => "full",
        }
    }
}
