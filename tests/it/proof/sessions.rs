//! The sessions of the test realm, each with what is known of its end.

use std::sync::OnceLock;
use std::time::Instant;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::keycloak::world::World;
use crate::revocation::scene::Tokens;

/// One session.
pub struct Session {
    /// Its user, who has this one alone, or two that end together.
    pub user: Uuid,
    pub tokens: Tokens,
    /// When its end was asked for.
    pub ending: OnceLock<Instant>,
    /// When Keycloak had answered.
    pub ended: OnceLock<Instant>,
}

/// The users: as many as there are sessions, for an end of one by the Admin API takes all of a user's older tokens.
pub struct Users(Vec<Uuid>);

impl Users {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self((0..count).map(|_| Uuid::new_v4()).collect())
    }

    /// Puts them into a realm file, with a password hash that costs next to nothing, and tokens that outlive the test.
    pub fn settle(&self, realm: &mut Value) {
        let user = |(number, id): (usize, &Uuid)| {
            json!({"id": id.to_string(), "username": name(number), "enabled": true, "email": format!("{}@load.test", name(number)),
                   "emailVerified": true, "firstName": "Load", "lastName": "Test",
                   "credentials": [{"type": "password", "value": PASSWORD}]})
        };
        realm["users"].as_array_mut().unwrap().extend(self.0.iter().enumerate().map(user));
        realm["passwordPolicy"] = json!("hashAlgorithm(pbkdf2-sha256) and hashIterations(1)");
        realm["bruteForceProtected"] = json!(false);
        realm["accessTokenLifespan"] = json!(7200);
        let clients = realm["clients"].as_array_mut().unwrap();
        let client = clients.iter_mut().find(|client| client["clientId"] == "doorward").unwrap();
        client["attributes"]["access.token.lifespan"] = json!("7200");
    }

    /// The statement that makes them known to the gateways.
    pub fn sql(&self, issuer: &str) -> String {
        let row = |(number, id): (usize, &Uuid)| {
            let name = name(number);
            format!(
                "('{}', '{issuer}', '{id}', '{name}', '{name}', '{name}@load.test', true, 'active')",
                Uuid::now_v7()
            )
        };
        let rows: Vec<_> = self.0.iter().enumerate().map(row).collect();
        let columns = "id, issuer, keycloak_id, username, username_key, email, email_verified, state";
        format!("insert into doorward.users ({columns}) values {}", rows.join(","))
    }

    /// Logs each of them in; every third twice.
    pub fn log_in(&self, world: &World) -> Vec<Session> {
        let mut sessions = Vec::new();
        for (number, user) in self.0.iter().enumerate() {
            for _ in 0..1 + usize::from(number % 3 == 2) {
                let answer = world.login(&name(number), PASSWORD);
                assert_eq!(answer.status, 200, "{}", answer.shown());
                let tokens = Tokens::of(&answer.json());
                let (ending, ended) = (OnceLock::new(), OnceLock::new());
                sessions.push(Session { user: *user, tokens, ending, ended });
            }
        }
        sessions
    }
}

fn name(number: usize) -> String {
    format!("load-{number}")
}

const PASSWORD: &str = "a password of the load test";
