//! Users and sessions as the Admin API shows and takes them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::profile::UserProfile;
use crate::session::Session;
use crate::state::State;
use crate::user::User;

/// A user as the Admin API shows one; a brief one lacks the attributes and what must still be done.
pub(crate) fn user(user: &User, brief: bool) -> Value {
    let mut value = json!({
        "id": user.id,
        "username": user.username,
        "emailVerified": user.email_verified,
        "enabled": user.enabled,
        "createdTimestamp": user.created_timestamp,
        "access": { "manage": true },
    });
    let Some(fields) = value.as_object_mut() else { return value };
    for (name, text) in [("email", &user.email), ("firstName", &user.first_name), ("lastName", &user.last_name)] {
        fields.extend(text.as_ref().map(|text| (name.to_owned(), Value::from(text.as_str()))));
    }
    if !brief {
        fields.insert("totp".to_owned(), user.otp_key().is_some().into());
        fields.insert("disableableCredentialTypes".to_owned(), json!([]));
        fields.insert("requiredActions".to_owned(), json!(user.required_actions));
        fields.insert("notBefore".to_owned(), user.not_before.into());
        if !user.attributes.is_empty() {
            fields.insert("attributes".to_owned(), json!(user.attributes));
        }
    }
    value
}

/// A session as the Admin API shows one.
pub(crate) fn session(session: &Session, state: &State) -> Value {
    let clients = session.clients.keys().filter_map(|client_id| state.client(client_id));
    let clients = clients.map(|client| (client.id.clone(), json!(client.client_id))).collect::<Map<_, _>>();
    json!({
        "id": session.id,
        "username": state.users.find(&session.user_id).map(|user| user.username.as_str()),
        "userId": session.user_id,
        "ipAddress": session.ip,
        "start": session.started * 1000,
        "lastAccess": session.last_seen * 1000,
        "rememberMe": false,
        "clients": clients,
        "transientUser": false,
    })
}

/// A user's new data as somebody sent it, its shape proven.
#[derive(Debug)]
pub(crate) struct Draft {
    fields: Map<String, Value>,
    attributes: Option<BTreeMap<String, Vec<String>>>,
}

impl Draft {
    /// Reads a body; Keycloak refuses fields that it does not know.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Answer> {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Err(Answer::oauth(400, "invalid_request", "Cannot parse the JSON"));
        };
        let Value::Object(fields) = value else {
            return Err(Answer::oauth(400, "invalid_request", "Cannot parse the JSON"));
        };
        if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(Answer::error(
                400,
                &format!(
                    "Invalid json representation for UserRepresentation. Unrecognized field \"{unknown}\" at line 1 column 1."
                ),
            ));
        }
        let attributes = fields.get("attributes").and_then(Value::as_object).map(read_attributes);
        Ok(Self { fields, attributes })
    }

    /// The name that the draft gives.
    pub(crate) fn username(&self) -> Option<&str> {
        self.text("username").filter(|name| !name.is_empty())
    }

    /// The password among the draft's credentials, and whether it is temporary.
    pub(crate) fn password(&self) -> Option<(String, bool)> {
        let credentials = self.fields.get("credentials")?.as_array()?;
        let value = |credential: &Value| Some(credential.get("value")?.as_str()?.to_owned());
        let temporary = |credential: &Value| credential.get("temporary").and_then(Value::as_bool).unwrap_or_default();
        credentials.iter().find_map(|credential| Some((value(credential)?, temporary(credential))))
    }

    /// Writes the draft over a user. With `attributes` in it a draft is taken for the whole user: what it leaves out
    /// is erased. Without them what it leaves out stays.
    pub(crate) fn apply(&self, user: &mut User, profile: &UserProfile) {
        let whole = self.attributes.is_some();
        for (name, target) in
            [("email", &mut user.email), ("firstName", &mut user.first_name), ("lastName", &mut user.last_name)]
        {
            match self.text(name) {
                Some(text) => *target = Some(text.to_owned()).filter(|text| !text.is_empty()),
                None if whole => *target = None,
                None => {}
            }
        }
        user.email = user.email.take().map(|email| email.to_lowercase());
        user.enabled = self.flag("enabled").unwrap_or(user.enabled);
        user.email_verified = self.flag("emailVerified").unwrap_or(user.email_verified);
        if let Some(attributes) = &self.attributes {
            user.attributes = attributes.clone();
            user.attributes.retain(|name, _| profile.declares(name));
        }
        if let Some(actions) = self.fields.get("requiredActions").and_then(Value::as_array) {
            let actions = actions.iter().filter_map(Value::as_str).filter(|action| ACTIONS.contains(action));
            user.required_actions = actions.map(str::to_owned).collect::<BTreeSet<_>>();
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name).and_then(Value::as_bool)
    }
}

/// What the profile says against a user's data.
pub(crate) fn faults(user: &User, profile: &UserProfile) -> Option<Answer> {
    let own = [
        ("username", Some(&user.username)),
        ("email", user.email.as_ref()),
        ("firstName", user.first_name.as_ref()),
        ("lastName", user.last_name.as_ref()),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let more = user.attributes.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value)));
    let mut faults = own.chain(more).filter_map(|(name, value)| profile.fault(name, value)).collect::<Vec<_>>();
    match faults.len() {
        0 => None,
        1 => faults.pop().map(|fault| Answer::json(400, &fault)),
        _ => Some(Answer::json(400, &json!({ "errors": faults }))),
    }
}

fn read_attributes(attributes: &Map<String, Value>) -> BTreeMap<String, Vec<String>> {
    let texts = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let read = attributes.iter().map(|(name, value)| (name.clone(), texts(value)));
    read.filter(|(_, values)| !values.is_empty()).collect()
}

const ACTIONS: &[&str] =
    &["UPDATE_PASSWORD", "VERIFY_EMAIL", "UPDATE_PROFILE", "CONFIGURE_TOTP", "UPDATE_EMAIL", "TERMS_AND_CONDITIONS"];

const KNOWN: &[&str] = &[
    "id",
    "username",
    "firstName",
    "lastName",
    "email",
    "emailVerified",
    "attributes",
    "userProfileMetadata",
    "self",
    "origin",
    "createdTimestamp",
    "enabled",
    "totp",
    "federationLink",
    "serviceAccountClientId",
    "credentials",
    "disableableCredentialTypes",
    "requiredActions",
    "federatedIdentities",
    "realmRoles",
    "clientRoles",
    "clientConsents",
    "notBefore",
    "applicationRoles",
    "socialLinks",
    "groups",
    "access",
];
