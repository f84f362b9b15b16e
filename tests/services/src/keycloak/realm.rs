//! A realm of a test's own.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Admin;

/// A realm of a server, made of the files that everybody imports.
pub struct Realm {
    name: String,
    admin: Arc<Admin>,
    people: Value,
}

impl Realm {
    pub(super) fn make(admin: Arc<Admin>, change: impl FnOnce(&mut Value)) -> Self {
        let mark = format!("{:08x}", RandomState::new().build_hasher().finish() >> 32);
        let name = format!("realm-{mark}");
        let mut realm = representation(&name, &mark);
        change(&mut realm);
        let people = realm["users"].clone();
        // One after the other: a server with two cores makes two no faster, and its database may lock.
        let _turn = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        admin.post("", &realm);
        Self { name, admin, people }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `http://127.0.0.1:PORT/realms/NAME`.
    pub fn issuer(&self) -> String {
        format!("{}/realms/{}", self.admin.server(), self.name)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.admin.server().trim_start_matches("http://").parse().unwrap()
    }

    /// The id of a user of the files.
    pub fn id_of(&self, username: &str) -> String {
        let found = self.people.as_array().unwrap().iter().find(|user| user["username"] == username);
        found.unwrap_or_else(|| panic!("no {username} in the files"))["id"].as_str().unwrap().to_owned()
    }

    /// GET below this realm, as the server's administrator.
    pub fn get(&self, path: &str) -> Value {
        self.admin.get(&self.at(path))
    }

    /// POST below this realm.
    pub fn post(&self, path: &str, body: &Value) {
        self.admin.post(&self.at(path), body);
    }

    /// PUT below this realm.
    pub fn put(&self, path: &str, body: &Value) {
        self.admin.put(&self.at(path), body);
    }

    /// DELETE below this realm.
    pub fn delete(&self, path: &str) {
        self.admin.delete(&self.at(path));
    }

    /// DELETE of these things below this realm.
    pub fn delete_of(&self, path: &str, things: &Value) {
        self.admin.delete_of(&self.at(path), things);
    }

    /// Adds a key that signs from now on; those before it stay and are still good.
    pub fn rotate_keys(&self) {
        let providers = self.key_providers();
        let priority =
            |provider: &Value| provider["config"]["priority"][0].as_str().unwrap_or("0").parse().unwrap_or(0);
        let highest: u32 = providers.iter().map(priority).max().unwrap_or(0);
        let config = json!({"priority": [(highest + 10).to_string()], "enabled": ["true"], "active": ["true"],
                            "keySize": ["2048"], "algorithm": ["RS256"]});
        self.post(
            "components",
            &json!({"name": format!("rsa-{}", highest + 10), "providerId": "rsa-generated",
                                        "providerType": KEY_PROVIDER, "config": config}),
        );
    }

    /// Disables the key of this id: it leaves the key set.
    pub fn disable_key(&self, kid: &str) {
        let path = self.key_path(kid);
        let mut component = self.get(&path);
        component["config"]["enabled"] = json!(["false"]);
        component["config"]["active"] = json!(["false"]);
        self.put(&path, &component);
    }

    /// Removes the key of this id for good.
    pub fn remove_key(&self, kid: &str) {
        self.delete(&self.key_path(kid));
    }

    fn key_path(&self, kid: &str) -> String {
        let keys = self.get("keys");
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid);
        let provider = &key.unwrap_or_else(|| panic!("no key {kid}"))["providerId"];
        format!("components/{}", provider.as_str().unwrap())
    }

    fn key_providers(&self) -> Vec<Value> {
        let components = self.get(&format!("components?type={KEY_PROVIDER}"));
        components.as_array().unwrap().iter().filter(|one| one["providerId"] == "rsa-generated").cloned().collect()
    }

    fn at(&self, path: &str) -> String {
        format!("{}{}{path}", self.name, if path.is_empty() { "" } else { "/" })
    }
}

/// The files under another name. Ids are unique in a server, so they begin with the realm's mark.
fn representation(name: &str, mark: &str) -> Value {
    let read = |text: &str| -> Value {
        let text = filled(text).replace("\"d0000000-", &format!("\"{mark}-"));
        serde_json::from_str(&text.replace("default-roles-doorward", &format!("default-roles-{name}"))).unwrap()
    };
    let mut realm = read(include_str!("../../../../keycloak/realm.json"));
    let mut people = read(include_str!("../../../../keycloak/users.dev.json"));
    realm["realm"] = json!(name);
    realm["users"].as_array_mut().unwrap().append(people["users"].as_array_mut().unwrap());
    realm
}

/// `${NAME:default}` is the environment's, or the default: an import by the Admin API does not fill it.
fn filled(text: &str) -> String {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, rest) = part.split_once('}').unwrap();
        match inside.split_once(':').filter(|(name, _)| name.starts_with("DOORWARD_")) {
            Some((name, default)) => out.push_str(&std::env::var(name).unwrap_or_else(|_| default.to_owned())),
            // A name of Keycloak's own, such as that of a field in its pages.
            None => out.push_str(&format!("${{{inside}}}")),
        }
        out.push_str(rest);
    }
    out
}

static MAKING: Mutex<()> = Mutex::new(());
const KEY_PROVIDER: &str = "org.keycloak.keys.KeyProvider";
