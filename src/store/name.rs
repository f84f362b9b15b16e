//! Names that are safe in a comma-joined header, in a route's rule and on a terminal.

use std::fmt;

/// A name that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}: {given}")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// What a name of that sort looks like.
    pub rule: &'static str,
    /// What was given; of what is personal, its length.
    pub given: String,
}

/// The name of a role: `^[a-z][a-z0-9_-]{0,62}$`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleName(String);

/// The name of a permission, `resource:action`; each part is as the name of a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PermissionName(String);

/// A user's name as Keycloak has it: lower case, 1 to 255 characters, nothing invisible.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

/// Without what is personal or secret.
impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Username(…)")
    }
}

/// An e-mail address as Keycloak has it: lower case, at most 254 characters, nothing invisible. Whether mail arrives
/// there is for Keycloak to find out.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// Without what is personal or secret.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl RoleName {
    /// Reads a name; it must match as it is.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if is_word(text) {
            return Ok(Self(text.to_owned()));
        }
        let rule = "a letter a-z, then at most 62 of a-z 0-9 _ -";
        Err(NameError { what: "the name of a role", rule, given: format!("{text:?}") })
    }
}

impl PermissionName {
    /// Reads a name; it must match as it is.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.split_once(':').is_some_and(|(resource, action)| is_word(resource) && is_word(action)) {
            return Ok(Self(text.to_owned()));
        }
        let rule = "resource:action, each a letter a-z, then at most 62 of a-z 0-9 _ -";
        Err(NameError { what: "the name of a permission", rule, given: format!("{text:?}") })
    }
}

impl Username {
    /// Takes over a name of Keycloak, which knows names in lower case only.
    pub fn mirror(text: &str) -> Result<Self, NameError> {
        let name = text.to_lowercase();
        if (1..=255).contains(&name.chars().count()) && !name.chars().any(is_invisible) {
            return Ok(Self(name));
        }
        let rule = "1 to 255 visible characters without blanks";
        Err(NameError { what: "the name of a user", rule, given: length(text) })
    }
}

impl Email {
    /// Takes over an address of Keycloak, which knows addresses in lower case only.
    pub fn mirror(text: &str) -> Result<Self, NameError> {
        let address = text.to_lowercase();
        if address.contains('@') && address.chars().count() <= 254 && !address.chars().any(is_invisible) {
            return Ok(Self(address));
        }
        let rule = "at most 254 visible characters with an @";
        Err(NameError { what: "the e-mail address of a user", rule, given: length(text) })
    }
}

macro_rules! name {
    ($($name:ident),*) => {$(
        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

name!(RoleName, PermissionName, Username, Email);

fn length(text: &str) -> String {
    format!("{} characters", text.chars().count())
}

fn is_word(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

/// Controls, blanks, and the zero-width and direction marks that Keycloak lets into names.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || character.is_whitespace()
        || matches!(character, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_role_name_is_what_its_pattern_says(text in "[a-c0-1_:,A\n-]{0,5}|[a-z]{60,66}") {
            let pattern = regex::Regex::new("^[a-z][a-z0-9_-]{0,62}$").unwrap();
            prop_assert_eq!(RoleName::parse(&text).is_ok(), pattern.is_match(&text));
        }

        #[test]
        fn a_permission_name_is_what_its_pattern_says(text in "[a-c0_:,A\n-]{0,7}|[a-z]{60,66}:[a-z]{60,66}") {
            let pattern = regex::Regex::new("^[a-z][a-z0-9_-]{0,62}:[a-z][a-z0-9_-]{0,62}$").unwrap();
            prop_assert_eq!(PermissionName::parse(&text).is_ok(), pattern.is_match(&text));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(name) = Username::mirror(&text) {
                prop_assert!(!name.as_str().chars().any(|character| character.is_control()));
            }
        }
    }

    #[test]
    fn a_username_of_keycloak_is_lower_case_and_visible() {
        assert_eq!(Username::mirror("Alice@Example.com").unwrap().as_str(), "alice@example.com");
        for bad in ["", "al ice", "alice\u{200b}", "alice\u{202e}", "a\nb", "al\u{ad}ice"] {
            assert!(Username::mirror(bad).is_err(), "{bad:?}");
        }
    }
}
