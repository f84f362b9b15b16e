//! The table `change`.

/// Numbered from 1 in the order of its entries; a prefix of it may have been cleaned away.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Log {
    entries: Vec<Entry>,
    /// How many entries were before the first one that is left.
    cleaned: u8,
    next_tag: u8,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) revocation: u8,
    pub(crate) tag: u8,
    pub(crate) committed: bool,
    /// Ticks since it was written, by the clock of the database.
    pub(crate) age: u8,
}

impl Log {
    /// Writes an entry that nobody sees yet; its number.
    pub(crate) fn begin(&mut self, revocation: usize) -> u8 {
        self.next_tag += 1;
        self.entries.push(Entry { revocation: revocation as u8, tag: self.next_tag, committed: false, age: 0 });
        self.last()
    }

    pub(crate) fn commit(&mut self, seq: u8) {
        if let Some(index) = self.index(seq) {
            self.entries[index].committed = true;
        }
    }

    /// The number of the last entry, seen or not.
    pub(crate) fn last(&self) -> u8 {
        self.cleaned + self.entries.len() as u8
    }

    /// The committed entry of that number.
    pub(crate) fn at(&self, seq: u8) -> Option<&Entry> {
        self.index(seq).map(|index| &self.entries[index]).filter(|entry| entry.committed)
    }

    /// Whether somebody holds the lock.
    pub(crate) fn is_locked(&self) -> bool {
        self.entries.iter().any(|entry| !entry.committed)
    }

    /// The newest committed entry's number and tag; zeros in an empty log.
    pub(crate) fn head(&self) -> (u8, u8) {
        let newest = self.entries.iter().rposition(|entry| entry.committed);
        newest.map_or((0, 0), |index| (self.cleaned + index as u8 + 1, self.entries[index].tag))
    }

    pub(crate) fn has_tag(&self, tag: u8) -> bool {
        self.entries.iter().any(|entry| entry.committed && entry.tag == tag)
    }

    pub(crate) fn holds(&self, revocation: usize) -> bool {
        self.entries.iter().any(|entry| entry.committed && usize::from(entry.revocation) == revocation)
    }

    /// The revocations of the committed entries after that number.
    pub(crate) fn after(&self, seq: u8) -> u8 {
        let from = usize::from(seq.saturating_sub(self.cleaned));
        self.entries
            .iter()
            .skip(from)
            .filter(|entry| entry.committed)
            .fold(0, |mask, entry| mask | 1 << entry.revocation)
    }

    pub(crate) fn committed(&self) -> usize {
        self.entries.iter().filter(|entry| entry.committed).count()
    }

    pub(crate) fn was_cleaned(&self) -> bool {
        self.cleaned > 0
    }

    /// What was not committed is rolled back.
    pub(crate) fn roll_back(&mut self) {
        while self.entries.last().is_some_and(|entry| !entry.committed) {
            self.entries.pop();
        }
    }

    /// The newest entry is lost, or rolled back.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.entries.pop()
    }

    /// How many entries a cleaning takes: the prefix that is as old as `keep`, and never the newest.
    pub(crate) fn outdated(&self, keep: u8) -> usize {
        let seen = self.entries.iter().take_while(|entry| entry.committed);
        let old = seen.take_while(|entry| entry.age >= keep).count();
        let newest = self.entries.iter().rposition(|entry| entry.committed).unwrap_or(0);
        old.min(newest)
    }

    pub(crate) fn clean(&mut self, keep: u8) {
        let outdated = self.outdated(keep);
        self.entries.drain(..outdated);
        self.cleaned += outdated as u8;
    }

    /// Ages above `most` are not told apart.
    pub(crate) fn grow_older(&mut self, most: u8) {
        for entry in &mut self.entries {
            entry.age = (entry.age + 1).min(most);
        }
    }

    fn index(&self, seq: u8) -> Option<usize> {
        let index = usize::from(seq.checked_sub(self.cleaned + 1)?);
        (index < self.entries.len()).then_some(index)
    }
}
