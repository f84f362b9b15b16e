//! A set of methods: those that a route answers.

use std::fmt;

use crate::request::Method;

/// The methods of a route. GET brings HEAD with it: HEAD is GET without the content (RFC 9110 §9.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Methods(u8);

impl Methods {
    /// Every method that the gateway carries.
    #[must_use]
    pub fn any() -> Self {
        Self::of(Method::ALL)
    }

    /// These methods, and HEAD where GET is among them.
    #[must_use]
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Self {
        let named = methods.into_iter().fold(0, |set, method| set | bit(method));
        let head = if named & bit(Method::Get) == 0 { 0 } else { bit(Method::Head) };
        Self(named | head)
    }

    /// Whether this method is one of them.
    #[must_use]
    pub fn contains(self, method: Method) -> bool {
        self.0 & bit(method) != 0
    }

    /// Those that are in both sets.
    #[must_use]
    pub fn in_common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in either set.
    #[must_use]
    pub fn together(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The methods, in the order in which `Allow` lists them.
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.contains(*method))
    }
}

/// As a route writes them: `any`, or names with commas, without the HEAD that GET brings.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::any() {
            return f.write_str("any");
        }
        let implied = |method| method == Method::Head && self.contains(Method::Get);
        for (position, method) in self.iter().filter(|method| !implied(*method)).enumerate() {
            write!(f, "{}{method}", if position == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

fn bit(method: Method) -> u8 {
    match method {
        Method::Get => 1,
        Method::Head => 1 << 1,
        Method::Post => 1 << 2,
        Method::Put => 1 << 3,
        Method::Patch => 1 << 4,
        Method::Delete => 1 << 5,
        Method::Options => 1 << 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_covers_head() {
        assert!(Methods::of([Method::Get]).contains(Method::Head));
        assert!(!Methods::of([Method::Head]).contains(Method::Get));
        assert!(!Methods::of([Method::Post]).contains(Method::Head));
    }

    #[test]
    fn methods_are_shown_as_a_route_writes_them() {
        assert_eq!(Methods::any().to_string(), "any");
        assert_eq!(Methods::of([Method::Post, Method::Get]).to_string(), "GET,POST");
        assert_eq!(Methods::of([Method::Head]).to_string(), "HEAD");
    }

    #[test]
    fn any_holds_every_method() {
        assert!(Method::ALL.into_iter().all(|method| Methods::any().contains(method)));
    }
}
