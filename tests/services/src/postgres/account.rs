//! As whom the server runs.

use std::process::Command;

/// PostgreSQL does not run as root.
#[derive(Clone, Copy)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Account {
    /// Nothing where we are not root; else the account that Debian's package makes, or `nobody`.
    pub(super) fn choose() -> Option<Self> {
        let id = |arguments: &[&str]| -> Option<u32> {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        if id(&["-u"])? != 0 {
            return None;
        }
        let of = |name: &str| Some(Self { user: id(&["-u", name])?, group: id(&["-g", name])? });
        Some(of("postgres").or_else(|| of("nobody")).expect("an account that PostgreSQL can run as"))
    }
}
