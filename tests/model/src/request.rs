//! A request, whose looks may lie any time apart.

use crate::lease::Lease;
use crate::state::State;
use crate::{Action, Bug};

/// With a token of a session whose end was answered before the request came.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) enum Request {
    #[default]
    None,
    Looked {
        revocation: u8,
        looks: u8,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Lease,
    Memory,
    Expiry,
}

impl Lease {
    pub(crate) fn request_actions(&self, s: &State, i: usize, out: &mut Vec<Action>) {
        let node = &s.nodes[i];
        if node.request != Request::None {
            out.push(Action::Look(i));
        } else if node.up {
            let promised = |r: &usize| self.is_promised(s, *r) && s.excuses[*r].is_none();
            out.extend((0..s.writers.len()).filter(promised).map(|r| Action::Request(i, r)));
        }
    }

    pub(crate) fn request(&self, s: &mut State, i: usize, r: usize) {
        s.nodes[i].request = Request::Looked { revocation: r as u8, looks: 0 };
    }

    /// Nothing is promised of requests that came before a failover lost what ended them.
    pub(crate) fn let_requests_off(&self, s: &mut State, r: usize) {
        for node in &mut s.nodes {
            if matches!(node.request, Request::Looked { revocation, .. } if usize::from(revocation) == r) {
                node.request = Request::None;
            }
        }
    }

    pub(crate) fn look_once(&self, s: &mut State, i: usize) -> Option<()> {
        let Request::Looked { revocation, looks } = s.nodes[i].request else { return None };
        let order = self.looks();
        let r = usize::from(revocation);
        let passes = match order[usize::from(looks)] {
            Look::Lease => self.fence_open(&s.nodes[i]),
            Look::Memory => !s.nodes[i].knows(r),
            Look::Expiry => s.lives[r] > 0,
        };
        let last = usize::from(looks) + 1 == order.len();
        s.nodes[i].request = match passes && !last {
            true => Request::Looked { revocation, looks: looks + 1 },
            false => Request::None,
        };
        s.admitted |= passes && last;
        Some(())
    }

    fn looks(&self) -> &'static [Look] {
        match (self.0.bug, self.0.life > 0) {
            (Bug::LookupBeforeLease, false) => &[Look::Memory, Look::Lease],
            (Bug::LookupBeforeLease, true) => &[Look::Memory, Look::Lease, Look::Expiry],
            (Bug::ExpiryBeforeLookup, _) => &[Look::Lease, Look::Expiry, Look::Memory],
            (_, false) => &[Look::Lease, Look::Memory],
            (_, true) => &[Look::Lease, Look::Memory, Look::Expiry],
        }
    }
}
