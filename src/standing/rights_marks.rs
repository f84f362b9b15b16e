//! How new a principal must be: the last change of everybody's rights, of a subject's, and of the catalogue.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::{Boot, Clock};
use crate::identity::Subject;
use crate::store::{Change, ChangeKind, Position};
use crate::sync::{AtomicI64, HashMap};

/// The log positions that principals are measured against. A mark of a subject is forgotten when every
/// principal that was loaded before it is gone from the cache.
#[derive(Debug, Default)]
pub struct RightsMarks {
    subjects: HashMap<Subject, Mark>,
    /// The last change of any one subject's rights.
    anybody: AtomicI64,
    everybody: AtomicI64,
    catalogue: AtomicI64,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    position: Position,
    until: Boot,
}

impl RightsMarks {
    /// Learns of a change; kinds that touch no rights are passed over.
    pub fn learn(&self, change: &Change, position: Position, clock: &Clock) {
        match change.kind {
            ChangeKind::Rights if &*change.key == "*" => self.raise(&self.everybody, position),
            ChangeKind::Rights => {
                let subject = Subject::new(change.issuer.clone(), change.key.clone());
                let fresh = Mark { position, until: clock.steady().plus(KEEP) };
                self.subjects.pin().update_or_insert(
                    subject,
                    |old| Mark { position: old.position.max(position), until: fresh.until },
                    fresh,
                );
                // After the subject's own mark: whoever sees this one finds that one.
                self.raise(&self.anybody, position);
            }
            ChangeKind::Catalogue => self.raise(&self.catalogue, position),
            ChangeKind::Session
            | ChangeKind::Handle
            | ChangeKind::Token
            | ChangeKind::Subject
            | ChangeKind::Client
            | ChangeKind::Realm => {}
        }
    }

    /// The position that a load of this subject must have seen.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> Position {
        let everybody = Position(self.everybody.load(Ordering::Acquire));
        self.subjects.pin().get(subject).map_or(everybody, |mark| everybody.max(mark.position))
    }

    /// Whether a load of this subject is too old, and what it must have seen. Most are newer than any change of
    /// anybody's rights; then nobody is searched for.
    #[must_use]
    pub fn overtaken(&self, subject: &Subject, as_of: Position) -> Option<Position> {
        let newest = self.anybody.load(Ordering::Acquire).max(self.everybody.load(Ordering::Acquire));
        if as_of >= Position(newest) {
            return None;
        }
        Some(self.subject(subject)).filter(|required| as_of < *required)
    }

    /// The position that a load of the catalogue must have seen.
    #[must_use]
    pub fn catalogue(&self) -> Position {
        Position(self.catalogue.load(Ordering::Acquire))
    }

    /// Forgets everything: positions of another log mean nothing.
    pub fn clear(&self) {
        self.subjects.pin().clear();
        self.anybody.store(0, Ordering::Release);
        self.everybody.store(0, Ordering::Release);
        self.catalogue.store(0, Ordering::Release);
    }

    /// Forgets the marks that no cached principal can be older than.
    pub fn sweep(&self, clock: &Clock) {
        let now = clock.steady();
        self.subjects.pin().retain(|_, mark| mark.until > now);
    }

    fn raise(&self, mark: &AtomicI64, position: Position) {
        mark.fetch_max(position.0, Ordering::AcqRel);
    }
}

/// Twice the life of a cached principal: room for a load that was long in flight.
const KEEP: Duration = crate::rights::KEEP_AT_MOST.saturating_mul(2);
