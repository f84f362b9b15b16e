//! What a run prints: the wrong cases, a line per class, and the sum.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;

use crate::case::{Case, Verdict};

/// The counts so far.
pub struct Report {
    verbose: bool,
    classes: Mutex<BTreeMap<String, Counts>>,
    wrong: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Counts {
    right: usize,
    wrong: usize,
    not_run: usize,
}

impl Report {
    /// An empty one; a verbose one names the cases that are not run.
    pub fn new(verbose: bool) -> Self {
        Self { verbose, classes: Mutex::default(), wrong: Mutex::default() }
    }

    /// Counts a case, and says at once what was wrong with it.
    pub fn add(&self, case: &Case, verdict: Verdict) {
        let mut classes = self.classes.lock().unwrap();
        let counts = classes.entry(case.class().to_owned()).or_default();
        match verdict {
            Verdict::Right => counts.right += 1,
            Verdict::Wrong(lines) => {
                counts.wrong += 1;
                let mut text = format!("WRONG {} {}: {}", case.id(), case.class(), case.title());
                for line in lines {
                    text.push_str("\n    ");
                    text.push_str(&line);
                }
                println!("{text}");
                self.wrong.lock().unwrap().push(text);
            }
            Verdict::NotRun(reason) => {
                counts.not_run += 1;
                if self.verbose {
                    println!("not run: {} {}: {} ({reason})", case.id(), case.class(), case.title());
                }
            }
        }
    }

    /// Prints the sums, what was wrong once more for who sees the end alone, and gives the exit code.
    pub fn print(&self) -> ExitCode {
        let classes = self.classes.lock().unwrap();
        println!();
        for (class, counts) in classes.iter() {
            println!("{class:<32} right {:>3}, wrong {:>3}, not run {:>3}", counts.right, counts.wrong, counts.not_run);
        }
        for text in self.wrong.lock().unwrap().iter() {
            println!("{text}");
        }
        let sum = |count: fn(&Counts) -> usize| classes.values().map(count).sum::<usize>();
        let wrong = sum(|counts| counts.wrong);
        println!("right {}, wrong {wrong}, not run {}", sum(|counts| counts.right), sum(|counts| counts.not_run));
        ExitCode::from(u8::from(wrong > 0))
    }
}
