//! The query of an authorization request into what a client asks for, or why it is not given.

use serde_json::{Value, json};

use crate::client::Client;
use crate::fields::Fields;
use crate::inner::Inner;
use crate::proof::text;
use crate::scope::Scope;
use crate::state::State;

/// What a client asks for, from a place that an answer may be sent to.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) scope: Scope,
    challenge_method: Option<String>,
    response_type: Option<String>,
    asked_scope: Option<String>,
    prompt: String,
    max_age: Option<i64>,
}

/// A request whose sender must not be answered by a redirect.
#[derive(Debug)]
pub(crate) struct Unreturnable(pub(crate) &'static str);

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Complaint {
    NoResponseType,
    ResponseType,
    ImplicitFlow,
    StandardFlow,
    Scope(String),
    NoChallenge(&'static str),
    PlainChallenge,
    LoginRequired,
}

impl Authorization {
    /// Reads a request; client and address come first, for without them there is no way back.
    pub(crate) fn read(query: &Fields, state: &State) -> Result<Self, Unreturnable> {
        let client_id = query.get("client_id").ok_or(Unreturnable("Invalid Request"))?;
        let client =
            state.client(client_id).filter(|client| client.enabled).ok_or(Unreturnable("Client not found."))?;
        let redirect_uri = query.get("redirect_uri").unwrap_or_default();
        if !client.redirect_uris.iter().any(|registered| matches(registered, redirect_uri)) {
            return Err(Unreturnable("Invalid parameter: redirect_uri"));
        }
        let own = |name: &str| query.get(name).map(str::to_owned);
        Ok(Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: own("state"),
            nonce: own("nonce"),
            challenge: own("code_challenge"),
            scope: Scope::grant(query.get("scope"), client).unwrap_or_else(|| Scope::read("")),
            challenge_method: own("code_challenge_method"),
            response_type: own("response_type"),
            asked_scope: own("scope"),
            prompt: own("prompt").unwrap_or_default(),
            max_age: query.get("max_age").and_then(|seconds| seconds.parse().ok()),
        })
    }

    /// Whether the client may have what it asks for.
    pub(crate) fn judge(&self, state: &State) -> Result<(), Complaint> {
        match self.response_type.as_deref() {
            None => return Err(Complaint::NoResponseType),
            Some("code") => {}
            Some("token" | "id_token" | "id_token token") => return Err(Complaint::ImplicitFlow),
            Some(_) => return Err(Complaint::ResponseType),
        }
        let Some(client) = state.client(&self.client_id).filter(|client| client.standard_flow_enabled) else {
            return Err(Complaint::StandardFlow);
        };
        let asked = self.asked_scope.as_deref();
        Scope::grant(asked, client).ok_or_else(|| Complaint::Scope(asked.unwrap_or_default().to_owned()))?;
        self.judge_challenge(client)
    }

    fn judge_challenge(&self, client: &Client) -> Result<(), Complaint> {
        let demanded = client.attribute("pkce.code.challenge.method") == Some("S256");
        match (self.challenge_method.as_deref(), &self.challenge) {
            (None, None) if !demanded => Ok(()),
            (None, _) => Err(Complaint::NoChallenge("code_challenge_method")),
            (Some(_), None) => Err(Complaint::NoChallenge("code_challenge")),
            (Some("S256"), Some(_)) => Ok(()),
            (Some(_), Some(_)) => Err(Complaint::PlainChallenge),
        }
    }

    /// Whether a living session will do, or the user must be asked again.
    pub(crate) fn accepts(&self, inner: &Inner, sid: &str) -> bool {
        let now = inner.clock.now();
        let state = inner.state();
        let asked_at = state.sessions.find(sid).map(|session| session.auth_time.unwrap_or(session.started));
        let fresh = |at: i64| self.max_age.is_none_or(|most| now - at <= most);
        asked_at.is_some_and(fresh) && !self.prompts("login")
    }

    /// Whether the client asked for this prompt.
    pub(crate) fn prompts(&self, prompt: &str) -> bool {
        self.prompt.split_whitespace().any(|asked| asked == prompt)
    }

    /// What has to survive the form.
    pub(crate) fn seal(&self) -> Value {
        json!({
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "nonce": self.nonce,
            "challenge": self.challenge,
            "scope": self.scope.full(),
        })
    }

    /// What came back from the form; it was judged before.
    pub(crate) fn unseal(value: &Value) -> Option<Self> {
        let own = |name: &str| text(value, name).map(str::to_owned);
        Some(Self {
            client_id: own("client_id")?,
            redirect_uri: own("redirect_uri")?,
            state: own("state"),
            nonce: own("nonce"),
            challenge: own("challenge"),
            scope: Scope::read(text(value, "scope")?),
            challenge_method: None,
            response_type: None,
            asked_scope: None,
            prompt: String::new(),
            max_age: None,
        })
    }
}

impl Complaint {
    /// The fields of the way back.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let (error, description) = match self {
            Self::NoResponseType => ("invalid_request", Some("Missing parameter: response_type".to_owned())),
            Self::ResponseType => ("unsupported_response_type", None),
            Self::ImplicitFlow => ("unauthorized_client", Some(IMPLICIT.to_owned())),
            Self::StandardFlow => ("unauthorized_client", Some(STANDARD.to_owned())),
            Self::Scope(asked) => ("invalid_scope", Some(format!("Invalid scopes: {asked}"))),
            Self::NoChallenge(name) => ("invalid_request", Some(format!("Missing parameter: {name}"))),
            Self::PlainChallenge => ("invalid_request", Some(CHALLENGE.to_owned())),
            Self::LoginRequired => ("login_required", None),
        };
        let description = description.map(|text| ("error_description", text));
        [("error", error.to_owned())].into_iter().chain(description).collect()
    }

    /// What was asked for decides where the answer goes: tokens would have come in the fragment.
    pub(crate) fn in_fragment(&self) -> bool {
        matches!(self, Self::ImplicitFlow)
    }
}

/// A registered address may end in a star.
fn matches(registered: &str, asked: &str) -> bool {
    registered.strip_suffix('*').map_or(registered == asked, |start| asked.starts_with(start))
}

const IMPLICIT: &str = "Client is not allowed to initiate browser login with given response_type. Implicit flow is disabled for the client.";
const STANDARD: &str = "Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.";
const CHALLENGE: &str = "Invalid parameter: code challenge method is not matching the configured one";
