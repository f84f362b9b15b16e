//! Whether somebody is dead, with 1,000,000 ended sessions in memory.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_scene::{Folder, Outcome, Provider};
use doorward::clock::Clock;
use doorward::config::Settings;
use doorward::identity::{Identities, Identity, TokenMetrics};
use doorward::rights::Epoch;
use doorward::standing::{Revoked, Standing};
use doorward::store::{Change, ChangeKind};
use prometheus::Registry;

use crate::keys::keys;
use crate::show;

pub(crate) async fn measure() -> Outcome<()> {
    let provider = Provider::start()?;
    let clock = Clock::system();
    let standing = Standing::new(clock.clone(), DAY, DAY, Arc::new(Epoch::default()));
    let identities = prove(&provider, &clock).await?;
    let before = memory()?;
    for number in 0..DEAD {
        standing.learn(&Change {
            issuer: provider.issuer().into(),
            kind: ChangeKind::Session,
            key: format!("{number:08x}-dead-4f4c-8f4e-000000000000").into(),
            not_before: None,
        });
    }
    let grown = memory()?.saturating_sub(before);
    let one = identities.first().ok_or("no identity")?;
    let warm = nanoseconds(LOOKS, |_| black_box(standing.revoked().death(one)));
    show("look-up of one session, 1,000,000 dead", &format!("{warm} ns"), "100 ns");
    let cold = nanoseconds(identities.len() * 5, |turn| looked_up(standing.revoked(), &identities, turn));
    show("look-up of random sessions, 1,000,000 dead", &format!("{cold} ns"), "300 ns");
    show("memory of a dead session", &format!("{} B", grown * 1024 / DEAD), "");
    Ok(())
}

/// In an order without pattern: every identity, and the place where its session would be dead, is in no cache.
fn looked_up(revoked: &Revoked, identities: &[Arc<Identity>], turn: usize) -> bool {
    let at = turn.wrapping_mul(48_271) % identities.len();
    identities.get(at).is_some_and(|identity| revoked.death(identity).is_some())
}

fn nanoseconds<T>(turns: usize, mut look: impl FnMut(usize) -> T) -> u128 {
    let began = Instant::now();
    for turn in 0..turns {
        black_box(look(turn));
    }
    began.elapsed().as_nanos() / turns.max(1) as u128
}

async fn prove(provider: &Provider, clock: &Clock) -> Outcome<Vec<Arc<Identity>>> {
    let folder = Folder::new(provider, ([127, 0, 0, 1], 9).into())?;
    let (settings, _) = Settings::load(&folder.config(), &|name| std::env::var(name).ok())?;
    let (issuer, registry) = (settings.keycloak, Registry::new());
    let keys = keys(&issuer, clock, &registry).await?;
    let identities = Identities::new(vec![(issuer, keys)], 0, TokenMetrics::new(&registry)?);
    let mut proven = Vec::with_capacity(ALIVE);
    for token in provider.mint().tokens(0..ALIVE, ALIVE)? {
        proven.push(identities.prove_bearer(&token, clock.wall()).await?);
    }
    Ok(proven)
}

/// Resident memory in KiB.
fn memory() -> Outcome<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

const DEAD: usize = 1_000_000;
const ALIVE: usize = 20_000;
const LOOKS: usize = 2_000_000;
const DAY: Duration = Duration::from_secs(86_400);
