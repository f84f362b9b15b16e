//! Whether somebody is dead, with 1,000,000 ended sessions in memory.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_scene::{Folder, Outcome, Provider, memory};
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
    let before = memory("self")?;
    for number in 0..DEAD {
        standing.learn(&ended(&provider, number));
    }
    let grown = memory("self")?.saturating_sub(before);
    let one = identities.first().ok_or("no identity")?;
    let warm = nanoseconds(LOOKS, |_| black_box(standing.revoked().death(one)));
    show("look-up of one session, 1,000,000 dead", &format!("{warm} ns"), "100 ns");
    let nobody = Standing::new(clock, DAY, DAY, Arc::new(Epoch::default()));
    nobody.learn(&ended(&provider, 0));
    let cold = random(&identities, nobody.revoked(), standing.revoked());
    show("look-up of random sessions, 1,000,000 dead", &format!("{cold} ns"), "300 ns");
    show("memory of a dead session", &format!("{} B", grown / DEAD), "");
    Ok(())
}

fn ended(provider: &Provider, number: usize) -> Change {
    let key = format!("{number:08x}-dead-4f4c-8f4e-000000000000").into();
    Change { issuer: provider.issuer().into(), kind: ChangeKind::Session, key, not_before: None }
}

/// In an order without pattern, so that the place where a session would be dead is in no cache. Its identity is: a request
/// has just read it, and here whoever knows of one death alone reads it first.
fn random(identities: &[Arc<Identity>], nobody: &Revoked, revoked: &Revoked) -> u128 {
    let mut took = 0;
    for round in 0..ROUNDS {
        let at = |turn: usize| identities.get((round * BATCH + turn).wrapping_mul(48_271) % identities.len());
        let look = |among: &Revoked, turn| at(turn).is_some_and(|identity| among.death(identity).is_some());
        nanoseconds(BATCH, |turn| look(nobody, turn));
        took += nanoseconds(BATCH, |turn| look(revoked, turn));
    }
    took / ROUNDS as u128
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

const DEAD: usize = 1_000_000;
const ALIVE: usize = 20_000;
const LOOKS: usize = 2_000_000;
const ROUNDS: usize = 2_000;
/// Few enough that their identities stay in the nearest cache.
const BATCH: usize = 32;
const DAY: Duration = Duration::from_secs(86_400);
