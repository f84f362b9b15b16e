//! What somebody may, resolved from role ids to names, and as the upstream will read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::Catalogue;
use crate::store::{Position, RoleId, StoreError};

/// Roles and permissions, sorted, with the header values made of them once.
#[derive(Debug)]
pub struct Entitlement {
    roles: Vec<Arc<str>>,
    permissions: Vec<Arc<str>>,
    roles_header: HeaderValue,
    permissions_header: HeaderValue,
    catalogue_as_of: Position,
    epoch: u64,
}

impl Entitlement {
    /// Resolves the roles by the catalogue; nothing where it does not know one of them yet. `named` are roles
    /// that the issuer gave by name: they count also where the catalogue has no such role.
    pub(super) fn resolve(ids: &[RoleId], named: &[String], catalogue: &Catalogue) -> Result<Option<Self>, StoreError> {
        let mut all = ids.to_vec();
        all.extend(named.iter().filter_map(|name| catalogue.role_id(name)));
        let Some((mut roles, permissions)) = catalogue.resolve(&all) else { return Ok(None) };
        roles.extend(named.iter().map(|name| Arc::from(name.as_str())));
        Ok(Some(Self {
            roles_header: joined("roles", &roles)?,
            permissions_header: joined("permissions", &permissions)?,
            roles: roles.into_iter().collect(),
            permissions: permissions.into_iter().collect(),
            catalogue_as_of: catalogue.as_of(),
            epoch: catalogue.epoch(),
        }))
    }

    /// Role names, sorted.
    #[must_use]
    pub fn roles(&self) -> &[Arc<str>] {
        &self.roles
    }

    /// Permission names, sorted.
    #[must_use]
    pub fn permissions(&self) -> &[Arc<str>] {
        &self.permissions
    }

    /// Whether a role is held.
    #[must_use]
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.binary_search_by(|held| (**held).cmp(name)).is_ok()
    }

    /// Whether a permission is held.
    #[must_use]
    pub fn has_permission(&self, name: &str) -> bool {
        self.permissions.binary_search_by(|held| (**held).cmp(name)).is_ok()
    }

    /// The roles, comma-joined.
    #[must_use]
    pub fn roles_header(&self) -> &HeaderValue {
        &self.roles_header
    }

    /// The permissions, comma-joined.
    #[must_use]
    pub fn permissions_header(&self) -> &HeaderValue {
        &self.permissions_header
    }

    /// Whether this was derived from that catalogue.
    pub(super) fn is_of(&self, catalogue: &Catalogue) -> bool {
        self.catalogue_as_of == catalogue.as_of() && self.epoch == catalogue.epoch()
    }

    /// The epoch in which its position counts.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The newest change that the catalogue behind this contains.
    #[must_use]
    pub fn catalogue_as_of(&self) -> Position {
        self.catalogue_as_of
    }
}

/// Writes a value so that it survives as a header: percent-encoded outside visible ASCII.
pub(super) fn encoded(what: &'static str, value: &str) -> Result<HeaderValue, StoreError> {
    let text = utf8_percent_encode(value, OUTSIDE_VISIBLE_ASCII).to_string();
    HeaderValue::try_from(text).map_err(|_| StoreError::RowInvalid(format!("{what} cannot be written as a header")))
}

/// A name that would read as two, and a set that would have to be cut, refuse the user: a shortened list of
/// rights is a wrong list.
fn joined(what: &'static str, names: &BTreeSet<Arc<str>>) -> Result<HeaderValue, StoreError> {
    if names.iter().any(|name| name.is_empty() || name.chars().any(|c| c == ',' || c.is_control())) {
        return Err(StoreError::RowInvalid(format!(
            "a name among the {what} is empty or holds a comma or a control character"
        )));
    }
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let header = encoded(what, &names.join(","))?;
    if header.len() > MAX_HEADER_BYTES {
        return Err(StoreError::RowInvalid(format!("the {what} make a header above 16 KiB")));
    }
    Ok(header)
}

const MAX_HEADER_BYTES: usize = 16 * 1024;

/// `%` too, so that decoding gives back what was there.
const OUTSIDE_VISIBLE_ASCII: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::CatalogueRows;

    fn empty() -> Catalogue {
        Catalogue::new(CatalogueRows { roles: vec![], permissions: vec![], as_of: Position(3) }, 0)
    }

    fn named(names: &[&str]) -> Result<Option<Entitlement>, StoreError> {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        Entitlement::resolve(&[], &names, &empty())
    }

    #[test]
    fn names_are_sorted_joined_and_encoded() {
        let entitlement = named(&["zoo keeper", "admin", "admin", "caf\u{e9}"]).unwrap().unwrap();
        assert_eq!(entitlement.roles_header(), "admin,caf%C3%A9,zoo%20keeper");
        assert_eq!(entitlement.permissions_header(), "");
        assert!(entitlement.has_role("admin") && !entitlement.has_role("adm"));
    }

    #[test]
    fn a_name_that_would_read_as_two_refuses_the_user() {
        assert!(matches!(named(&["a,admin"]), Err(StoreError::RowInvalid(_))));
        assert!(matches!(named(&["a\r\nX-Auth-Roles: admin"]), Err(StoreError::RowInvalid(_))));
    }

    #[test]
    fn a_set_that_would_have_to_be_cut_refuses_the_user() {
        let many: Vec<String> = (0..3000).map(|n| format!("role{n:05}")).collect();
        assert!(matches!(Entitlement::resolve(&[], &many, &empty()), Err(StoreError::RowInvalid(_))));
    }
}
