//! From what was asked to what must not be: dead sessions let in, and live ones refused.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::load::Asked;
use super::stage::Stage;

/// The counts of one run.
#[derive(Default)]
pub struct Verdict {
    pub asked: usize,
    /// Of dead sessions, begun after Keycloak's answer, where a node had answered the logout token with 200.
    pub told: Count,
    /// The same where none had, begun 3 s after Keycloak's answer or later.
    pub untold: Count,
    /// Of live sessions.
    pub live: Count,
    /// Of live sessions, 503 at a node that did not hold the rights of the user and could not read them in time.
    pub unread: usize,
    /// Of live sessions, without an answer or 503 at a node that could reach nobody; and of dead ones, without an answer.
    pub excused: usize,
}

/// How many requests, and which of them were answered wrongly.
#[derive(Default)]
pub struct Count {
    pub all: usize,
    wrong: usize,
    examples: Vec<String>,
}

/// A time in which a node is away, or reaches neither Keycloak nor the database.
pub struct Excuse {
    pub node: usize,
    pub time: Range<Instant>,
}

impl Verdict {
    /// Judges what was asked.
    pub fn of(stage: &Stage, asked: &[Asked], excuses: &[Excuse]) -> Self {
        let mut verdict = Self { asked: asked.len(), ..Self::default() };
        for one in asked {
            let session = &stage.sessions[one.session];
            let excused = excuses.iter().any(|excuse| excuse.covers(one));
            match (session.ending.get(), session.ended.get()) {
                (ending, _) if ending.is_none_or(|ending| one.ended < *ending) => {
                    if excused && matches!(one.status, None | Some(503)) {
                        verdict.excused += 1;
                    } else if !one.held && one.status == Some(503) {
                        verdict.unread += 1;
                    } else {
                        verdict.live.add(one.status == Some(200), one, None);
                    }
                }
                // Nobody was let in, and nothing is shown by it.
                (_, _) if one.status.is_none() => verdict.excused += 1,
                (_, Some(answer)) if one.began > *answer => {
                    let is_out = matches!(one.status, Some(401 | 503));
                    if stage.bell.was_heard(&session.tokens.sid, *answer) {
                        verdict.told.add(is_out, one, Some(*answer));
                    } else if one.began > *answer + UNTOLD {
                        verdict.untold.add(is_out, one, Some(*answer));
                    }
                }
                // It was in flight when the session ended.
                (_, _) => {}
            }
        }
        verdict
    }

    /// Some of what was answered wrongly.
    pub fn wrong(&self) -> impl Iterator<Item = &String> {
        [&self.told, &self.untold, &self.live].into_iter().flat_map(|count| &count.examples)
    }

    /// Whether nothing was answered wrongly.
    pub fn is_right(&self) -> bool {
        let counts = [&self.told, &self.untold, &self.live];
        counts.iter().all(|count| count.wrong == 0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, told, untold, live, unread, excused } = self;
        write!(f, "{asked} asked: told {told} let in, untold {untold} let in, live {live} refused, ")?;
        write!(f, "unread {unread}, excused {excused}")
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.wrong, self.all)
    }
}

impl Count {
    fn add(&mut self, right: bool, asked: &Asked, since: Option<Instant>) {
        self.all += 1;
        self.wrong += usize::from(!right);
        if !right && self.examples.len() < 10 {
            let late = since.map(|answer| asked.began - answer);
            let Asked { session, node, status, problem, began, ended, .. } = asked;
            let took = *ended - *began;
            self.examples.push(format!(
                "session {session}, node {node}: {status:?} after {took:?}, begun {late:?} late: {problem}"
            ));
        }
    }
}

impl Excuse {
    fn covers(&self, asked: &Asked) -> bool {
        asked.node == self.node && asked.began < self.time.end && asked.ended > self.time.start
    }
}

/// The answers in classes, for people.
pub fn statuses(asked: &[Asked]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in asked {
        let name = one.status.map_or("none".to_owned(), |status| status.to_string());
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// What Keycloak could tell nobody, the events tell: within their interval and a second, and one more for this machine.
const UNTOLD: Duration = Duration::from_secs(3);
