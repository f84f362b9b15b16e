//! Lines for `kcadm.sh`, as an administrator types them.

use super::Remedy;

/// Writes lines that change a realm and one of its clients.
#[derive(Clone, Debug)]
pub(super) struct Kcadm {
    realm: String,
    client: String,
    /// Keycloak's own identifier of the client, where it is known.
    id: Option<String>,
}

impl Kcadm {
    pub(super) fn new(realm: &str, client: &str) -> Self {
        Self { realm: realm.to_owned(), client: client.to_owned(), id: None }
    }

    /// For another client of the realm, or one whose identifier is known.
    pub(super) fn with(&self, client: &str, id: &str) -> Self {
        Self { realm: self.realm.clone(), client: client.to_owned(), id: Some(id.to_owned()) }
    }

    /// Sets members of the client.
    pub(super) fn client(&self, members: &[(&str, &str)]) -> Remedy {
        Remedy::Kcadm(format!("kcadm.sh update {} -r {}{}", self.path(""), quoted(&self.realm), settings(members)))
    }

    /// Sets members of the realm.
    pub(super) fn realm(&self, members: &[(&str, &str)]) -> Remedy {
        let path = format!("realms/{}", self.realm);
        Remedy::Kcadm(format!("kcadm.sh update {}{}", quoted(&path), settings(members)))
    }

    /// Sets which events are kept.
    pub(super) fn events(&self, members: &[(&str, &str)]) -> Remedy {
        Remedy::Kcadm(format!("kcadm.sh update events/config -r {}{}", quoted(&self.realm), settings(members)))
    }

    /// Gives the client's service account roles of `realm-management`.
    pub(super) fn roles(&self, roles: &[&str]) -> Remedy {
        self.change_roles("add-roles", roles)
    }

    /// Takes them away.
    pub(super) fn no_roles(&self, roles: &[&str]) -> Remedy {
        self.change_roles("remove-roles", roles)
    }

    fn change_roles(&self, command: &str, roles: &[&str]) -> Remedy {
        let account = format!("service-account-{}", self.client);
        let names: String = roles.iter().map(|role| format!(" --rolename {role}")).collect();
        Remedy::Kcadm(format!(
            "kcadm.sh {command} -r {} --uusername {} --cclientid realm-management{names}",
            quoted(&self.realm),
            quoted(&account)
        ))
    }

    /// Puts an audience into the client's access tokens.
    pub(super) fn audience(&self, audience: &str) -> Remedy {
        let name = format!("aud-{audience}");
        let members = [
            ("name", name.as_str()),
            ("protocol", "openid-connect"),
            ("protocolMapper", "oidc-audience-mapper"),
            // What is no client of the realm goes in as it is.
            (if audience == self.client { INCLUDED_CLIENT } else { INCLUDED_CUSTOM }, audience),
            ("config.\"access.token.claim\"", "true"),
            ("config.\"introspection.token.claim\"", "true"),
            ("config.\"id.token.claim\"", "false"),
        ];
        Remedy::Kcadm(format!(
            "kcadm.sh create {} -r {}{}",
            self.path("/protocol-mappers/models"),
            quoted(&self.realm),
            settings(&members)
        ))
    }

    /// Shows the client's secret.
    pub(super) fn show_secret(&self) -> Remedy {
        Remedy::Kcadm(format!("kcadm.sh get {} -r {}", self.path("/client-secret"), quoted(&self.realm)))
    }

    /// Removes a user.
    pub(super) fn remove_user(&self, id: &str) -> Remedy {
        Remedy::Kcadm(format!("kcadm.sh delete {} -r {}", quoted(&format!("users/{id}")), quoted(&self.realm)))
    }

    /// The path of the client: Keycloak knows it by an identifier of its own.
    fn path(&self, below: &str) -> String {
        match &self.id {
            Some(id) => quoted(&format!("clients/{id}{below}")),
            None => {
                let query = quoted(&format!("clientId={}", self.client));
                let realm = quoted(&self.realm);
                format!(
                    "\"clients/$(kcadm.sh get clients -r {realm} -q {query} --fields id --format csv --noquotes){below}\""
                )
            }
        }
    }
}

const INCLUDED_CLIENT: &str = "config.\"included.client.audience\"";
const INCLUDED_CUSTOM: &str = "config.\"included.custom.audience\"";

fn settings(members: &[(&str, &str)]) -> String {
    members.iter().map(|(name, value)| format!(" -s {}", quoted(&format!("{name}={value}")))).collect()
}

/// One word of a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:=@%+,".contains(letter);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted_into_a_shell() {
        let kcadm = Kcadm::new("acme", "doorward");
        assert_eq!(
            kcadm.client(&[("frontchannelLogout", "false")]).text(),
            "kcadm.sh update \"clients/$(kcadm.sh get clients -r acme -q clientId=doorward --fields id --format csv \
             --noquotes)\" -r acme -s frontchannelLogout=false"
        );
        assert_eq!(
            kcadm.with("it's", "1-2").client(&[("attributes.\"a.b\"", "x y")]).text(),
            "kcadm.sh update clients/1-2 -r acme -s 'attributes.\"a.b\"=x y'"
        );
    }

    #[test]
    fn a_shell_obeys_nothing_in_a_value() {
        for text in ["$(reboot)", "a;b", "it's", "`x`", "", "a\nb", "a b"] {
            let printed =
                std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(text))).output();
            assert_eq!(String::from_utf8(printed.unwrap().stdout).unwrap(), text);
        }
    }
}
