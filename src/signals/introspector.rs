//! From a token to what Keycloak says of it now: asked once for all who came before the call was sent, and never
//! answered from before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{Cause, IntrospectionMetrics};
use crate::identity::Identity;
use crate::keycloak::{Introspection, KeycloakError, Oidc};
use crate::patience;

/// Asks Keycloak about access tokens. An answer serves only requests that arrived before the call was sent: the call
/// that is under way may have seen a session that has been deleted since, and those who come meanwhile share the next.
pub struct Introspector {
    realms: Vec<Arc<Oidc>>,
    lines: Arc<Mutex<HashMap<Arc<str>, Line>>>,
    at_once: Arc<Semaphore>,
    calls: Mutex<JoinSet<()>>,
    metrics: IntrospectionMetrics,
}

/// Why nothing is known to be alive.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IntrospectError {
    /// Keycloak says that the token is not active.
    #[error("Keycloak says that the token is not active")]
    Inactive,
    /// Keycloak did not answer, or we have no client at the token's issuer, and nobody else is told.
    #[error("Keycloak could not be asked about the token")]
    Keycloak(#[source] Arc<KeycloakError>),
}

type Said = Result<Arc<Introspection>, IntrospectError>;
type Told = watch::Receiver<Option<Said>>;
type Tell = watch::Sender<Option<Said>>;

/// A token that is being asked about, and the call after the one that is under way.
#[derive(Default)]
struct Line {
    next: Option<(Tell, Told)>,
}

impl Introspector {
    /// Asks at these realms, where we have a client there.
    #[must_use]
    pub fn new(realms: Vec<Arc<Oidc>>, metrics: IntrospectionMetrics) -> Self {
        let realms = realms.into_iter().filter(|oidc| oidc.credentials().is_some()).collect();
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        Self { realms, lines: Arc::default(), at_once, calls: Mutex::default(), metrics }
    }

    /// Whether the token of this identity is active, by a call that is sent after this one was made.
    ///
    /// # Errors
    /// It is not active, or nobody knows.
    pub async fn ask(&self, cause: Cause, identity: &Identity, token: &str) -> Said {
        let said = patience::within(PATIENCE, self.answer(identity, token)).await;
        let said = said.unwrap_or_else(|_| Err(KeycloakError::TimedOut.into()));
        self.metrics.asked(cause, &said);
        said
    }

    async fn answer(&self, identity: &Identity, token: &str) -> Said {
        let issuer = &**identity.subject().issuer();
        let oidc = self.realms.iter().find(|oidc| oidc.issuer() == issuer).ok_or(KeycloakError::NoClient)?;
        let mut told = self.join(oidc, token);
        let said = told.wait_for(Option::is_some).await.ok().and_then(|said| said.clone());
        said.unwrap_or_else(|| Err(KeycloakError::TimedOut.into()))
    }

    /// Joins the next call about a token; where none is under way, it is sent now.
    fn join(&self, oidc: &Arc<Oidc>, token: &str) -> Told {
        let token: Arc<str> = token.into();
        let mut lines = self.lines.lock();
        match lines.entry(Arc::clone(&token)) {
            Entry::Occupied(mut line) => line.get_mut().next.get_or_insert_with(|| watch::channel(None)).1.clone(),
            Entry::Vacant(vacant) => {
                vacant.insert(Line::default());
                let (tell, told) = watch::channel(None);
                drop(lines);
                self.call(Arc::clone(oidc), token, tell);
                told
            }
        }
    }

    /// Sends calls until nobody is left who came after the last one was sent.
    fn call(&self, oidc: Arc<Oidc>, token: Arc<str>, first: Tell) {
        let (lines, at_once) = (Arc::clone(&self.lines), Arc::clone(&self.at_once));
        let mut calls = self.calls.lock();
        while calls.try_join_next().is_some() {}
        calls.spawn(async move {
            let line = Served { lines, token };
            let mut next = Some(first);
            while let Some(tell) = next {
                // The semaphore is never closed.
                let turn = at_once.acquire().await;
                // Whoever asked may have gone, or has lost patience.
                if !tell.is_closed() {
                    tell.send_replace(Some(said(&oidc, &line.token).await));
                }
                drop(turn);
                next = line.next();
            }
        });
    }
}

/// The end of a line, whose calls are being sent; where they end by a panic, those who wait are told.
struct Served {
    lines: Arc<Mutex<HashMap<Arc<str>, Line>>>,
    token: Arc<str>,
}

impl Served {
    /// Whoever came meanwhile; the line ends with the last of them.
    fn next(&self) -> Option<Tell> {
        let mut lines = self.lines.lock();
        let next = lines.get_mut(&self.token).and_then(|line| line.next.take());
        if next.is_none() {
            lines.remove(&self.token);
        }
        next.map(|(tell, _)| tell)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.lines.lock().remove(&self.token);
        }
    }
}

impl From<KeycloakError> for IntrospectError {
    fn from(error: KeycloakError) -> Self {
        Self::Keycloak(Arc::new(error))
    }
}

async fn said(oidc: &Oidc, token: &str) -> Said {
    oidc.introspect(token).await?.map(Arc::new).ok_or(IntrospectError::Inactive)
}

/// Neither a node that went blind nor a strict route must bring Keycloak down as well.
const AT_ONCE: usize = 64;
/// For the call that is under way, a turn, and the next call, all in all.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
#[path = "introspector_tests.rs"]
mod tests;
