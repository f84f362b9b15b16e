//! The endpoints of a realm, one file each.

pub(crate) mod admin;
pub(crate) mod authorize;
pub(crate) mod code;
pub(crate) mod discovery;
pub(crate) mod introspect;
pub(crate) mod logout;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod revoke;
pub(crate) mod service;
pub(crate) mod token;
pub(crate) mod userinfo;
