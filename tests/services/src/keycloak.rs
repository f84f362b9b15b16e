//! A real Keycloak.
