//! The text of the two files into the settings, clients and users of a realm.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::brute_force::Rules;
use crate::client::Client;
use crate::error::Error;
use crate::password_policy::PasswordPolicy;
use crate::profile::UserProfile;
use crate::user::User;

/// The settings of the realm; times are in seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    pub(crate) realm: String,
    #[serde(default)]
    pub(crate) verify_email: bool,
    #[serde(default = "yes")]
    pub(crate) login_with_email_allowed: bool,
    #[serde(default)]
    pub(crate) edit_username_allowed: bool,
    #[serde(default = "minutes::<5>")]
    pub(crate) access_token_lifespan: i64,
    #[serde(default = "minutes::<1>")]
    pub(crate) access_code_lifespan: i64,
    #[serde(default = "minutes::<30>")]
    pub(crate) sso_session_idle_timeout: i64,
    #[serde(default = "minutes::<600>")]
    pub(crate) sso_session_max_lifespan: i64,
    #[serde(default)]
    pub(crate) revoke_refresh_token: bool,
    #[serde(default)]
    pub(crate) refresh_token_max_reuse: u32,
    #[serde(default)]
    pub(crate) password_policy: PasswordPolicy,
    #[serde(rename = "components", default, deserialize_with = "profile")]
    pub(crate) profile: UserProfile,
    #[serde(flatten)]
    pub(crate) brute_force: Rules,
    #[serde(skip)]
    lifespan_override: Option<i64>,
}

/// All that a realm file and a users file say.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) settings: Settings,
    pub(crate) clients: Vec<Client>,
    pub(crate) users: Vec<User>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    clients: Vec<Client>,
    #[serde(default)]
    users: Vec<User>,
}

#[derive(Deserialize)]
struct People {
    users: Vec<User>,
}

impl Files {
    /// Reads files whose placeholders are filled.
    pub(crate) fn read(realm: &str, people: Option<&str>) -> Result<Self, Error> {
        let settings = serde_json::from_str(realm).map_err(Error::RealmFile)?;
        let Listed { clients, mut users } = serde_json::from_str(realm).map_err(Error::RealmFile)?;
        if let Some(people) = people {
            users.extend(serde_json::from_str::<People>(people).map_err(Error::UsersFile)?.users);
        }
        Ok(Self { settings, clients, users })
    }
}

impl Settings {
    /// Lets one lifespan go before the realm's and the clients' own.
    pub(crate) fn override_lifespan(&mut self, lifespan: Duration) {
        self.lifespan_override = Some(i64::try_from(lifespan.as_secs()).unwrap_or(i64::MAX));
    }

    /// How long an access token of this client lives.
    pub(crate) fn access_token_lifespan(&self, client: &Client) -> i64 {
        let own = client.attribute("access.token.lifespan").and_then(|text| text.parse().ok());
        self.lifespan_override.or(own).unwrap_or(self.access_token_lifespan)
    }
}

/// A realm without a profile of its own keeps no attributes.
fn profile<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UserProfile, D::Error> {
    Ok(UserProfile::of(&Value::deserialize(deserializer)?).unwrap_or_default())
}

fn yes() -> bool {
    true
}

fn minutes<const N: i64>() -> i64 {
    N * 60
}

#[cfg(test)]
mod tests {
    use super::Files;

    #[test]
    fn the_files_of_the_repository_name_the_people_of_the_design() {
        let files = Files::read(crate::REALM_JSON, Some(crate::USERS_JSON)).unwrap();
        let names = files.users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>();
        assert_eq!(names, ["service-account-doorward", "alice", "bob", "carol", "dave", "erin", "frank", "otto"]);
        for user in files.users.iter().filter(|user| user.is_person()) {
            let password = user.password().unwrap();
            assert_eq!(password, format!("{}-password", user.username));
            assert_eq!(files.settings.password_policy.fault(password, &user.username, user.email.as_deref()), None);
        }
    }

    #[test]
    fn the_realm_file_alone_holds_no_people() {
        let files = Files::read(crate::REALM_JSON, None).unwrap();
        assert!(files.users.iter().all(|user| !user.is_person()));
        assert!(files.settings.profile.declares("doorward_id"));
        assert!(!files.settings.profile.declares("shoe_size"));
    }
}
