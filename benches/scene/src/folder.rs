//! A folder with the users database and the configuration; it goes when it is dropped.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::{Outcome, Provider};

/// The host that requests name.
pub const NAME: &str = "app.example.com";

/// What the gateway is known by at its issuer.
pub const SECRET: &str = "of the bench";

/// The files of one measurement.
pub struct Folder(TempDir);

impl Folder {
    /// Writes a configuration for this provider and this upstream: one worker thread, and one protected route
    /// among others.
    pub fn new(provider: &Provider, upstream: SocketAddr) -> Outcome<Self> {
        Self::of(provider.issuer(), upstream, None)
    }

    /// The same for any issuer, and with users in the database of that URL.
    pub fn of(issuer: &str, upstream: SocketAddr, users: Option<String>) -> Outcome<Self> {
        let folder = Self(tempfile::tempdir()?);
        let users = users.unwrap_or_else(|| format!("sqlite:{}", folder.database().display()));
        fs::write(folder.path().join("secret"), SECRET)?;
        let own = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
        fs::write(folder.certificate(), own.cert.pem())?;
        fs::write(folder.key(), own.signing_key.serialize_pem())?;
        fs::write(folder.config(), folder.text(issuer, upstream, &users))?;
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

    /// The certificate of the gateway's TLS, for [`NAME`].
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.path().join("tls.pem")
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.path().join("tls.key")
    }

    fn text(&self, issuer: &str, upstream: SocketAddr, users: &str) -> String {
        let secret = self.path().join("secret");
        let (certificate, key) = (self.certificate(), self.key());
        let (secret, certificate, key) = (secret.display(), certificate.display(), key.display());
        format!(
            r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
threads = 1
max_connections = 20000
max_connections_per_address = 20000

[server.tls]
listen = "127.0.0.1:0"
certificate = "{certificate}"
key = "{key}"

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
