//! What the gateway asks of Keycloak. The contracts are one set of tests with two providers: the development realm and
//! a real server; where one of them fails at one provider only, the development realm is wrong. What only a real server
//! can show (a restart, a rotation of its keys) is seen through a gateway, in `people`, `services`,
//! `keys` and `faults`.

/// Makes two tests of every contract: one at the development realm, one at a real Keycloak.
macro_rules! contracts {
    ($($contract:ident),* $(,)?) => {
        mod at_the_development_realm {
            $(#[test]
            fn $contract() {
                super::$contract(&crate::keycloak::world::World::development());
            })*
        }
        mod at_a_real_keycloak {
            $(#[test]
            fn $contract() {
                super::$contract(&crate::keycloak::world::World::real());
            })*
        }
    };
}

mod admin;
mod client;
mod discovery;
mod events;
mod faults;
pub mod front;
mod guide;
mod introspection;
mod keys;
mod logout;
mod orders;
mod password;
mod people;
mod refresh;
mod requests;
mod service;
mod services;
mod tokens;
mod totp;
pub mod world;
