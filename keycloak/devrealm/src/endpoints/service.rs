//! The client credentials grant: a token for the client's own service account, without session and refresh token.

use crate::answer::Answer;
use crate::endpoints::token::{Answered, TokenRequest};
use crate::scope::Scope;
use crate::state::State;
use crate::tokens::{Subject, Thread, Via};

/// Answers a client that asks for itself.
pub(crate) fn answer(request: &TokenRequest<'_>, state: &mut State) -> Answered {
    let client = request.client;
    if client.public_client {
        return Err(Answer::oauth(401, "unauthorized_client", "Public client not allowed to retrieve service account"));
    }
    if !client.service_accounts_enabled {
        return Err(Answer::oauth(401, "unauthorized_client", "Client not enabled to retrieve service account"));
    }
    let asked = request.form.get("scope");
    let scope = Scope::grant(asked, client).ok_or_else(|| {
        Answer::oauth(400, "invalid_scope", &format!("Invalid scopes: {}", asked.unwrap_or_default()))
    })?;
    let user = state.users.service_account(&client.client_id).filter(|user| user.enabled);
    let user =
        user.ok_or_else(|| Answer::oauth(401, "invalid_client", "Invalid client or Invalid client credentials"))?;
    let subject = Subject { user, client, session: None, scope: &scope };
    Ok(Answer::tokens(&request.mint(state).answer(subject, Via::ClientCredentials, Thread::default())))
}
