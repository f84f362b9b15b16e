//! The log is another one than before: a backup, or a failover that lost its end.

use super::world::{Nodes, log_out, status};
use crate::support::gateway::Gateway;
use crate::support::patience::{PATIENCE, within};

#[test]
fn what_the_log_has_lost_is_written_back_and_holds_on_nodes_that_start_later() {
    let nodes = Nodes::new();
    let sessions = [nodes.session(), nodes.session()];
    for session in &sessions {
        assert_eq!(log_out(&nodes.gateways[0], session).0.status, 204);
    }
    nodes.database.execute(
        "delete from doorward.change where kind = 'session';
         select doorward.record_change('', 'catalogue', '*')",
    );
    let mut psql = nodes.database.connect();
    let back = within(PATIENCE, || {
        let keys = "select count(distinct key) from doorward.change where kind = 'session'";
        let found: i64 = psql.query_one(keys, &[]).unwrap().get(0);
        (found == 2).then_some(())
    });
    assert!(back.is_some(), "{}", nodes.gateways[0].log.text());
    let late = Gateway::start(&nodes.config);
    for session in &sessions {
        assert_eq!(status(&late, session), 401, "{}", late.log.text());
        nodes.assert_dead(session);
    }
}
