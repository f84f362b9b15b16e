//! A real Keycloak: one that all tests share, or one of a test's own to stop, freeze and start again.

mod admin;
mod process;
mod realm;

use std::sync::{Arc, OnceLock};

pub use admin::Admin;
pub use process::free_port;
pub use realm::Realm;

use process::Process;

/// A server with nothing but its realm `master`. A realm of a test's own comes from [`Keycloak::realm`].
pub struct Keycloak {
    url: String,
    admin: Arc<Admin>,
    process: Option<Process>,
}

impl Keycloak {
    /// The server that `DOORWARD_TEST_KEYCLOAK` names; without it, one that this process starts on the first call and
    /// that ends with this process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Keycloak> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(url) => Self { admin: Arc::new(Admin::new(&url)), url, process: None },
            Err(_) => Self::start(),
        })
    }

    /// A server of the caller's own; it ends when it is dropped, and when this process ends in any way.
    pub fn start() -> Self {
        let process = Process::start();
        let url = process.url();
        Self { admin: Arc::new(Admin::new(&url)), url, process: Some(process) }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new realm made of `keycloak/realm.json`, with the people of `keycloak/users.dev.json`.
    pub fn realm(&self) -> Realm {
        Realm::make(Arc::clone(&self.admin), |_| {})
    }

    /// The same, with changes of the realm file.
    pub fn realm_with(&self, change: impl FnOnce(&mut serde_json::Value)) -> Realm {
        Realm::make(Arc::clone(&self.admin), change)
    }

    /// Stops every thread of the server: connections are taken, and nothing is answered (SIGSTOP).
    pub fn pause(&self) {
        self.own().signal("STOP");
    }

    /// Lets the server go on (SIGCONT).
    pub fn resume(&self) {
        self.own().signal("CONT");
    }

    /// Stops the server and keeps its data.
    pub fn stop(&mut self) {
        self.process.as_mut().expect(NOT_OURS).stop();
    }

    /// Starts the server again, where it was and with the data that it had.
    pub fn start_again(&mut self) {
        self.process.as_mut().expect(NOT_OURS).launch().expect("Keycloak starts again");
    }

    fn own(&self) -> &Process {
        self.process.as_ref().expect(NOT_OURS)
    }
}

/// Names a server that runs already.
pub const VARIABLE: &str = "DOORWARD_TEST_KEYCLOAK";
const NOT_OURS: &str = "only a server of one's own is stopped: Keycloak::start";
