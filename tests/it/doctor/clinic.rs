//! A realm of a real Keycloak, a users database and an application, with the settings that tie them together; and a doctor
//! who looks at them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_services::keycloak::{Keycloak, Realm};

use super::kcadm;
use crate::keycloak::world::text;
use crate::support::gateway::{Gateway, doorward, free_address, run};
use crate::support::recorder::Recorder;
use crate::support::setup::write_secret;

/// What a doctor looks at.
pub struct Clinic {
    pub realm: Realm,
    pub upstream: Recorder,
    /// Where a gateway would take requests.
    pub listen: SocketAddr,
    admin_listen: SocketAddr,
    /// The configuration; texts in it may be replaced.
    pub config: String,
    directory: TempDir,
}

/// What a doctor said.
#[derive(Debug)]
pub struct Diagnosis {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Clinic {
    /// Everything as it should be, but that no gateway runs.
    pub fn open() -> Self {
        Self::with(|_| {})
    }

    /// The same with a change of the realm.
    pub fn with(change: impl FnOnce(&mut Value)) -> Self {
        let (listen, admin_listen) = (free_address(), free_address());
        let realm = Keycloak::shared().realm_with(|realm| {
            let name = realm["realm"].as_str().unwrap().to_owned();
            let file = realm.to_string().replace("127.0.0.1:8000", &listen.to_string());
            *realm = serde_json::from_str(&file.replace("/auth/keycloak/doorward", &format!("/auth/keycloak/{name}")))
                .unwrap();
            realm["clients"][0]["directAccessGrantsEnabled"] = json!(false);
            change(realm);
        });
        let (directory, upstream) = (tempfile::tempdir().unwrap(), Recorder::start());
        write_secret(&directory.path().join("client-secret"), "doorward-secret");
        let config = CONFIG
            .replace("ADMIN_LISTEN", &admin_listen.to_string())
            .replace("LISTEN", &listen.to_string())
            .replace("ISSUER", &realm.issuer())
            .replace("DIRECTORY", directory.path().to_str().unwrap())
            .replace("UPSTREAM", &upstream.url());
        let clinic = Self { realm, upstream, listen, admin_listen, config, directory };
        let migrated = run(&["migrate", "--config", clinic.file().to_str().unwrap()]);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        clinic
    }

    /// Starts the gateway of these settings.
    pub fn start(&self) -> Gateway {
        let gateway = Gateway::start(&self.file());
        assert_eq!((gateway.address, gateway.admin), (self.listen, self.admin_listen));
        gateway
    }

    /// Replaces a text of the configuration.
    pub fn replace(&mut self, old: &str, new: &str) {
        assert!(self.config.contains(old), "{old}");
        self.config = self.config.replace(old, new);
    }

    /// A file in the clinic's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the doctor says, as JSON.
    pub fn examine(&self, arguments: &[&str]) -> Diagnosis {
        self.look(&[&["--json"], arguments].concat(), "")
    }

    /// The same with an administrator's eyes.
    pub fn examine_as_administrator(&self) -> Diagnosis {
        self.look(&["--json", "--admin-user", "admin"], "admin\n")
    }

