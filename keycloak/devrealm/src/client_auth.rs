//! The credentials of a request into the client that sent it.

use crate::answer::Answer;
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::state::State;

/// Why a request comes from no client that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    Unknown,
    WrongSecret,
}

/// The client that sent this request: by HTTP Basic or by fields of the form.
pub(crate) fn authenticate<'a>(call: &Call, form: &Fields, state: &'a State) -> Result<&'a Client, Stranger> {
    let (client_id, secret) = match call.basic() {
        Some((client_id, secret)) => (client_id, Some(secret)),
        None => {
            let client_id = form.get("client_id").ok_or(Stranger::Unknown)?.to_owned();
            (client_id, form.get("client_secret").map(str::to_owned))
        }
    };
    let client = state.client(&client_id).filter(|client| client.enabled).ok_or(Stranger::Unknown)?;
    if client.public_client || (client.secret.is_some() && client.secret == secret) {
        return Ok(client);
    }
    Err(Stranger::WrongSecret)
}

impl Stranger {
    /// What the token endpoint answers; introspection has its own words.
    pub(crate) fn answer(self) -> Answer {
        let error = match self {
            Self::Unknown => "invalid_client",
            Self::WrongSecret => "unauthorized_client",
        };
        Answer::oauth(401, error, "Invalid client or Invalid client credentials")
    }
}
