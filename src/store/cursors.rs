//! How far the events of an issuer have been read.

use async_trait::async_trait;

use super::StoreError;

/// Keeps how far streams of events have been read, for whoever reads on after a restart.
#[async_trait]
pub trait Cursors: Send + Sync {
    /// How far a stream of an issuer was read, in milliseconds of the issuer's clock.
    async fn cursor(&self, issuer: &str, stream: &str) -> Result<Option<i64>, StoreError>;

    /// A stream of an issuer was read so far; never less far than before.
    async fn advance(&self, issuer: &str, stream: &str, to: i64) -> Result<(), StoreError>;
}
