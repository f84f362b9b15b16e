//! `doorward nodes`: who judges requests by this users database, and how far each is.

use std::time::Duration;

use clap::Args;
use humantime::format_duration;
use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Record};
use crate::store::{LEASE, Look, Member, Members};

/// See the nodes that share the users database.
#[derive(Args, Debug)]
pub struct Nodes {
    /// Print JSON: one node a line.
    #[arg(long)]
    json: bool,
}

impl Nodes {
    /// Whether JSON is asked for.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }
}

/// Looks twice, a lease apart: who did not poll meanwhile has none.
pub async fn run(members: &dyn Members, output: &mut Output<'_>) -> Result<(), Failure> {
    let first = members.look().await?;
    if first.members.is_empty() {
        return Ok(output.remark("no node is running")?);
    }
    tokio::time::sleep(LEASE).await;
    let now = members.look().await?;
    let records: Vec<_> = now.members.iter().map(|member| NodeRecord::new(member, &first, &now)).collect();
    Ok(output.list(&records)?)
}

#[derive(Debug, Serialize)]
struct NodeRecord {
    id: String,
    name: String,
    version: String,
    live: bool,
    position: i64,
    behind: i64,
    last_revocation_ms: Option<f64>,
    last_revocation_age_seconds: Option<u64>,
}

impl NodeRecord {
    fn new(member: &Member, first: &Look, now: &Look) -> Self {
        Self {
            id: member.id.to_string(),
            name: member.node.name.clone(),
            version: member.node.version.clone(),
            live: !first.has_seen(member),
            position: member.applied.0,
            behind: now.newest.0.saturating_sub(member.applied.0),
            last_revocation_ms: member.last_revocation.map(|last| last.took.as_secs_f64() * 1000.0),
            last_revocation_age_seconds: member.last_revocation.map(|last| last.ago.as_secs()),
        }
    }
}

impl Record for NodeRecord {
    const HEADER: &'static [&'static str] = &["NODE", "STATE", "BEHIND", "LAST REVOCATION", "VERSION", "ID"];

    fn cells(&self) -> Vec<String> {
        let state = if self.live { "live" } else { "silent" };
        let last = match (self.last_revocation_ms, self.last_revocation_age_seconds) {
            (Some(took), Some(age)) => {
                format!("everywhere in {took:.1} ms, {} ago", format_duration(Duration::from_secs(age)))
            }
            _ => "-".to_owned(),
        };
        vec![self.name.clone(), state.to_owned(), self.behind.to_string(), last, self.version.clone(), self.id.clone()]
    }
}
