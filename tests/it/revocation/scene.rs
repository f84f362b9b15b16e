//! A gateway in front of a realm of a real Keycloak, which knows where to tell it of ends of sessions.

use std::time::{Duration, Instant};

use serde_json::Value;
use test_services::keycloak::{Keycloak, Realm};

use crate::keycloak::front::Front;
use crate::keycloak::world::{World, text};
use crate::support::patience::{wait_for, within};

/// The gateway, and the realm that tells it.
pub struct Scene {
    /// The realm.
    pub world: World,
    /// The gateway.
    pub front: Front,
}

impl Scene {
    /// With every address of `keycloak/realm.json` in place.
    pub fn start() -> Self {
        let scene = Self::deaf();
        scene.world.tell(&format!("http://{}", scene.front.gateway.address));
        scene
    }

    /// Keycloak tells another address: nothing but the events is heard of.
    pub fn deaf() -> Self {
        let world = World::of(Keycloak::shared().realm());
        // Keys are read seldom, so that nothing but an event tells of their change; and a role of Keycloak counts.
        let front = Front::with(&world, |text| {
            text.replace("keys_refresh = \"10s\"", "keys_refresh = \"1h\"\nroles = [\"user\"]")
        });
        Self { world, front }
    }

    /// The realm, as its administrator.
    pub fn realm(&self) -> &Realm {
        self.world.realm()
    }

    /// Tokens that the gateway lets in: new ones, until they are newer than every mark.
    pub fn alive(&self, username: &str) -> Tokens {
        wait_for("tokens that are let in", || {
            let answer = self.world.login(username, &format!("{username}-password"));
            let tokens = (answer.status == 200).then(|| Tokens::of(&answer.json()))?;
            self.passes(&tokens).then_some(tokens)
        })
    }

    /// Whether the gateway lets them in.
    pub fn passes(&self, tokens: &Tokens) -> bool {
        match self.front.status("/items", &tokens.access) {
            200 => true,
            401 => false,
            status => panic!("{status}: {}", self.front.gateway.log.text()),
        }
    }

    /// Runs what ends the tokens: not one request after it may pass.
    #[expect(clippy::print_stdout, reason = "the time is what an operator wants to know")]
    pub fn ends_at_once(&self, what: &str, tokens: &[&Tokens], end: impl FnOnce()) {
        let began = Instant::now();
        end();
        let took = began.elapsed();
        for tokens in tokens {
            assert!(!self.passes(tokens), "{what}: still let in\n{}", self.front.gateway.log.text());
        }
        println!("{what}: told before Keycloak's answer, which took {took:?}");
    }

    /// Runs what ends the tokens: within a poll interval and a second nothing passes, on a busy machine somewhat later.
    #[expect(clippy::print_stdout, reason = "the time is what an operator wants to know")]
    pub fn ends_by_events(&self, what: &str, tokens: &[&Tokens], end: impl FnOnce()) {
        end();
        let answered = Instant::now();
        let dead = within(GENEROUS, || tokens.iter().all(|tokens| !self.passes(tokens)).then_some(()));
        assert!(dead.is_some(), "{what}: still let in\n{}", self.front.gateway.log.text());
        println!("{what}: dead {:?} after Keycloak's answer", answered.elapsed());
    }

    /// A count of signals.
    pub fn signals(&self, signal: &str, outcome: &str) -> f64 {
        let labels = [&*format!("signal=\"{signal}\""), &*format!("outcome=\"{outcome}\"")];
        self.front.gateway.metric("doorward_signals_total", &labels)
    }
}

/// The tokens of a session.
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The ID token.
    pub id: String,
    /// The session.
    pub sid: String,
}

impl Tokens {
    /// Those of an answer.
    pub fn of(answer: &Value) -> Self {
        let own = |name: &str| text(answer, name).to_owned();
        Self {
            access: own("access_token"),
            refresh: own("refresh_token"),
            id: own("id_token"),
            sid: own("session_state"),
        }
    }
}

/// The time of this machine, in seconds as tokens count them.
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// The promise is a poll interval and one second: 2 s. The machine may do six other things.
pub const GENEROUS: Duration = Duration::from_secs(6);
