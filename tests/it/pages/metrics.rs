//! `docs/metrics.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::{names, page, rows};
use crate::support::patience::wait_for;
use crate::support::raw::Request;
use crate::support::setup::Setup;
use crate::support::tls::Pair;

/// Type and labels by name.
type Families = BTreeMap<String, (String, BTreeSet<String>)>;

#[test]
fn every_metric_is_on_its_page_with_its_type_and_labels() {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
    setup.config.server += &format!("[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", pair.settings());
    setup.config.keycloak = setup.config.keycloak.replace("events_interval = \"0s\"", "events_interval = \"1s\"");
    let running = setup.start();
    wait_for("a read of the events", || {
        (running.gateway.metric("doorward_event_polls_total", &[]) > 0.0).then_some(())
    });
    wait_for("a look of the doctor", || (running.gateway.metric("doorward_check", &[]) > 0.0).then_some(()));
    running.send_as("alice", Request::get("/api/items"));
    running.gateway.send(Request::get("/api/items").bearer("no-token"));
    let scraped = String::from_utf8(running.gateway.operations("/metrics").body).unwrap();
    assert_eq!(exposed(&scraped), documented());
}

fn documented() -> Families {
    let page = page("docs/metrics.md");
    let metrics = rows(&page).filter(|row| row[0].starts_with("`doorward_") && row.len() == 4);
    metrics.map(|row| (names(&row[0]).remove(0), (row[1].clone(), names(&row[2]).into_iter().collect()))).collect()
}

/// What a scrape shows: `# TYPE name type`, and samples with labels.
fn exposed(scraped: &str) -> Families {
    let mut families = Families::new();
    for line in scraped.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            families.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if let Some((name, rest)) = line.split_once('{') {
            let ending = ["_bucket", "_sum", "_count"].into_iter().find_map(|ending| name.strip_suffix(ending));
            let family = families.get_mut(name).map_or_else(|| ending.unwrap().to_owned(), |_| name.to_owned());
            let labels = rest.split_once('}').unwrap().0.split("\",").map(|label| label.split('=').next().unwrap());
            let labels = labels.filter(|label| *label != "le").map(str::to_owned);
            families.get_mut(&family).unwrap().1.extend(labels);
        }
    }
    families
}
