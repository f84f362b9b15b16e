//! From samples to the table.

use std::io::Write;
use std::num::NonZero;
use std::time::Duration;

use bench_scene::Outcome;

use crate::variant::Variant;

/// One variant for a second, or once through.
pub(crate) struct Sample {
    name: &'static str,
    base: &'static str,
    goal: Option<f64>,
    /// When it was: samples of one turn were taken within seconds of each other.
    turn: usize,
    /// Microseconds of CPU time per request.
    cost: f64,
    /// Requests per second.
    rate: f64,
}

impl Sample {
    pub(crate) fn new(variant: &Variant, turn: usize, cpu: Duration, requests: usize, took: Duration) -> Self {
        let requests = u32::try_from(requests).map_or(f64::INFINITY, f64::from);
        Self {
            name: variant.name,
            base: variant.base,
            goal: variant.goal,
            turn,
            cost: cpu.as_secs_f64() * 1e6 / requests,
            rate: requests / took.as_secs_f64(),
        }
    }
}

/// Prints medians and, for the cost, the whole range. The ratio is the median of the ratios of every turn: a machine that
/// is slow for a while is slow for both.
pub(crate) fn print(options: &str, samples: &[Sample]) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    let cores = std::thread::available_parallelism().map_or(0, NonZero::get);
    writeln!(out, "{cores} cores, one worker thread for each proxy; {options}\n")?;
    writeln!(out, "{:<36}{:>10}{:>17}{:>9}{:>17}{:>13}", "", "CPU µs", "min – max", "× bare", "goal", "requests/s")?;
    let costs = |name: &'static str| samples.iter().filter(move |sample| sample.name == name).map(|sample| sample.cost);
    for (name, base, goal) in names(samples) {
        let costs = || costs(name);
        let rate = median(samples.iter().filter(|sample| sample.name == name).map(|sample| sample.rate));
        let (cost, least, most) = (median(costs()), costs().fold(f64::INFINITY, f64::min), costs().fold(0.0, f64::max));
        let ratio = median(ratios(samples, name, base));
        let goal = goal.map_or_else(String::new, |goal| {
            format!("≤ {goal:.2} {}", if ratio <= goal { "reached" } else { "MISSED" })
        });
        let range = format!("{least:.1} – {most:.1}");
        writeln!(out, "{name:<36}{cost:>10.1}{range:>17}{ratio:>9.2}{goal:>17}{rate:>13.0}")?;
    }
    Ok(())
}

/// What a variant cost in each turn, in terms of its base in that turn.
fn ratios(samples: &[Sample], name: &'static str, base: &'static str) -> impl Iterator<Item = f64> {
    let of = move |name: &'static str| samples.iter().filter(move |sample| sample.name == name);
    of(name).filter_map(move |one| Some(one.cost / of(base).find(|base| base.turn == one.turn)?.cost))
}

/// Every variant once, with its base and its goal.
fn names(samples: &[Sample]) -> Vec<(&'static str, &'static str, Option<f64>)> {
    let mut names: Vec<(&'static str, &'static str, Option<f64>)> = Vec::new();
    for sample in samples {
        if !names.iter().any(|(name, _, _)| *name == sample.name) {
            names.push((sample.name, sample.base, sample.goal));
        }
    }
    names
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
