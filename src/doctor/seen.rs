//! What was seen while a session ended, and what that says.

use std::time::Duration;

use super::{Check, Finding, Realm, Remedy};

/// What was seen while a session ended.
pub(super) struct Seen {
    /// From the begin of the deletion to Keycloak's answer.
    pub(super) answered: Duration,
    /// From the begin of the deletion to the first refusal.
    pub(super) refused: Option<Duration>,
    /// Whether a request that began after the answer was refused.
    pub(super) at_once: bool,
}

impl Seen {
    /// Whether the token died when it had to, and what told it.
    pub(super) fn judge(&self, realm: &Realm<'_>) -> Vec<Finding> {
        match (self.at_once, self.refused.map(told)) {
            (true, Some(refused)) => {
                let answered = told(self.answered);
                let took = format!(
                    "a logout token took {refused} from the begin of the deletion, Keycloak's answer {answered}"
                );
                vec![
                    Finding::ok(
                        Check::ProbeToken,
                        "when Keycloak had answered the end of a session, its token was refused",
                    ),
                    Finding::ok(Check::ProbeSignal, took),
                ]
            }
            (_, Some(refused)) => vec![
                Finding::fail(
                    Check::ProbeToken,
                    "a token was let in after Keycloak had answered the end of its session",
                )
                .remedy(below()),
                late(realm, &format!("no logout token has come: the events told it after {refused}")),
            ],
            (_, None) => vec![
                Finding::fail(Check::ProbeToken, "the session has ended, and its token is let in until it expires")
                    .remedy(below()),
                late(realm, "neither a logout token nor the events told of it"),
            ],
        }
    }
}

fn late(realm: &Realm<'_>, message: &str) -> Finding {
    let url = realm.endpoint("/backchannel-logout");
    let members = [
        ("attributes.\"backchannel.logout.url\"", &*url),
        ("attributes.\"backchannel.logout.session.required\"", "true"),
        ("frontchannelLogout", "false"),
    ];
    Finding::fail(Check::ProbeSignal, message)
        .remedy(realm.kcadm().client(&members))
        .remedy(Remedy::advice("see that Keycloak itself reaches that address; its log says where it failed"))
}

fn told(span: Duration) -> String {
    humantime::format_duration(Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))).to_string()
}

fn below() -> Remedy {
    Remedy::advice("what mends probe-signal mends this")
}
