//! Keycloak's guard against guessed passwords: it locks accounts, and refuses log-ins of one account that arrive
//! together. What it refuses looks like a wrong password.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

/// The rules, as the realm file has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rules {
    #[serde(default)]
    brute_force_protected: bool,
    #[serde(default = "number::<30>")]
    failure_factor: i64,
    #[serde(default = "number::<60>")]
    wait_increment_seconds: i64,
    #[serde(default = "number::<900>")]
    max_failure_wait_seconds: i64,
    #[serde(default = "number::<1000>")]
    quick_login_check_milli_seconds: i64,
    #[serde(default = "number::<60>")]
    minimum_quick_login_wait_seconds: i64,
}

/// What was tried, by the user's id.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    failures: HashMap<String, Failures>,
    under_way: HashSet<String>,
}

#[derive(Debug, Default)]
struct Failures {
    count: i64,
    last_ms: i64,
    locked_until_ms: i64,
}

impl Guard {
    /// Whether nothing of this user is accepted now, right or wrong.
    pub(crate) fn is_locked(&self, rules: &Rules, user_id: &str, now_ms: i64) -> bool {
        rules.brute_force_protected
            && self.failures.get(user_id).is_some_and(|failures| now_ms < failures.locked_until_ms)
    }

    /// Counts a wrong credential: so many lock, and two in a hurry lock at once.
    pub(crate) fn failed(&mut self, rules: &Rules, user_id: &str, now_ms: i64) {
        if !rules.brute_force_protected {
            return;
        }
        let failures = self.failures.entry(user_id.to_owned()).or_default();
        let quick = failures.count > 0 && now_ms - failures.last_ms < rules.quick_login_check_milli_seconds;
        failures.count += 1;
        failures.last_ms = now_ms;
        let steps = failures.count / rules.failure_factor.max(1);
        let wait = (steps * rules.wait_increment_seconds).min(rules.max_failure_wait_seconds);
        let wait = if quick { wait.max(rules.minimum_quick_login_wait_seconds) } else { wait };
        failures.locked_until_ms = failures.locked_until_ms.max(now_ms + wait * 1000);
    }

    /// A log-in that went well forgives what was before.
    pub(crate) fn succeeded(&mut self, user_id: &str) {
        self.failures.remove(user_id);
    }

    /// Begins a log-in; false where another one of this user is under way, which counts as no failure.
    pub(crate) fn begin(&mut self, rules: &Rules, user_id: &str) -> bool {
        !rules.brute_force_protected || self.under_way.insert(user_id.to_owned())
    }

    /// Ends what [`Guard::begin`] began.
    pub(crate) fn end(&mut self, user_id: &str) {
        self.under_way.remove(user_id);
    }
}

fn number<const N: i64>() -> i64 {
    N
}
