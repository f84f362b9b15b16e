//! From a token to what Keycloak says of it now: asked once for all who came before the call was sent, and never
//! answered from before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::identity::Identity;
use crate::keycloak::{Introspection, KeycloakError, Oidc};

/// Asks Keycloak about access tokens. An answer serves only requests that arrived before the call was sent: the call
/// that is under way may have seen a session that has been deleted since, and those who come meanwhile share the next.
pub struct Introspector {
    realms: Vec<Arc<Oidc>>,
    lines: Arc<Mutex<HashMap<Arc<str>, Line>>>,
    at_once: Arc<Semaphore>,
    calls: Mutex<JoinSet<()>>,
}

/// Why nothing is known to be alive.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IntrospectError {
    /// Keycloak says that the token is not active.
    #[error("Keycloak says that the token is not active")]
    Inactive,
    /// Keycloak did not answer.
    #[error("Keycloak could not be asked about the token")]
    Keycloak(#[source] Arc<KeycloakError>),
    /// We have no client at the token's issuer, and nobody else is told.
    #[error("there is no client to ask the token's issuer with")]
    NoClient,
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
    pub fn new(realms: Vec<Arc<Oidc>>) -> Self {
        let realms = realms.into_iter().filter(|oidc| oidc.credentials().is_some()).collect();
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        Self { realms, lines: Arc::default(), at_once, calls: Mutex::default() }
    }

    /// Whether the token of this identity is active, by a call that is sent after this one was made.
    ///
    /// # Errors
    /// It is not active, or nobody knows.
    pub async fn ask(&self, identity: &Identity, token: &str) -> Said {
        let issuer = &**identity.subject().issuer();
        let oidc = self.realms.iter().find(|oidc| oidc.issuer() == issuer).ok_or(IntrospectError::NoClient)?;
        let mut told = self.join(oidc, token);
        let said = told.wait_for(Option::is_some).await.ok().and_then(|said| said.clone());
        said.unwrap_or_else(|| Err(IntrospectError::Keycloak(Arc::new(KeycloakError::TimedOut))))
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
                tell.send_replace(Some(said(&oidc, &line.token, &at_once).await));
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

async fn said(oidc: &Oidc, token: &str, at_once: &Semaphore) -> Said {
    // The semaphore is never closed.
    let _turn = at_once.acquire().await;
    match oidc.introspect(token).await {
        Ok(Some(introspection)) => Ok(Arc::new(introspection)),
        Ok(None) => Err(IntrospectError::Inactive),
        Err(error) => Err(IntrospectError::Keycloak(Arc::new(error))),
    }
}

/// A node that went blind must not bring Keycloak down as well.
const AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;
    use crate::identity::testing::identity;
    use crate::keycloak::ClientCredentials;
    use crate::keycloak::testing::{FakeKeycloak, INTROSPECT, Reply, http};

    fn introspector(keycloak: &FakeKeycloak) -> Arc<Introspector> {
        let client = ClientCredentials::new("doorward", "secret");
        let oidc = Oidc::new(Arc::new(http()), "https://sso.test/realms/acme", &keycloak.url(), Some(client));
        Arc::new(Introspector::new(vec![Arc::new(oidc)]))
    }

    async fn asked(keycloak: &FakeKeycloak, times: usize) {
        while keycloak.requests(INTROSPECT).len() < times {
            tokio::task::yield_now().await;
        }
    }

    fn ask(introspector: &Arc<Introspector>) -> tokio::task::JoinHandle<Result<Arc<Introspection>, IntrospectError>> {
        let introspector = Arc::clone(introspector);
        tokio::spawn(async move { introspector.ask(&identity("alice", Timestamp(u64::MAX)), "a.b.c").await })
    }

    #[tokio::test]
    async fn who_comes_while_a_call_is_under_way_shares_the_next_and_never_that_one() {
        let keycloak = FakeKeycloak::start().await;
        let introspector = introspector(&keycloak);
        keycloak.reply(INTROSPECT, Reply::Late(Duration::from_millis(300), json!({"active": true}).to_string()));
        let early = ask(&introspector);
        asked(&keycloak, 1).await;
        keycloak.reply(INTROSPECT, Reply::json(200, &json!({"active": false})));
        let late = [ask(&introspector), ask(&introspector)];
        assert!(early.await.unwrap().is_ok());
        for late in late {
            assert!(matches!(late.await.unwrap(), Err(IntrospectError::Inactive)));
        }
        assert_eq!(keycloak.requests(INTROSPECT).len(), 2);
        assert!(introspector.lines.lock().is_empty());
    }

    #[tokio::test]
    async fn keycloak_away_and_no_client_are_not_inactive() {
        let keycloak = FakeKeycloak::start().await;
        let gone = introspector(&keycloak).ask(&identity("alice", Timestamp(u64::MAX)), "a.b.c").await;
        assert!(matches!(gone, Err(IntrospectError::Keycloak(_))), "{gone:?}");
        let nobody = Introspector::new(vec![]).ask(&identity("alice", Timestamp(u64::MAX)), "a.b.c").await;
        assert!(matches!(nobody, Err(IntrospectError::NoClient)), "{nobody:?}");
    }
}
