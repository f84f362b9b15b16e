//! A folder with the users database and the configuration; it goes when it is dropped.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::{Outcome, Provider};

/// The files of one measurement.
pub struct Folder(TempDir);

impl Folder {
    /// Writes a configuration for this provider and this upstream: one worker thread, and one protected route
    /// among others.
    pub fn new(provider: &Provider, upstream: SocketAddr) -> Outcome<Self> {
        Self::with(provider, upstream, None)
    }

    /// The same with users in the database of that URL.
    pub fn with(provider: &Provider, upstream: SocketAddr, users: Option<String>) -> Outcome<Self> {
        let folder = Self(tempfile::tempdir()?);
        let users = users.unwrap_or_else(|| format!("sqlite:{}", folder.database().display()));
        fs::write(folder.path().join("secret"), "of the bench")?;
        fs::write(folder.config(), folder.text(provider.issuer(), upstream, &users))?;
        Ok(folder)
    }

    /// Brings the users database up to date, as an operator does.
    pub fn migrate(&self, binary: &Path) -> Outcome<()> {
        let migrated = Command::new(binary).arg("migrate").arg("--config").arg(self.config()).output()?;
        if migrated.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&migrated.stderr).into()) }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.path().join("doorward.toml")
    }

    /// The users database, where it is a file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path().join("users.db")
    }

    fn text(&self, issuer: &str, upstream: SocketAddr, users: &str) -> String {
        let secret = self.path().join("secret");
        let secret = secret.display();
        format!(
            r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
threads = 1

[keycloak]
issuer = "{issuer}"
client_id = "doorward"
client_secret = {{ file = "{secret}" }}
audience = "doorward"

[users]
database = "{users}"

[[upstream]]
name = "app"
servers = ["http://{upstream}"]

[[route]]
path = "/public/*"
upstream = "app"
access = "public"

[[route]]
path = "/admin/*"
upstream = "app"
any_role = ["admin"]

[[route]]
path = "/api/orders/{{id}}"
methods = ["GET", "PUT"]
upstream = "app"
any_permission = ["orders:read"]

[[route]]
path = "/*"
upstream = "app"
"#
        )
    }
}
