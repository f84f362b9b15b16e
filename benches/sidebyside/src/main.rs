//! The gateway beside a bare Pingora proxy: the same upstream, the same load, one worker thread each. What counts
//! is the CPU time of the proxy's process per request; the load generator shares the cores and disturbs only the
//! wall clock.

mod idle;
mod load;
mod report;
mod secure;
mod upstream;
mod users;
mod variant;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bench_scene::{Folder, Outcome, Process, Provider};
use clap::Parser;

use load::{Length, Load, Played};
use report::{Sample, print};
use upstream::Upstream;
use users::Users;
use variant::{Side, Variant, Variants};

/// Measure the gateway beside a bare proxy.
#[derive(Parser)]
struct Options {
    /// Rounds; each measures every variant once, with fresh processes.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each variant in a round, one at a time, so that what disturbs the machine disturbs all of them.
    #[arg(long = "seconds", default_value_t = 4)]
    slices: usize,
    /// Users, and tokens in rotation.
    #[arg(long, default_value_t = 10_000)]
    users: usize,
    /// Tokens that are seen for the first time, all of them once in a round.
    #[arg(long, default_value_t = 60_000)]
    fresh: usize,
    /// Connections at once.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Keep the users in a PostgreSQL server that is started for the run.
    #[arg(long)]
    postgres: bool,
    /// Connections that stay idle.
    #[arg(long, default_value_t = 5_000)]
    idle: usize,
    /// Ended sessions that the gateway knows of.
    #[arg(long, default_value_t = 0)]
    dead: usize,
    /// Only the variants whose names hold this text, beside the bare proxy.
    #[arg(long, default_value = "")]
    only: String,
    /// The binary to measure; that of a plain release build unless told.
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Measure nothing: play every variant to this binary, which was built to count what it does, and end it well.
    #[arg(long, conflicts_with = "gateway")]
    train: Option<PathBuf>,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let binaries = Binaries::of(&options)?;
    let mut load = Load::new(options.connections)?;
    let upstream = Upstream::start(load.runtime())?;
    let provider = Provider::start()?;
    let users = Users::start(options.postgres);
    let folder = Folder::of(provider.issuer(), upstream.address(), users.url())?;
    load.trust(&folder)?;
    folder.migrate(&binaries.gateway)?;
    users.fill(&folder, &provider, options.users, options.dead)?;
    let variants = Variants::mint(&provider, options.users, options.fresh, options.dead)?;
    if options.train.is_some() {
        return train(&options, &binaries, &folder, &variants, &load);
    }
    let mut samples = Vec::new();
    for round in 0..options.rounds {
        samples.extend(measure(round, &options, &binaries, &folder, &upstream, &variants, &load)?);
    }
    print(&options_text(&options), &samples)?;
    let gateway = Process::gateway(&binaries.gateway, &folder)?;
    idle::measure(options.idle, &gateway, variants.known()?, &load)
}

/// What is measured.
struct Binaries {
    gateway: PathBuf,
    bare: PathBuf,
}

impl Binaries {
    /// Those that the options name; else those of a release build, as they are now.
    fn of(options: &Options) -> Outcome<Self> {
        let folder = std::env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default();
        let bare = folder.join("bare-proxy");
        let given = options.gateway.as_ref().or(options.train.as_ref());
        match (&options.train, given) {
            // It needs no bare proxy.
            (Some(_), _) => {}
            (None, Some(_)) => build(&["bare-proxy"])?,
            (None, None) => build(&["bare-proxy", "doorward"])?,
        }
        Ok(Self { gateway: given.cloned().unwrap_or_else(|| folder.join("doorward")), bare })
    }
}

fn build(packages: &[&str]) -> Outcome<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--quiet", "--bins"]);
    let built = command.args(packages.iter().flat_map(|package| ["--package", package])).status()?;
    if built.success() { Ok(()) } else { Err("the binaries could not be built".into()) }
}

/// Shows a gateway what it will have to do, for so many rounds.
fn train(options: &Options, binaries: &Binaries, folder: &Folder, variants: &Variants, load: &Load) -> Outcome<()> {
    for _ in 0..options.rounds {
        let gateway = Process::gateway(&binaries.gateway, folder)?;
        load.warm(&gateway, variants.known()?)?;
        for variant in variants.all().iter().filter(|variant| variant.side == Side::Gateway) {
            let length = if variant.once { Length::Once } else { Length::Time(SLICE) };
            load.play(&gateway, variant, length)?;
        }
        gateway.stop()?;
    }
    Ok(())
}

/// One round: fresh processes, warmed, then one variant after the other for a second each, again and again.
fn measure(
    round: usize,
    options: &Options,
    binaries: &Binaries,
    folder: &Folder,
    upstream: &Upstream,
    variants: &Variants,
    load: &Load,
) -> Outcome<Vec<Sample>> {
    let bare = Process::bare(&binaries.bare, folder, upstream.address())?;
    let gateway = Process::gateway(&binaries.gateway, folder)?;
    let of = |variant: &Variant| match variant.side {
        Side::Bare => &bare,
        Side::Gateway => &gateway,
    };
    let known = variants.known()?;
    load.warm(&bare, known)?;
    load.warm(&gateway, known)?;
    if !upstream.last_head().windows(ENRICHED.len()).any(|window| window.eq_ignore_ascii_case(ENRICHED)) {
        return Err("the gateway does not enrich".into());
    }
    let named = |variant: &&Variant| variant.side == Side::Gateway && variant.name.contains(&options.only);
    let bases: Vec<_> = variants.all().iter().filter(named).map(|variant| variant.base).collect();
    let wanted = |variant: &&Variant| named(variant) || bases.contains(&variant.name);
    let all: Vec<_> = variants.all().iter().filter(wanted).collect();
    let mut samples = Vec::new();
    for slice in 0..options.slices {
        let turn = round * options.slices + slice;
        for variant in all.iter().cycle().skip(round + slice).take(all.len()).filter(|it| slice == 0 || !it.once) {
            let length = if variant.once { Length::Once } else { Length::Time(SLICE) };
            let before = of(variant).cpu()?;
            let Played { requests, took } = load.play(of(variant), variant, length)?;
            let cpu = of(variant).cpu()?.saturating_sub(before);
            samples.push(Sample::new(variant, turn, cpu, requests, took));
        }
    }
    Ok(samples)
}

fn options_text(options: &Options) -> String {
    let store = if options.postgres { "PostgreSQL" } else { "SQLite" };
    format!(
        "{} rounds of {} s, {} connections, {} users on {store} with one token each in rotation, {} tokens seen for the \
         first time, {} ended sessions",
        options.rounds, options.slices, options.connections, options.users, options.fresh, options.dead
    )
}

const SLICE: Duration = Duration::from_secs(1);
const ENRICHED: &[u8] = b"x-auth-permissions: orders:read,orders:write,reports:read\r\n";
