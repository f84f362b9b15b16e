//! The gateway's own client, whose secret may be another one by now.

use super::ClientCredentials;
use crate::rotating::Rotating;

/// Our client with the secret that was read last.
#[derive(Debug)]
pub(super) struct OurClient {
    id: String,
    secret: Rotating,
}

impl OurClient {
    pub(super) fn new(credentials: ClientCredentials) -> Self {
        Self { secret: Rotating::fixed(&credentials.secret), id: credentials.id }
    }

    pub(super) fn rotating(self, secret: Rotating) -> Self {
        Self { secret, ..self }
    }

    pub(super) fn current(&self) -> ClientCredentials {
        ClientCredentials::new(&self.id, &self.secret.current())
    }

    /// Our client with another secret than the one that Keycloak has refused, if there is one.
    pub(super) async fn other_than(&self, refused: &ClientCredentials) -> Option<ClientCredentials> {
        let secret = self.secret.other_than(&refused.secret).await?;
        tracing::info!(client = self.id, "the client's secret was refused, and is another one now");
        Some(ClientCredentials::new(&self.id, &secret))
    }
}
