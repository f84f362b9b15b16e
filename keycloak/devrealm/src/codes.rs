//! Authorization codes between the browser's way back and their exchange.

use std::collections::HashMap;

use crate::random;
use crate::scope::Scope;

/// What a code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) sid: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: Scope,
    pub(crate) nonce: Option<String>,
    /// The PKCE challenge, always S256.
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at: i64,
}

/// The codes of a realm.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    by_id: HashMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    code: Code,
    used: bool,
}

/// What became of a code that somebody brought.
#[derive(Debug)]
pub(crate) enum Redeemed {
    Unknown,
    Again(Code),
    First(Code),
}

impl Codes {
    /// Makes a code; its text names session and client, as Keycloak's does. The number kept is bounded.
    pub(crate) fn issue(&mut self, code: Code, client_uuid: &str) -> String {
        if self.by_id.len() >= MOST_CODES {
            let oldest = self.by_id.iter().min_by_key(|(_, kept)| kept.code.expires_at).map(|(id, _)| id.clone());
            oldest.and_then(|id| self.by_id.remove(&id));
        }
        let text = format!("{}.{}.{client_uuid}", random::uuid(), code.sid);
        self.by_id.insert(text.clone(), Kept { code, used: false });
        text
    }

    /// Uses a code up. It is kept until it expires, so that a second use is noticed.
    pub(crate) fn redeem(&mut self, text: &str) -> Redeemed {
        match self.by_id.get_mut(text) {
            None => Redeemed::Unknown,
            Some(kept) if kept.used => Redeemed::Again(kept.code.clone()),
            Some(kept) => {
                kept.used = true;
                Redeemed::First(kept.code.clone())
            }
        }
    }

    /// Forgets what is over.
    pub(crate) fn expire(&mut self, now: i64) {
        self.by_id.retain(|_, kept| now < kept.code.expires_at);
    }
}

const MOST_CODES: usize = 10_000;
