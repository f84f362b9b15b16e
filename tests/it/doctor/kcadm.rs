//! What a line for `kcadm.sh` does, done by the Admin API: the real one takes seconds to start. A shell reads the line, so
//! that its quotes are a shell's.

use std::process::Command;

use serde_json::{Value, json};
use test_services::keycloak::Realm;

use crate::keycloak::world::text;

/// Does what a line says; its client is looked up as that of this id.
pub fn carry_out(realm: &Realm, client: &str, line: &str) {
    let script =
        format!("kcadm.sh() {{ if [ \"$1\" = get ]; then echo '{client}'; else printf '%s\\0' \"$@\"; fi; }}\n{line}");
    let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = words.trim_end_matches('\0').split('\0').collect();
    let options: Vec<(&str, &str)> = words.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let of =
        |name: &str| options.iter().filter(|(option, _)| *option == name).map(|(_, value)| *value).collect::<Vec<_>>();
    let path = words[1].strip_prefix(&format!("realms/{}", realm.name())).unwrap_or(words[1]);
    assert!(words[1].starts_with("realms/") || of("-r") == [realm.name()], "{line}");
    match words[0] {
        "update" => {
            let mut thing = realm.get(path);
            of("-s").iter().for_each(|setting| set(&mut thing, setting));
            realm.put(path, &thing);
        }
        "create" => {
            let mut thing = json!({});
            of("-s").iter().for_each(|setting| set(&mut thing, setting));
            realm.post(path, &thing);
        }
        change @ ("add-roles" | "remove-roles") => {
            let user = realm.get(&format!("users?exact=true&username={}", of("--uusername")[0]))[0].clone();
            let client = realm.get(&format!("clients?clientId={}", of("--cclientid")[0]))[0].clone();
            let role = |name: &&str| realm.get(&format!("clients/{}/roles/{name}", text(&client, "id")));
            let roles: Vec<Value> = of("--rolename").iter().map(role).collect();
            let path = format!("users/{}/role-mappings/clients/{}", text(&user, "id"), text(&client, "id"));
            match change {
                "add-roles" => realm.post(&path, &json!(roles)),
                _ => realm.delete_of(&path, &json!(roles)),
            }
        }
        other => panic!("{other} is not known here: {line}"),
    }
}

/// `name=value` or `outer."in.ner"=value`; inner values are texts.
fn set(thing: &mut Value, setting: &str) {
    let (name, value) = setting.split_once('=').unwrap();
    match name.split_once('.') {
        Some((outer, inner)) => thing[outer][inner.trim_matches('"')] = json!(value),
        None => thing[name] = serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
    }
}
