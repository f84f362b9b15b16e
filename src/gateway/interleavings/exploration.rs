//! Many runs of one scene, each in another order.

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, MaxSteps, Runner};

/// Runs the scene in random orders, and in orders with few switches, which is what most faults need.
pub(super) fn explore(scene: impl Fn() + Clone + Send + Sync + 'static) {
    let orders = std::env::var("INTERLEAVINGS").map_or(ORDERS, |text| text.parse().unwrap());
    let mut config = Config::new();
    config.stack_size = STACK;
    config.max_steps = MaxSteps::FailAfter(20_000);
    Runner::new(RandomScheduler::new(orders / 2), config.clone()).run(scene.clone());
    Runner::new(PctScheduler::new(SWITCHES, orders / 2), config).run(scene);
}

const ORDERS: usize = 200;
const SWITCHES: usize = 3;
/// Signatures are verified on it.
const STACK: usize = 512 * 1024;
