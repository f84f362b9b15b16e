//! A panic is a line of the log like any other, and says where in the code it was.
//!
//! The words of a panic are left out: they may hold what a request has brought.

use std::panic::PanicHookInfo;

use tracing::error;

use crate::stay::Guest;

/// From here on.
pub(super) fn log() {
    std::panic::set_hook(Box::new(note));
}

/// A panic in a request is logged by whoever catches it, once and with the request's id; of any other one nobody else
/// knows where it was.
fn note(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    match Guest::served() {
        Some(guest) => guest.broke(at),
        None => error!(at, "a panic"),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::Arc;

    use super::*;

    /// Hooks are the process's, so that the test is its own child.
    #[test]
    fn a_panic_is_one_line_with_its_place_and_without_its_words() {
        if std::env::var_os(CHILD).is_some() {
            return child();
        }
        let this = std::env::current_exe().unwrap();
        let name = "telemetry::panics::tests::a_panic_is_one_line_with_its_place_and_without_its_words";
        let child = Command::new(this).args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let errors = String::from_utf8(child.stderr).unwrap();
        assert!(child.status.success(), "{errors}");
        assert!(!errors.contains("secret"), "{errors}");
        let lines: Vec<serde_json::Value> = errors.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{errors}");
        assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&"ERROR".into(), &"a panic".into()));
        assert!(lines[0]["at"].as_str().unwrap().starts_with(file!()), "{errors}");
    }

    fn child() {
        let sink = crate::telemetry::start();
        std::thread::spawn(|| panic!("a secret of {}", "somebody")).join().unwrap_err();
        let guest = Arc::new(Guest::default());
        let request = Arc::clone(&guest).serve(async { panic!("another secret of {}", "somebody") });
        std::thread::spawn(|| futures_util::FutureExt::now_or_never(request)).join().unwrap_err();
        assert!(guest.broke_at().unwrap().starts_with(file!()));
        sink.finish();
    }

    const CHILD: &str = "DOORWARD_TEST_PANICS";
}
