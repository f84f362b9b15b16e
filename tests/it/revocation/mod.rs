//! What ends tokens before their time, and how soon: each row of `docs/revocation.md` at a real Keycloak, and what is
//! not believed at the development realm.

mod believed;
mod browser;
mod downtime;
mod events;
mod limits;
mod pages;
mod races;
mod realm;
pub mod scene;
mod strict;
mod told;
