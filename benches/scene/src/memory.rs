//! The memory of a process.

use std::fs;

use crate::Outcome;

/// What a process (`self`, or its number) has in bytes: what is resident of it, and what was.
pub fn memory(process: &str) -> Outcome<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse::<usize>().ok()
    };
    let (resident, swapped) = (field("VmRSS").ok_or("no VmRSS")?, field("VmSwap").unwrap_or(0));
    Ok((resident + swapped) * 1024)
}
