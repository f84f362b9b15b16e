//! A realm's password policy into what is wrong with a password.

use serde::Deserialize;

/// The rules of a realm that the development realm knows; it reads past the others (hashing, history).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "String")]
pub(crate) struct PasswordPolicy {
    length: usize,
    not_username: bool,
    not_email: bool,
}

/// A rule that a password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordFault {
    TooShort(usize),
    IsUsername,
    IsEmail,
}

impl PasswordPolicy {
    /// The first rule that a password breaks.
    pub(crate) fn fault(&self, password: &str, username: &str, email: Option<&str>) -> Option<PasswordFault> {
        let short = password.chars().count() < self.length;
        let is_username = self.not_username && password.eq_ignore_ascii_case(username);
        let is_email = self.not_email && email.is_some_and(|email| password.eq_ignore_ascii_case(email));
        let faults = [
            short.then_some(PasswordFault::TooShort(self.length)),
            is_username.then_some(PasswordFault::IsUsername),
            is_email.then_some(PasswordFault::IsEmail),
        ];
        faults.into_iter().flatten().next()
    }
}

impl PasswordFault {
    /// Keycloak's name and sentence for it.
    pub(crate) fn message(self) -> (&'static str, String) {
        match self {
            Self::TooShort(length) => {
                ("invalidPasswordMinLengthMessage", format!("Invalid password: minimum length {length}."))
            }
            Self::IsUsername => {
                ("invalidPasswordNotUsernameMessage", "Invalid password: must not be equal to the username.".to_owned())
            }
            Self::IsEmail => {
                ("invalidPasswordNotEmailMessage", "Invalid password: must not be equal to the email.".to_owned())
            }
        }
    }
}

impl From<String> for PasswordPolicy {
    fn from(text: String) -> Self {
        let mut policy = Self::default();
        for rule in text.split(" and ").map(str::trim) {
            let (name, argument) = rule.split_once('(').unwrap_or((rule, ""));
            match name {
                "length" => policy.length = argument.trim_end_matches(')').parse().unwrap_or(8),
                "notUsername" => policy.not_username = true,
                "notEmail" => policy.not_email = true,
                _ => {}
            }
        }
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::{PasswordFault, PasswordPolicy};

    #[test]
    fn each_rule_names_its_fault() {
        let policy = PasswordPolicy::from("length(10) and notUsername and notEmail".to_owned());
        assert_eq!(policy.fault("short", "u", None), Some(PasswordFault::TooShort(10)));
        assert_eq!(policy.fault("longusername", "LongUsername", None), Some(PasswordFault::IsUsername));
        assert_eq!(policy.fault("longer@example.test", "u", Some("longer@example.test")), Some(PasswordFault::IsEmail));
        assert_eq!(policy.fault("long enough", "u", None), None);
    }
}
