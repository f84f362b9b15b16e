//! What the log is known to hold, so that nobody writes it again.

use std::time::Duration;

use crate::clock::Boot;
use crate::store::{Change, Entry, Position};
use crate::sync::HashMap;

/// Entries that were read a short while ago, by what they are about: as changes without a mark. One that is older is not
/// as good as a new one: the log forgets it sooner, and a token that was issued since might outlive it.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<Change, Mark>);

#[derive(Clone, Copy, Debug)]
struct Mark {
    not_before: i64,
    position: Position,
    until: Boot,
}

impl Written {
    /// Notes an entry that was committed after `since`.
    pub(super) fn read(&self, entry: &Entry, since: Boot) {
        let (about, not_before) = parts(&entry.change);
        let fresh = Mark { not_before, position: entry.position, until: since.plus(AS_GOOD_AS_NEW) };
        let newer = |old: &Mark| if old.not_before > not_before && since < old.until { *old } else { fresh };
        self.0.pin().update_or_insert(about, newer, fresh);
    }

    /// Where the log holds this change, or one that ends more of the same.
    pub(super) fn find(&self, change: &Change, now: Boot) -> Option<Position> {
        let (about, not_before) = parts(change);
        let good = |mark: &&Mark| now < mark.until && not_before <= mark.not_before;
        self.0.pin().get(&about).filter(good).map(|mark| mark.position)
    }

    /// Nothing is known of another log.
    pub(super) fn lose(&self) {
        self.0.pin().clear();
    }

    /// Whether nothing counts.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what does not count any more.
    pub(super) fn sweep(&self, now: Boot) {
        self.0.pin().retain(|_, mark| now < mark.until);
    }
}

/// What a change is about, and until when it ends it.
fn parts(change: &Change) -> (Change, i64) {
    (Change { not_before: None, ..change.clone() }, change.not_before.unwrap_or(i64::MAX))
}

/// Half of the time for which the log keeps an entry longer than a token can live.
const AS_GOOD_AS_NEW: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;
    use crate::rights::Epoch;
    use crate::standing::Standing;
    use crate::store::{Batch, ChangeKind};

    fn session(sid: &str) -> Change {
        Change { issuer: "https://sso".into(), kind: ChangeKind::Session, key: sid.into(), not_before: None }
    }

    fn batch(restarted: bool, sid: &str, position: i64) -> Batch {
        let entry = Entry { position: Position(position), tag: uuid::Uuid::nil(), change: session(sid) };
        Batch { restarted, entries: vec![entry], clock: None }
    }

    fn standing() -> (Standing, Clock) {
        let clock = Clock::manual();
        clock.advance(Duration::from_secs(9));
        let hour = Duration::from_secs(3600);
        (Standing::new(clock.clone(), hour, hour, Arc::new(Epoch::default())), clock)
    }

    #[test]
    fn what_is_dead_here_is_not_written_before_it_was_read() {
        let (standing, clock) = standing();
        standing.learn(&session("a"));
        assert_eq!(standing.written(&session("a")), None);
        standing.apply(&batch(false, "a", 7), Some(clock.boot()));
        assert_eq!(standing.written(&session("a")), Some(Position(7)));
        assert_eq!(standing.written(&session("b")), None);
        let mark = Change { kind: ChangeKind::Subject, not_before: Some(5), ..session("a") };
        assert_eq!(standing.written(&mark), None, "of another kind");
    }

    #[test]
    fn what_ends_no_more_than_the_log_says_is_not_written_either() {
        let (standing, clock) = standing();
        let until = |mark| Change { not_before: Some(mark), ..session("a") };
        let read = |mark, position| {
            let entry = Entry { position: Position(position), tag: uuid::Uuid::nil(), change: until(mark) };
            standing.apply(&Batch { restarted: false, entries: vec![entry], clock: None }, Some(clock.boot()));
        };
        read(900, 7);
        assert_eq!(
            [2, 900, 901].map(|mark| standing.written(&until(mark))),
            [Some(Position(7)), Some(Position(7)), None]
        );
        assert_eq!(standing.written(&session("a")), None, "for good is more");
        read(2, 8);
        assert_eq!(standing.written(&until(900)), Some(Position(7)), "it is still there");
    }

    #[test]
    fn what_was_written_too_long_ago_is_written_again() {
        let (standing, clock) = standing();
        let before = clock.boot();
        clock.advance(Duration::from_secs(200));
        standing.apply(&batch(false, "a", 7), Some(before));
        clock.advance(Duration::from_secs(99));
        assert!(standing.written(&session("a")).is_some());
        clock.advance(Duration::from_secs(1));
        assert_eq!(standing.written(&session("a")), None, "it may be as old as the poll before");
        standing.sweep();
        assert!(standing.written.is_empty());
    }

    #[test]
    fn of_a_log_that_is_read_whole_nobody_knows_how_old_it_is() {
        let (standing, clock) = standing();
        standing.apply(&batch(false, "a", 7), None);
        assert_eq!(standing.written(&session("a")), None);
        standing.apply(&batch(false, "a", 7), Some(clock.boot()));
        standing.apply(&batch(true, "b", 1), Some(clock.boot()));
        assert_eq!(standing.written(&session("a")), None, "the log has lost it");
        assert_eq!(standing.written(&session("b")), None);
    }
}
