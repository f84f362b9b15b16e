//! One cryptographic library for TLS and for tokens.

/// Chooses aws-lc for the whole process. Must run before the first client or listener is made: a library that
/// finds none chooses its own.
pub fn install_cryptography() {
    // A second call finds the first one's choice, which is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
