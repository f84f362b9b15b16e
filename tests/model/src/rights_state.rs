//! The log, the table of rights, and one node's memory of both, at one moment.

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) rights: u8,
    pub(crate) as_of: u8,
    pub(crate) epoch: u8,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Load {
    Begun { epoch: u8 },
    Read(Principal),
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) restarted: bool,
    pub(crate) news: bool,
    pub(crate) place: Place,
    /// The last change of rights among the rows.
    pub(crate) mark: Option<u8>,
    /// What the table has held since the snapshot, a bit for each.
    pub(crate) held: u8,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) tag: u8,
    pub(crate) about_rights: bool,
}

/// A number and a tag; zeros before the first entry.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) seq: u8,
    pub(crate) tag: u8,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct State {
    /// The first has the number `cleaned + 1`.
    pub(crate) log: Vec<Entry>,
    pub(crate) cleaned: u8,
    /// The table of rights, which is not cleaned.
    pub(crate) rights: u8,
    pub(crate) history: Vec<u8>,
    pub(crate) made: u8,
    pub(crate) place: Place,
    pub(crate) epoch: u8,
    pub(crate) mark: u8,
    pub(crate) principal: Option<Principal>,
    pub(crate) load: Option<Load>,
    pub(crate) poll: Option<Answer>,
    /// What the table has held since the snapshot of the last poll.
    pub(crate) held: u8,
    pub(crate) failovers: u8,
    pub(crate) cleans: u8,
}

impl State {
    /// One change of rights was made, read and loaded.
    pub(crate) fn first(failovers: u8, cleans: u8) -> Self {
        let place = Place { seq: 1, tag: 1 };
        Self {
            log: vec![Entry { tag: 1, about_rights: true }],
            cleaned: 0,
            rights: 1,
            history: vec![1],
            made: 1,
            place,
            epoch: 0,
            mark: 1,
            principal: Some(Principal { rights: 1, as_of: 1, epoch: 0 }),
            load: None,
            poll: None,
            held: 1 << 1,
            failovers,
            cleans,
        }
    }

    pub(crate) fn newest(&self) -> Place {
        let seq = self.cleaned + self.log.len() as u8;
        self.log.last().map_or(Place::default(), |entry| Place { seq, tag: entry.tag })
    }

    pub(crate) fn answer(&self, lost_place: bool) -> Answer {
        let at = self.log.iter().position(|entry| entry.tag == self.place.tag);
        let restarted = self.place.tag != 0 && at.is_none();
        let from = match at {
            Some(index) => index + 1,
            None if restarted && lost_place => self.log.len(),
            None => 0,
        };
        let mut rights = self.log.iter().enumerate().skip(from).filter(|(_, entry)| entry.about_rights);
        Answer {
            restarted: restarted && !lost_place,
            news: from < self.log.len(),
            place: self.newest(),
            mark: rights.next_back().map(|(index, _)| self.cleaned + index as u8 + 1),
            held: 1 << self.rights,
        }
    }

    pub(crate) fn change(&mut self, about_rights: bool) {
        self.made += 1;
        self.log.push(Entry { tag: self.made, about_rights });
        if about_rights {
            self.history.push(self.made);
            self.hold();
        }
    }

    fn hold(&mut self) {
        self.rights = self.history.last().copied().unwrap_or(0);
        self.held |= 1 << self.rights;
        if let Some(answer) = &mut self.poll {
            answer.held |= 1 << self.rights;
        }
    }

    /// The newest entries, and what they changed. An answer may still be on its way.
    pub(crate) fn lose(&mut self, lost: usize) {
        for _ in 0..lost {
            if self.log.pop().is_some_and(|entry| entry.about_rights) {
                self.history.pop();
            }
        }
        self.hold();
    }

    /// Whether a load has seen what no poll has read.
    pub(crate) fn ahead(&self) -> bool {
        let loaded = match self.load {
            Some(Load::Read(principal)) => principal.as_of,
            Some(Load::Begun { .. }) | None => 0,
        };
        loaded.max(self.principal.map_or(0, |principal| principal.as_of)) > self.place.seq
    }
}
