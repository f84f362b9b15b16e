//! How many sockets a measurement may have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// So many clients, or as many as the descriptors that this process may have: two for each, here and in the gateway.
#[must_use]
pub fn room_for(wanted: usize) -> usize {
    let most = u64::try_from(wanted * 2 + SPARE).ok();
    if getrlimit(Resource::Nofile).current < most {
        // Only the superuser may have more than the maximum; others get that.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    let have = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    wanted.min(have.saturating_sub(SPARE) / 2)
}

const SPARE: usize = 1000;
