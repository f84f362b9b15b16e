//! What must hold in every state, and what must happen in some so that it means something.

use stateright::Property;

use crate::lease::Lease;
use crate::node::Node;
use crate::poll::Stage;
use crate::request::Request;
use crate::state::State;
use crate::writer::Writer;

pub(crate) const ADMITTED: &str = "no dead session admitted";
pub(crate) const LATE: &str = "answered in time";

impl Lease {
    /// Whether its end was answered and a token of it may live.
    pub(crate) fn is_promised(&self, s: &State, r: usize) -> bool {
        matches!(s.writers[r], Writer::Answered { .. }) && (self.0.life == 0 || s.lives[r] > 0)
    }

    /// Whether no token is left that could be let in, so that what follows breaks nothing.
    pub(crate) fn is_over(&self, s: &State) -> bool {
        self.0.life > 0
            && !s.admitted
            && s.lives.iter().all(|life| *life == 0)
            && s.nodes.iter().all(|node| node.request == Request::None)
    }

    /// What a node has read it refuses whatever a failover has lost.
    fn dead_session_passes(&self, s: &State) -> bool {
        (0..s.writers.len()).filter(|r| self.is_promised(s, *r)).any(|r| {
            let owed = |node: &Node| s.excuses[r].is_none() || node.has_read(r);
            s.nodes.iter().any(|node| self.fence_open(node) && !node.knows(r) && owed(node))
        })
    }
}

pub(crate) fn properties() -> Vec<Property<Lease>> {
    vec![
        Property::always(
            ADMITTED,
            |m: &Lease, s: &State| {
                if m.0.split { !s.admitted } else { !m.dead_session_passes(s) }
            },
        ),
        Property::always(LATE, |m: &Lease, s: &State| !m.0.urgent || s.since.iter().all(|ticks| *ticks <= m.0.bound)),
        Property::sometimes("answered by acknowledgement", |_: &Lease, s: &State| answered(s, false)),
        Property::sometimes("answered by the clock", |_: &Lease, s: &State| answered(s, true)),
        Property::sometimes("evicted", |m: &Lease, s: &State| s.evictions < m.0.evictions),
        Property::sometimes("joined", |m: &Lease, s: &State| {
            s.nodes.iter().skip(m.0.joined).any(|node| node.lease > 0)
        }),
        Property::sometimes("read anew", |_: &Lease, s: &State| {
            stage(s, |stage| matches!(stage, Stage::Done { ok: true, found } if !found.matched))
        }),
        Property::sometimes("written back", |_: &Lease, s: &State| {
            stage(s, |stage| matches!(stage, Stage::WrittenBack(_)))
        }),
        Property::sometimes("excuse ended", |_: &Lease, s: &State| s.excuses.iter().any(|excuse| excuse.is_ending())),
        Property::sometimes("cleaned", |_: &Lease, s: &State| s.log.was_cleaned()),
        Property::sometimes("forgotten", |_: &Lease, s: &State| {
            s.nodes.iter().any(|node| node.read & !node.known != 0)
        }),
    ]
}

/// But for a revocation that was answered before the start.
fn answered(s: &State, clock: bool) -> bool {
    s.writers.last().is_some_and(|writer| matches!(writer, Writer::Answered { by_clock } if *by_clock == clock))
}

fn stage(s: &State, is: impl Fn(&Stage) -> bool) -> bool {
    s.nodes.iter().any(|node| node.poll.as_ref().is_some_and(|poll| is(&poll.stage)))
}
