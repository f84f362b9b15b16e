//! The user profile of a realm: which attributes it declares and how long their values may be.

use serde::Deserialize;
use serde_json::{Value, json};

/// The declared attributes; what is not declared is dropped without a word.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct UserProfile {
    #[serde(default)]
    attributes: Vec<Declared>,
}

#[derive(Clone, Debug, Deserialize)]
struct Declared {
    name: String,
    #[serde(default)]
    validations: Validations,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Validations {
    #[serde(default)]
    length: Length,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Length {
    min: Option<usize>,
    max: Option<usize>,
}

impl UserProfile {
    /// The profile that a realm file's `components` configure.
    pub(crate) fn of(components: &Value) -> Option<Self> {
        let provider = components.get("org.keycloak.userprofile.UserProfileProvider")?.get(0)?;
        let text = provider.get("config")?.get("kc.user.profile.config")?.get(0)?.as_str()?;
        serde_json::from_str(text).ok()
    }

    /// Whether an attribute of this name is kept.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.name == name)
    }

    /// What is wrong with a value, as the Admin API says it.
    pub(crate) fn fault(&self, name: &str, value: &str) -> Option<Value> {
        self.length_fault(name, value).or_else(|| match name {
            "email" if !is_email(value) => Some(fault("error-invalid-email", json!([name, value]), name)),
            "username" if value.contains(PROHIBITED) => {
                Some(fault("error-username-invalid-character", json!([name]), name))
            }
            _ => None,
        })
    }

    fn length_fault(&self, name: &str, value: &str) -> Option<Value> {
        let length = self.attributes.iter().find(|attribute| attribute.name == name)?.validations.length;
        let size = value.chars().count();
        let (short, long) = (length.min.is_some_and(|min| size < min), length.max.is_some_and(|max| size > max));
        let params = json!([name, length.min, length.max]);
        match (short || long, length.min) {
            (false, _) => None,
            (true, None) => Some(fault("error-invalid-length-too-long", params, name)),
            (true, _) => Some(fault("error-invalid-length", params, name)),
        }
    }
}

fn fault(message: &str, params: Value, field: &str) -> Value {
    json!({ "field": field, "errorMessage": message, "params": params })
}

fn is_email(value: &str) -> bool {
    let plausible = |(local, domain): (&str, &str)| !local.is_empty() && !domain.is_empty();
    value.rsplit_once('@').is_some_and(plausible) && !value.contains(char::is_whitespace)
}

const PROHIBITED: &[char] = &[
    '<', '>', '&', '"', '\'', ' ', '\t', '\n', '$', '%', '!', '#', '?', '§', ',', ';', ':', '*', '~', '/', '\\', '|',
    '^', '=', '[', ']', '{', '}', '(', ')', '`',
];

#[cfg(test)]
mod tests {
    use super::UserProfile;

    #[test]
    fn a_value_that_breaks_a_rule_is_named() {
        let text = r#"{"attributes":[{"name":"username","validations":{"length":{"min":3,"max":5}}},{"name":"phone","validations":{"length":{"max":3}}},{"name":"email"}]}"#;
        let profile: UserProfile = serde_json::from_str(text).unwrap();
        assert_eq!(profile.fault("username", "ab").unwrap()["errorMessage"], "error-invalid-length");
        assert_eq!(profile.fault("username", "a b").unwrap()["errorMessage"], "error-username-invalid-character");
        assert_eq!(profile.fault("phone", "1234").unwrap()["errorMessage"], "error-invalid-length-too-long");
        assert_eq!(profile.fault("email", "nope").unwrap()["errorMessage"], "error-invalid-email");
        assert_eq!(profile.fault("email", "a@b"), None);
    }
}
