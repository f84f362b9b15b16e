//! Roles and permissions as the management sees them.

/// A role with what it permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether the gateway itself needs it.
    pub system: bool,
    /// Whether it holds every permission, present and future.
    pub grants_all: bool,
    /// The permissions it holds by link, sorted.
    pub permissions: Vec<String>,
}

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its name, `resource:action`.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether the gateway itself needs it.
    pub system: bool,
}