    /// What the doctor says, given something on standard input.
    pub fn look(&self, arguments: &[&str], input: &str) -> Diagnosis {
        let file = self.file();
        let arguments: Vec<&OsStr> = std::iter::once("doctor")
            .chain(arguments.iter().copied())
            .map(OsStr::new)
            .chain(["--config".as_ref(), file.as_os_str()])
            .collect();
        let mut child = doorward(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who asks for nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Diagnosis {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Does what a line says that the doctor has named, as the administrator of the server.
    pub fn type_in(&self, line: &str) {
        let client = self.client("doorward");
        kcadm::carry_out(&self.realm, text(&client, "id"), line);
    }

    /// Types lines into a shell with the real `kcadm.sh`, which takes some seconds for each.
    pub fn type_into_a_shell(&self, lines: &[String]) {
        let root = env!("CARGO_MANIFEST_DIR");
        let server = self.realm.issuer().split("/realms/").next().unwrap().to_owned();
        let script = format!(
            "set -eu\nkcadm.sh() {{ '{root}/tools/keycloak' kcadm \"$@\" --config '{}'; }}\n\
             kcadm.sh config credentials --server {server} --realm master --user admin --password admin\n{}",
            self.path("kcadm").display(),
            lines.join("\n"),
        );
        let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
        assert!(output.status.success(), "{lines:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Changes the client `doorward`.
    pub fn set_client(&self, change: impl FnOnce(&mut Value)) {
        self.set_client_of("doorward", change);
    }

    /// Changes a client.
    pub fn set_client_of(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut client = self.client(name);
        change(&mut client);
        self.realm.put(&format!("clients/{}", text(&client, "id")), &client);
    }

    /// A client as Keycloak has it.
    pub fn client(&self, name: &str) -> Value {
        self.realm.get(&format!("clients?clientId={name}"))[0].clone()
    }

    /// The findings of that check, and nobody else's, are of this verdict; its line for `kcadm.sh` mends it.
    pub fn is_mended_by_its_line(&self, check: &str, verdict: &str, examine: impl Fn(&Self) -> Diagnosis) {
        let before = examine(self);
        let finding = before.only(check);
        assert_eq!(finding["verdict"], verdict, "{check}: {}", before.output);
        assert_eq!(before.code, Some(i32::from(before.json()["counts"]["fail"] != 0)), "{}", before.output);
        let line = before.line(check);
        self.type_in(&line);
        let after = examine(self);
        assert_eq!(after.only(check)["verdict"], "ok", "{line} did not mend {check}: {}", after.output);
    }

    fn file(&self) -> PathBuf {
        let file = self.path("doorward.toml");
        fs::write(&file, &self.config).unwrap();
        file
    }
}

impl Diagnosis {
    /// The whole document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Every finding.
    pub fn findings(&self) -> Vec<Value> {
        self.json()["findings"].as_array().unwrap().clone()
    }

    /// The findings that are neither well nor untried.
    pub fn complaints(&self) -> Vec<Value> {
        self.findings().into_iter().filter(|one| one["verdict"] == "fail" || one["verdict"] == "warn").collect()
    }

    /// The one finding of a check.
    pub fn only(&self, check: &str) -> Value {
        let mut found: Vec<Value> = self.findings().into_iter().filter(|one| one["check"] == check).collect();
        assert_eq!(found.len(), 1, "{check}: {self:?}");
        found.remove(0)
    }

    /// The line for `kcadm.sh` of a check.
    pub fn line(&self, check: &str) -> String {
        let finding = self.only(check);
        let line = finding["remedies"].as_array().unwrap().iter().find(|remedy| remedy["kind"] == "kcadm");
        text(line.unwrap_or_else(|| panic!("{check} has no line for kcadm.sh: {finding}")), "text").to_owned()
    }

    /// The verdict of the one finding of a check.
    pub fn verdict(&self, check: &str) -> String {
        text(&self.only(check), "verdict").to_owned()
    }

    /// Whether a remedy of the check holds that text.
    pub fn advises(&self, check: &str, part: &str) -> bool {
        let found = self.only(check);
        found["remedies"].as_array().unwrap().iter().any(|remedy| text(remedy, "text").contains(part))
    }
}

const CONFIG: &str = r#"
[server]
listen = "LISTEN"
admin_listen = "ADMIN_LISTEN"

[keycloak]
issuer = "ISSUER"
client_id = "doorward"
client_secret = { file = "DIRECTORY/client-secret" }
audience = "doorward"
allowed_clients = ["doorward", "spa"]

[users]
database = "sqlite:DIRECTORY/users.db"

[[upstream]]
name = "app"
servers = ["UPSTREAM"]

[[route]]
path = "/*"
upstream = "app"
"#;
