//! Who is signed in, and through which clients.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::random;
use crate::settings::Settings;

/// One sign-in of one user, shared by the clients that it went through.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) started: i64,
    pub(crate) last_seen: i64,
    pub(crate) ip: String,
    /// Only a log-in by browser says when the user was asked.
    pub(crate) auth_time: Option<i64>,
    /// By the client's name.
    pub(crate) clients: BTreeMap<String, ClientSession>,
}

/// One client's part in a session: which of its refresh tokens were used, and how often.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSession {
    used: VecDeque<(String, u32)>,
    /// Tokens older than this are no longer remembered one by one.
    forgotten_before: i64,
}

/// What rotation says to a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    Allowed,
    Exceeded,
    Stale,
}

/// The sessions of a realm.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_id: HashMap<String, Session>,
}

impl Session {
    /// When the session ends if nobody refreshes it.
    pub(crate) fn idle_end(&self, settings: &Settings) -> i64 {
        (self.last_seen + settings.sso_session_idle_timeout).min(self.end(settings))
    }

    /// When the session ends in any case.
    pub(crate) fn end(&self, settings: &Settings) -> i64 {
        self.started + settings.sso_session_max_lifespan
    }
}

impl ClientSession {
    /// Takes note of one use of a refresh token.
    pub(crate) fn take(&mut self, jti: &str, issued_at: i64, max_reuse: u32) -> Reuse {
        if let Some((_, uses)) = self.used.iter_mut().find(|(used, _)| used == jti) {
            *uses += 1;
            return if *uses > max_reuse { Reuse::Exceeded } else { Reuse::Allowed };
        }
        if issued_at < self.forgotten_before {
            return Reuse::Stale;
        }
        self.used.push_back((jti.to_owned(), 0));
        if self.used.len() > REMEMBERED_TOKENS {
            self.used.pop_front();
            self.forgotten_before = issued_at;
        }
        Reuse::Allowed
    }
}

impl ClientSession {
    /// Whether one more use of a refresh token would be one too many.
    pub(crate) fn is_used_up(&self, jti: &str, max_reuse: u32) -> bool {
        self.used.iter().any(|(used, uses)| used == jti && *uses >= max_reuse)
    }
}

impl Sessions {
    /// Starts a session; the realm holds a bounded number, and the oldest makes room.
    pub(crate) fn start(&mut self, user_id: &str, client_id: &str, ip: String, now: i64) -> &mut Session {
        if self.by_id.len() >= MOST_SESSIONS {
            let oldest = self.by_id.values().min_by_key(|session| session.last_seen).map(|session| session.id.clone());
            oldest.and_then(|id| self.by_id.remove(&id));
        }
        let session = Session {
            id: random::session_id(),
            user_id: user_id.to_owned(),
            started: now,
            last_seen: now,
            ip,
            auth_time: None,
            clients: BTreeMap::from([(client_id.to_owned(), ClientSession::default())]),
        };
        self.by_id.entry(session.id.clone()).or_insert(session)
    }

    /// The session of this id.
    pub(crate) fn find(&self, id: &str) -> Option<&Session> {
        self.by_id.get(id)
    }

    /// The session of this id, to be changed.
    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.by_id.get_mut(id)
    }

    /// The sessions of one user, oldest first.
    pub(crate) fn of_user(&self, user_id: &str) -> Vec<&Session> {
        let mut sessions = self.by_id.values().filter(|session| session.user_id == user_id).collect::<Vec<_>>();
        sessions.sort_by(|one, other| (one.started, &one.id).cmp(&(other.started, &other.id)));
        sessions
    }

    /// Ends a session; whether there was one.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.by_id.remove(id).is_some()
    }

    /// Ends all sessions.
    pub(crate) fn remove_all(&mut self) {
        self.by_id.clear();
    }

    /// Ends all sessions of a user.
    pub(crate) fn remove_user(&mut self, user_id: &str) {
        self.by_id.retain(|_, session| session.user_id != user_id);
    }

    /// Forgets what is over.
    pub(crate) fn expire(&mut self, settings: &Settings, now: i64) {
        self.by_id.retain(|_, session| now < session.idle_end(settings));
    }
}

const REMEMBERED_TOKENS: usize = 1024;
const MOST_SESSIONS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::{ClientSession, REMEMBERED_TOKENS, Reuse};

    #[test]
    fn a_token_works_once_and_then_as_often_as_the_realm_says() {
        let mut part = ClientSession::default();
        assert_eq!(part.take("one", 1, 1), Reuse::Allowed);
        assert_eq!(part.take("one", 1, 1), Reuse::Allowed);
        assert_eq!(part.take("one", 1, 1), Reuse::Exceeded);
        assert_eq!(part.take("two", 1, 1), Reuse::Allowed);
    }

    #[test]
    fn a_token_that_is_no_longer_remembered_is_stale() {
        let mut part = ClientSession::default();
        for number in 0..=REMEMBERED_TOKENS {
            part.take(&number.to_string(), i64::try_from(number).unwrap(), 0);
        }
        assert_eq!(part.take("0", 0, 0), Reuse::Stale);
    }
}
