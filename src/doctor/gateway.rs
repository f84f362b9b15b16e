//! The gateway that runs by these settings on this machine, as anybody sees it.

use std::net::SocketAddr;
use std::time::Duration;

use http::StatusCode;
use reqwest::{Client, redirect};
use serde_json::Value;
use url::Url;

use super::{Check, Finding, Remedy};
use crate::config::{Issuer, Server};

/// Asks the gateway of this machine.
pub struct Neighbour {
    requests: SocketAddr,
    operations: SocketAddr,
    client: Client,
}

impl Neighbour {
    /// By its settings; nothing where no client can be made.
    #[must_use]
    pub fn of(server: &Server) -> Option<Self> {
        Some(Self { requests: server.requests_here(), operations: server.operations_here(), client: client().ok()? })
    }

    /// Whether it runs, and can do its work.
    pub async fn examine(&self) -> Finding {
        let (check, address) = (Check::Gateway, self.operations);
        let Some(readiness) = self.readiness().await else {
            return Finding::not_tried(check, format!("no gateway answers on {address} ([server] admin_listen)"));
        };
        let missing = missing(&readiness);
        if readiness.get("ready") != Some(&Value::Bool(true)) {
            let message = format!("the gateway on {address} cannot judge requests: {}", missing.join(", "));
            return Finding::fail(check, message).remedy(Remedy::advice("the findings above, and its log, say why"));
        }
        match missing.is_empty() {
            true => Finding::ok(check, format!("the gateway on {address} is ready")),
            false => Finding::warn(check, format!("the gateway on {address} is ready, but: {}", missing.join(", ")))
                .remedy(Remedy::advice("the findings above, and its log, say why")),
        }
    }

    /// Whether logout tokens arrive, as far as the signals tell that the gateway has counted since its start.
    pub async fn signals(&self, issuer: &Issuer) -> Finding {
        let (check, probe) = (Check::BackchannelLogout, Remedy::Command("doorward doctor --probe".to_owned()));
        let Some(metrics) = self.metrics().await else {
            return Finding::not_tried(check, "no gateway runs here that would have counted logout tokens")
                .remedy(probe);
        };
        let [told, refused] = ["applied", "refused"].map(|outcome| counted(&metrics, "backchannel-logout", outcome));
        let told = told + counted(&metrics, "backchannel-logout", "replayed");
        let by_events = counted(&metrics, "event", "applied");
        let finding = match (told > 0.0, refused > 0.0, by_events > 0.0) {
            (true, _, _) => Finding::ok(check, format!("logout tokens arrive: {told} since the gateway started")),
            (false, true, _) => Finding::warn(
                check,
                format!("every logout token so far was refused ({refused}): the gateway's log says why"),
            ),
            (false, false, true) => {
                Finding::warn(check, "ends of sessions are heard of, but none yet by a logout token").remedy(probe)
            }
            (false, false, false) => {
                Finding::not_tried(check, "no session has ended yet: no logout token, and none that is missing")
                    .remedy(probe)
            }
        };
        finding.about(&issuer.name)
    }

    /// What is said to a request with a token; nothing where nobody answers.
    pub(super) async fn status(&self, path: &str, token: &str) -> Option<StatusCode> {
        let url = format!("http://{}{path}", self.requests);
        self.client.get(url).bearer_auth(token).send().await.ok().map(|answer| answer.status())
    }

    /// Where requests are taken.
    pub(super) fn address(&self) -> SocketAddr {
        self.requests
    }

    async fn readiness(&self) -> Option<Value> {
        serde_json::from_str(&self.operations("/readyz").await?).ok()
    }

    async fn metrics(&self) -> Option<String> {
        self.operations("/metrics").await
    }

    async fn operations(&self, path: &str) -> Option<String> {
        let answer = self.client.get(format!("http://{}{path}", self.operations)).send().await.ok()?;
        answer.text().await.ok()
    }
}

/// Whether a gateway's endpoint is at an address. It takes POST only, and says so in our form.
pub(super) async fn is_ours(url: &Url) -> Result<bool, reqwest::Error> {
    let answer = client()?.get(url.clone()).send().await.map_err(reqwest::Error::without_url)?;
    if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
        return Ok(false);
    }
    let problem: Option<Value> = answer.bytes().await.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let kind = problem.as_ref().and_then(|problem| problem["type"].as_str());
    Ok(kind.is_some_and(|kind| kind.starts_with("/problems/")))
}

fn client() -> Result<Client, reqwest::Error> {
    Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(PATIENCE).build()
}

/// What `/readyz` names as missing.
fn missing(readiness: &Value) -> Vec<String> {
    let false_of = |list: &str, member: &str, what: &str| -> Vec<String> {
        let items = readiness[list].as_array().into_iter().flatten();
        let bad = items.filter(|item| item[member] == Value::Bool(false));
        bad.map(|item| format!("{what} of {} are not read", item["issuer"].as_str().unwrap_or_default())).collect()
    };
    let mut missing = Vec::new();
    if readiness["stopping"] == Value::Bool(true) {
        missing.push("it is stopping".to_owned());
    }
    if readiness["change_log"] == Value::Bool(false) {
        missing.push("it hears of no changes from the users database".to_owned());
    }
    missing.extend(false_of("keys", "usable", "keys"));
    missing.extend(false_of("events", "heard", "events"));
    missing
}

/// A count of signals in a scrape.
fn counted(metrics: &str, signal: &str, outcome: &str) -> f64 {
    let labels = [format!("signal=\"{signal}\""), format!("outcome=\"{outcome}\"")];
    let lines = metrics.lines().filter(|line| line.starts_with("doorward_signals_total{"));
    let found = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    found.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_gateway_lacks_is_named() {
        let whole = json!({"ready": true, "stopping": false, "change_log": true, "keys": [{"issuer": "a", "usable": true}],
                           "events": [{"issuer": "a", "heard": true}]});
        assert_eq!(missing(&whole), [""; 0]);
        let mut lame = whole;
        lame["change_log"] = json!(false);
        lame["events"][0]["heard"] = json!(false);
        assert_eq!(missing(&lame), ["it hears of no changes from the users database", "events of a are not read"]);
    }

    #[test]
    fn signals_are_counted_by_name_and_outcome() {
        let metrics = "doorward_signals_total{outcome=\"applied\",signal=\"backchannel-logout\"} 3\n\
                       doorward_signals_total{outcome=\"refused\",signal=\"backchannel-logout\"} 1\n\
                       doorward_signals_total{outcome=\"applied\",signal=\"event\"} 7\n";
        let count = |signal, outcome| counted(metrics, signal, outcome);
        assert_eq!(
            [count("backchannel-logout", "applied"), count("event", "applied"), count("event", "refused")],
            [3., 7., 0.]
        );
    }
}
