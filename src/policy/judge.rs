//! From a live principal to a grant: every requirement of the route must hold.

use super::{Denial, Grant, Requirements};
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::rights::Entitlement;
use crate::standing::Live;

impl Requirements {
    /// Judges a live principal. Rights come first, so that nobody is asked to authenticate better for a place
    /// that stays closed.
    pub fn judge(&self, live: Live) -> Result<Grant, Denial> {
        let principal = live.principal();
        self.judge_rights(principal.entitlement())?;
        self.judge_token(principal.identity())?;
        self.judge_authentication(principal.identity(), live.at())?;
        Ok(Grant::to(live))
    }

    /// Judges what is held, as far as that needs no token.
    pub fn judge_rights(&self, held: &Entitlement) -> Result<(), Denial> {
        if !any(&self.any_role, |role| held.has_role(role)) || !self.all_roles.iter().all(|role| held.has_role(role)) {
            return Err(Denial::Role);
        }
        let has = |permission: &String| held.has_permission(permission);
        if !any(&self.any_permission, has) || !self.all_permissions.iter().all(has) {
            return Err(Denial::Permission);
        }
        Ok(())
    }

    fn judge_token(&self, identity: &Identity) -> Result<(), Denial> {
        let has = |scope: &String| identity.scopes().contains(scope);
        if !any(&self.any_scope, has) {
            return Err(Denial::Scope(self.any_scope.clone()));
        }
        if !self.all_scopes.iter().all(has) {
            return Err(Denial::Scope(self.all_scopes.clone()));
        }
        match &self.audience {
            Some(audience) if !identity.audiences().contains(audience) => Err(Denial::Audience),
            Some(_) | None => Ok(()),
        }
    }

    /// A token that does not say when the person authenticated does not meet a `max_age`.
    fn judge_authentication(&self, identity: &Identity, now: Timestamp) -> Result<(), Denial> {
        if !any(&self.acr, |acr| identity.acr() == Some(acr)) {
            return Err(Denial::Acr(self.acr.clone()));
        }
        let Some(max_age) = self.max_age else { return Ok(()) };
        match identity.auth_time() {
            Some(then) if now.since(then) <= max_age => Ok(()),
            Some(_) | None => Err(Denial::MaxAge(max_age.as_secs())),
        }
    }
}

/// An empty list asks for nothing.
fn any<'a>(wanted: &'a [String], holds: impl FnMut(&'a String) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}
