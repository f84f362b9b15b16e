//! What is found of the users database, and of the nodes that share it.

use super::{Check, Finding, Remedy, causes, span};
use crate::clock::Timestamp;
use crate::store::{Inspection, LEASE, Look, Members, SilentTrigger, StoreError};

/// What a look at the database says; whether it can be worked with.
#[must_use]
pub fn inspected(result: &Result<Inspection, StoreError>, now: Timestamp) -> (Vec<Finding>, bool) {
    let found = match result {
        Ok(found) => found,
        Err(error @ StoreError::Schema(_)) => {
            let database = Finding::ok(Check::Database, "the users database answers");
            let advice = "name another database in [users] database, or run the version that has made this one";
            return (
                vec![database, Finding::fail(Check::Migrations, causes(error)).remedy(Remedy::advice(advice))],
                false,
            );
        }
        Err(error) => return (away(error), false),
    };
    let mut findings = vec![Finding::ok(Check::Database, "the users database answers"), migrations(&found.pending)];
    if found.pending.is_empty() {
        findings.push(triggers(&found.silent));
    }
    findings.extend(found.clock.map(|clock| clocks(clock, now)));
    (findings, found.pending.is_empty())
}

fn away(error: &StoreError) -> Vec<Finding> {
    let database = Finding::fail(Check::Database, causes(error))
        .remedy(Remedy::advice("see that it runs and can be reached from here"))
        .remedy(Remedy::setting("[users] database, if it is somewhere else"));
    let unseen = UNSEEN.map(|check| Finding::not_tried(check, "the users database does not answer"));
    std::iter::once(database).chain(unseen).collect()
}

fn migrations(pending: &[&str]) -> Finding {
    match pending {
        [] => Finding::ok(Check::Migrations, "its schema is that of this version"),
        _ => Finding::fail(Check::Migrations, format!("its schema is old: {} is missing", pending.join(", ")))
            .remedy(Remedy::Command("doorward migrate".to_owned())),
    }
}

fn triggers(silent: &[SilentTrigger]) -> Finding {
    if silent.is_empty() {
        return Finding::ok(Check::Triggers, "every change of rights is written to the change log");
    }
    let names: Vec<&str> = silent.iter().map(|trigger| &*trigger.name).collect();
    let message =
        format!("changes of rights that others make are not heard of: {} is missing or off", names.join(", "));
    silent.iter().fold(Finding::fail(Check::Triggers, message), |finding, trigger| {
        finding.remedy(Remedy::Sql(trigger.cure.clone()))
    })
}

/// A node that is a minute off would accept tokens for longer than revocations are kept, and judges nothing.
fn clocks(theirs: Timestamp, ours: Timestamp) -> Finding {
    let (check, apart) = (Check::DatabaseClock, theirs.since(ours).max(ours.since(theirs)).as_secs());
    let ntp = Remedy::synchronise();
    match apart {
        0..=NOTEWORTHY => Finding::ok(check, "its clock is ours, to the second"),
        apart if apart < BLINDING => {
            Finding::warn(check, format!("its clock and ours are {} apart", span(apart))).remedy(ntp)
        }
        apart => Finding::fail(check, format!("its clock and ours are {} apart: nodes here are blind", span(apart)))
            .remedy(ntp),
    }
}

/// Looks twice, a lease apart: who did not poll meanwhile has none.
pub async fn nodes(members: &dyn Members) -> Finding {
    let looked = async {
        let first = members.look().await?;
        tokio::time::sleep(LEASE).await;
        Ok::<_, StoreError>((first, members.look().await?))
    };
    match looked.await {
        Ok((first, now)) => judge(&first, &now),
        Err(error) => Finding::not_tried(Check::Nodes, causes(&error)),
    }
}

fn judge(first: &Look, now: &Look) -> Finding {
    let check = Check::Nodes;
    let silent: Vec<&str> = now.members.iter().filter(|one| first.has_seen(one)).map(|one| &*one.node.name).collect();
    let behind = now.members.iter().map(|one| now.newest.0.saturating_sub(one.applied.0)).max().unwrap_or(0);
    match now.members.len() {
        0 => Finding::not_tried(check, "no node is running"),
        all if !silent.is_empty() => {
            let message = format!(
                "{} of {all} are silent: {}; what waits for them takes 1.25 s",
                silent.len(),
                silent.join(", ")
            );
            let advice =
                "a node that has crashed is forgotten by the others; one that still runs cannot reach the database";
            Finding::warn(check, message)
                .remedy(Remedy::advice(advice))
                .remedy(Remedy::Command("doorward nodes".to_owned()))
        }
        _ if behind > FAR => Finding::warn(check, format!("a node is {behind} changes behind"))
            .remedy(Remedy::Command("doorward nodes".to_owned())),
        1 => Finding::ok(check, "1 node is alive"),
        all => Finding::ok(check, format!("{all} nodes are alive")),
    }
}

const UNSEEN: [Check; 3] = [Check::Migrations, Check::Triggers, Check::Nodes];
/// In seconds.
const NOTEWORTHY: u64 = 2;
const BLINDING: u64 = 60;
/// Changes; a node applies thousands in a second.
const FAR: i64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn found(pending: Vec<&'static str>, clock: Option<u64>) -> Vec<(Check, Verdict)> {
        let inspection = Inspection { pending, silent: Vec::new(), clock: clock.map(Timestamp) };
        let (findings, _) = inspected(&Ok(inspection), Timestamp(1000));
        findings.iter().map(|finding| (finding.check(), finding.verdict())).collect()
    }

    #[test]
    fn triggers_are_of_a_schema_that_is_there() {
        let whole = [(Check::Database, Verdict::Ok), (Check::Migrations, Verdict::Ok), (Check::Triggers, Verdict::Ok)];
        assert_eq!(found(vec![], None), whole);
        assert_eq!(found(vec!["nodes"], None), [(Check::Database, Verdict::Ok), (Check::Migrations, Verdict::Fail)]);
    }

    #[test]
    fn a_node_that_would_be_blind_is_broken() {
        let clock = |theirs: u64| found(vec![], Some(theirs)).last().copied().unwrap().1;
        assert_eq!([1000, 998, 1002].map(clock), [Verdict::Ok; 3]);
        assert_eq!([995, 1059].map(clock), [Verdict::Warn; 2]);
        assert_eq!([900, 1060].map(clock), [Verdict::Fail; 2]);
    }
}
