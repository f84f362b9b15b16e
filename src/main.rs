//! The `doorward` command.

use std::process::ExitCode;

/// A bare proxy costs 0.86 of what it costs with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    doorward::cli::run()
}
