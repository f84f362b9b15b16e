//! What ends tokens before their time, and how soon: each row of `docs/revocation.md` at a real Keycloak, and what is
//! not believed at the development realm.

mod believed;
mod events;
mod races;
pub mod scene;
mod told;
