//! Rights in the memory of one node, across failovers and clean-ups: the log says that they have changed, and by its
//! positions a principal shows that it is new enough.
//!
//! An entry is a change of one user's rights, whose tag stands for the rights that it made, or it is about something else. That a node that hears
//! nothing trusts nothing is the matter of the lease; here it is enough that it uses what its last poll has found, or
//! what is newer.

use stateright::{Model, Property};

use crate::promise::ADMITTED;
use crate::rights_state::{Load, Place, Principal, State};

/// What is wrong with the rules for rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightsBug {
    /// Nothing.
    None,
    /// Another log does not begin another epoch.
    SameEpoch,
    /// A load counts in the epoch in which it returns, not in that in which it began.
    EpochOfReturn,
    /// A change drops what is in memory, and what is loaded is believed.
    DropOnly,
    /// A poll whose tag the log does not have returns no rows instead of all.
    LostPlace,
    /// What was read first of a log that was empty is taken for all that came.
    FirstIsAll,
}

/// A world of rights.
#[derive(Clone, Debug)]
pub struct RightsConfig {
    /// Entries that are made.
    pub changes: u8,
    pub failovers: u8,
    pub cleans: u8,
    /// A failover may lose what a load has seen and no poll has read.
    pub loads_ahead: bool,
    /// A failover may lose the whole log.
    pub loses_all: bool,
    pub bug: RightsBug,
}

/// The protocol for rights in one world.
pub(crate) struct Rights(pub(crate) RightsConfig);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Of rights, or of something else.
    Change(bool),
    Poll,
    Deliver,
    LoadBegin,
    LoadRead,
    LoadReturn,
    Failover(usize),
    Clean(usize),
}

impl Rights {
    fn bug(&self, bug: RightsBug) -> bool {
        self.0.bug == bug
    }

    fn is_used(&self, s: &State, principal: &Principal) -> bool {
        self.bug(RightsBug::DropOnly) || principal.epoch == s.epoch && principal.as_of >= s.mark
    }

    fn deliver(&self, s: &mut State) -> Option<()> {
        let answer = s.poll.take()?;
        // Before the first entry a node has no place that the log could lack.
        let first = answer.news && s.place == Place::default() && !self.bug(RightsBug::FirstIsAll);
        if answer.restarted || first {
            if !self.bug(RightsBug::SameEpoch) {
                s.epoch += 1;
                s.principal = None;
            }
            s.mark = 0;
            s.place = Place::default();
        }
        if answer.news {
            s.place = answer.place;
        }
        if let Some(mark) = answer.mark {
            s.mark = mark;
            if self.bug(RightsBug::DropOnly) {
                s.principal = None;
            }
        }
        s.held = answer.held;
        Some(())
    }

    /// In one statement with the position.
    fn load_read(&self, s: &mut State) -> Option<()> {
        let Some(Load::Begun { epoch }) = s.load else { return None };
        s.load = Some(Load::Read(Principal { rights: s.rights, as_of: s.newest().seq, epoch }));
        Some(())
    }

    fn load_return(&self, s: &mut State) -> Option<()> {
        let Some(Load::Read(principal)) = s.load.take() else { return None };
        let epoch = if self.bug(RightsBug::EpochOfReturn) { s.epoch } else { principal.epoch };
        s.principal = Some(Principal { epoch, ..principal });
        Some(())
    }
}

impl Model for Rights {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self.0.failovers, self.0.cleans)]
    }

    fn actions(&self, s: &State, out: &mut Vec<Action>) {
        if s.made <= self.0.changes {
            out.extend([true, false].map(Action::Change));
        }
        out.push(if s.poll.is_some() { Action::Deliver } else { Action::Poll });
        out.push(match s.load {
            None => Action::LoadBegin,
            Some(Load::Begun { .. }) => Action::LoadRead,
            Some(Load::Read(_)) => Action::LoadReturn,
        });
        if s.failovers > 0 && (self.0.loads_ahead || !s.ahead()) {
            let most = s.log.len() - usize::from(!self.0.loses_all && !s.log.is_empty());
            out.extend((0..=most).map(Action::Failover));
        }
        if s.cleans > 0 {
            out.extend((1..s.log.len()).map(Action::Clean));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut s = last.clone();
        match action {
            Action::Change(about_rights) => s.change(about_rights),
            Action::Poll => s.poll = Some(s.answer(self.bug(RightsBug::LostPlace))),
            Action::Deliver => self.deliver(&mut s)?,
            Action::LoadBegin => s.load = Some(Load::Begun { epoch: s.epoch }),
            Action::LoadRead => self.load_read(&mut s)?,
            Action::LoadReturn => self.load_return(&mut s)?,
            Action::Failover(lost) => {
                s.failovers -= 1;
                s.lose(lost);
            }
            Action::Clean(count) => {
                s.cleans -= 1;
                s.log.drain(..count);
                s.cleaned += count as u8;
            }
        }
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ADMITTED, |m: &Rights, s: &State| {
                s.principal.is_none_or(|principal| !m.is_used(s, &principal) || s.held & 1 << principal.rights != 0)
            }),
            Property::sometimes("used", |m: &Rights, s: &State| {
                s.made > m.0.changes && s.principal.is_some_and(|p| m.is_used(s, &p) && p.rights == s.made)
            }),
            Property::sometimes("epoch turned", |_: &Rights, s: &State| s.epoch > 0),
            Property::sometimes("load thrown away", |m: &Rights, s: &State| {
                s.principal.is_some_and(|principal| !m.is_used(s, &principal))
            }),
        ]
    }
}
