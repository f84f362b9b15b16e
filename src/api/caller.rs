//! Who asks for a validation: a user with a token that would pass, or our own client by its secret.

use super::counters::CallerKey;
use super::parts::Desk;
use super::{ApiError, Call};
use crate::gateway::Evidence;
use crate::problem::Rejection;
use crate::request::{Credential, CredentialError, Presented};
use crate::standing::Live;

/// Whoever may ask.
pub(super) enum Caller {
    /// Our client.
    Client,
    /// A user.
    User(Box<Live>),
}

impl Caller {
    /// Proves whoever asks.
    pub(super) async fn prove(desk: &Desk, call: &Call) -> Result<Self, Rejection> {
        match &call.incoming.presented {
            Presented::One(Credential::Bearer(token)) => {
                let identity = desk.parts.gateway.prove_bearer(token.expose()).await?;
                Ok(Self::User(Box::new(desk.parts.gateway.confirm(identity, Evidence::Token(token.expose())).await?)))
            }
            Presented::One(Credential::Client(shown)) => {
                let address = call.incoming.client.address;
                desk.counters.may_show_secret(address)?;
                let ours = desk.parts.oidc.credentials();
                if ours.is_some_and(|ours| ours.are(shown.id(), shown.expose())) {
                    return Ok(Self::Client);
                }
                desk.counters.wrong_secret(address)?;
                Err(ApiError::InvalidClient.into())
            }
            Presented::Nothing => Err(CredentialError::Missing.into()),
            Presented::Unusable(error) => Err((*error).into()),
        }
    }

    /// Under what their validations are counted.
    pub(super) fn key(&self) -> CallerKey {
        match self {
            Self::Client => CallerKey::Client,
            Self::User(live) => CallerKey::User(live.principal().account().id()),
        }
    }
}
