//! `doorward run`: the gateway.

use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use super::{say, sentence};
use crate::app::{self, Ended};
use crate::config::{Settings, Source};
use crate::telemetry;

/// Runs the gateway until it is told to stop; the source is read again on a reload.
pub fn run(settings: Settings, source: Source) -> ExitCode {
    let runtime = match runtime(settings.server.threads) {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("doorward: cannot start threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let sink = telemetry::start();
    let ended = runtime.block_on(app::serve(settings, Some(source), sink.clone(), Box::new(|_| ())));
    sink.finish();
    match ended {
        Ok(Ended::Stopped) => ExitCode::SUCCESS,
        Ok(Ended::Lost(_)) => ExitCode::FAILURE,
        Err(error) => {
            say(&sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// The runtime of the gateway. One thread has nobody to share its work with, and need not be ready to.
pub(super) fn runtime(threads: usize) -> std::io::Result<Runtime> {
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(threads).thread_name("gateway").enable_all().build()
}

#[cfg(test)]
mod tests {
    use tokio::runtime::RuntimeFlavor;

    use super::*;

    #[test]
    fn one_thread_has_a_scheduler_of_its_own() {
        for (threads, flavor) in [(1, RuntimeFlavor::CurrentThread), (2, RuntimeFlavor::MultiThread)] {
            assert_eq!(runtime(threads).unwrap().handle().runtime_flavor(), flavor);
        }
    }
}
