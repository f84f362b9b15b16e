//! Wall and boot time. The only place where a clock is read.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A point of wall-clock time, in whole seconds since the Unix epoch, as the claims of a token count it
/// (`NumericDate`, RFC 7519 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This moment moved forward; saturates at the end of time.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_secs()))
    }

    /// The time that has passed since `earlier`; zero where `earlier` lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

/// A point of `CLOCK_BOOTTIME`: it never steps back and goes on while the machine sleeps, so a span measured
/// with it is never too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boot(Duration);

impl Boot {
    /// This moment moved forward.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// The time that has passed since `earlier`; zero where `earlier` lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Nanoseconds since boot, for keeping a moment in an atomic.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The moment that `as_nanos` gave.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        Self(Duration::from_nanos(nanos))
    }
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    #[cfg(test)]
    Manual(std::sync::Arc<crate::sync::AtomicU64>),
}

impl Clock {
    /// The clocks of this machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The wall clock.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(seconds(ClockId::Realtime).as_secs()),
            #[cfg(test)]
            Source::Manual(milliseconds) => {
                Timestamp(Self::MANUAL_EPOCH + milliseconds.load(std::sync::atomic::Ordering::SeqCst) / 1000)
            }
        }
    }

    /// The monotonic clock: it stands still while the machine sleeps, as the clock of the caches does. What must
    /// outlive a cache entry is measured with it.
    #[must_use]
    pub fn steady(&self) -> Boot {
        match &self.0 {
            Source::System => Boot(seconds(ClockId::Monotonic)),
            #[cfg(test)]
            Source::Manual(_) => self.boot(),
        }
    }

    /// The boot clock.
    #[must_use]
    pub fn boot(&self) -> Boot {
        match &self.0 {
            Source::System => Boot(seconds(ClockId::Boottime)),
            #[cfg(test)]
            Source::Manual(milliseconds) => {
                Boot(Duration::from_millis(milliseconds.load(std::sync::atomic::Ordering::SeqCst)))
            }
        }
    }
}

#[cfg(test)]
impl Clock {
    /// Where the wall clock of a manual clock begins.
    pub(crate) const MANUAL_EPOCH: u64 = 1_800_000_000;

    /// A clock that moves only when it is told to.
    pub(crate) fn manual() -> Self {
        Self(Source::Manual(std::sync::Arc::default()))
    }

    /// Moves a manual clock, and all its clones.
    pub(crate) fn advance(&self, span: Duration) {
        let Source::Manual(milliseconds) = &self.0 else { panic!("only a manual clock can be moved") };
        let step = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        milliseconds.fetch_add(step, std::sync::atomic::Ordering::SeqCst);
    }
}

fn seconds(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}
