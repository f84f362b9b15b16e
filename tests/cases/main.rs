//! Runs the hostile cases of a file against the built gateway: `cargo test --test cases -- [-v] [--all] [FILE]`.
//!
//! `-v` names the cases that are not run, `--all` tries the classes of later issues too, `--dry` only builds what would
//! be sent; `CASES=FILE` names the file, and `ONLY=JWT-1` or `ONLY=path.` picks cases by the beginning of id or class.
//! The last line says how many were right, wrong and not run; the exit code is 1 where any was wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "test code"
)]

mod case;
mod observation;
mod plan;
mod prose;
mod rename;
mod report;
mod scripted;
mod shot;
mod single;
#[allow(dead_code, reason = "shared by two test binaries")]
#[path = "../support/mod.rs"]
mod support;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use case::{Case, Verdict};
use report::Report;
use shot::Shot;
use single::Stage;
use support::signature::Unknown;
use support::words::Words;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // Cargo asks every test binary for its tests; this one is a runner and has none to list.
    if has("--list") {
        return ExitCode::SUCCESS;
    }
    let shipped = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/cases.json"));
    let named = arguments.iter().find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let file = named.or_else(|| std::env::var_os("CASES").filter(|file| !file.is_empty()).map(PathBuf::from));
    let foreign = file.is_some();
    let cases = case::read(&file.unwrap_or(shipped), std::env::var("ONLY").ok().as_deref());
    let report = Report::new(has("-v"));
    let plan = plan::Plan { foreign, all: has("--all") };
    if has("--dry") {
        return run_dry(&cases, &report);
    }
    // What a script asserts is printed with its case.
    std::panic::set_hook(Box::new(|_| {}));
    let (single, rest): (Vec<_>, Vec<_>) = cases.into_iter().partition(Case::is_single);
    let scripted: Mutex<VecDeque<Case>> = Mutex::new(rest.into());
    thread::scope(|scope| {
        scope.spawn(|| run_single(&single, &plan, &report));
        for _ in 0..WORKERS {
            scope.spawn(|| run_scripted(&scripted, &plan, &report));
        }
    });
    report.print()
}

/// One gateway for all cases that are one request each, one after the other; one more where Keycloak has a part.
fn run_single(cases: &[Case], plan: &plan::Plan, report: &Report) {
    let stage = std::cell::LazyCell::new(Stage::new);
    let with_keycloak = std::cell::LazyCell::new(Stage::with_keycloak);
    for case in cases {
        let judge = || if case.class().starts_with("api.") { with_keycloak.judge(case) } else { stage.judge(case) };
        let verdict = plan.reason_against(case).map_or_else(judge, Verdict::NotRun);
        report.add(case, verdict);
    }
}

fn run_dry(cases: &[Case], report: &Report) -> ExitCode {
    let words = Words::new("http://127.0.0.1:7/realms/cases");
    for case in cases.iter().filter(|case| case.is_single()) {
        let built = Shot::of(&case.entry, &words);
        report.add(case, built.map_or_else(|Unknown(word)| Verdict::NotRun(word), |_| Verdict::Right));
    }
    report.print()
}

fn run_scripted(cases: &Mutex<VecDeque<Case>>, plan: &plan::Plan, report: &Report) {
    loop {
        let Some(case) = cases.lock().unwrap().pop_front() else { return };
        let verdict = plan.reason_against(&case).map_or_else(|| scripted::judge(&case), Verdict::NotRun);
        report.add(&case, verdict);
    }
}

/// Scripted cases wait for clocks more than they compute.
const WORKERS: usize = 8;
