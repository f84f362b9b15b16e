//! The end of a session, rehearsed: a user is made, logs in, loses the session, and what the gateway says of the token is
//! watched all the while. Nothing is left of it.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{sleep, timeout};

use super::gateway::Neighbour;
use super::seen::Seen;
use super::token::OwnToken;
use super::{Check, Finding, Realm, Remedy, causes};
use crate::accounts::{Enrol, Forget, KeycloakAccount, carry_out};
use crate::clock::Boot;
use crate::id;
use crate::identity::Subject;
use crate::keycloak::{
    Admin, Administrator, KeycloakError, KeycloakUser, LoginError, PasswordLogin, ThrowAwayUser, Tokens,
};
use crate::store::Ledger;

/// What a rehearsal needs.
pub struct Probe<'a> {
    /// Where the session is.
    pub realm: &'a Realm<'a>,
    /// In whose name it is ended, where it is not our own.
    pub administrator: Option<&'a Administrator>,
    /// Who must hear of it.
    pub gateway: &'a Neighbour,
    /// Where the gateway knows users from.
    pub ledger: &'a dyn Ledger,
}

/// A session that is about to end.
struct Session {
    token: String,
    sid: String,
}

impl Probe<'_> {
    /// Rehearses. What was made is removed in any case, and where somebody interrupts.
    pub async fn run(&self) -> Vec<Finding> {
        let Some(admin) = self.admin() else {
            return self.name(vec![Finding::not_tried(Check::ProbeToken, "this issuer is no realm of Keycloak")]);
        };
        if self.gateway.status(&self.realm.path("/me"), "").await.is_none() {
            let why = format!("no gateway answers on {} ([server] listen)", self.gateway.address());
            return self.name(vec![Finding::not_tried(Check::ProbeToken, why)]);
        }
        self.sweep(&admin).await;
        let person = ThrowAwayUser {
            username: format!("{PREFIX}{}", id::request_id()),
            // Each kind of character that a policy may ask for.
            password: format!("Dw1!{}", id::request_id()),
        };
        let user = match admin.make_user(&person).await {
            Ok(user) => user,
            Err(error) => return self.name(vec![self.no_user(&error)]),
        };
        let mut findings = tokio::select! {
            findings = self.rehearse(&admin, &person, &user) => findings,
            _ = tokio::signal::ctrl_c() => vec![Finding::not_tried(Check::ProbeToken, "interrupted")],
        };
        findings.push(self.clean_up(&admin, &user).await);
        self.name(findings)
    }

    fn admin(&self) -> Option<Admin> {
        let admin = self.realm.admin()?;
        Some(match self.administrator {
            Some(administrator) => admin.in_the_name_of(administrator.clone()),
            None => admin,
        })
    }

    async fn rehearse(&self, admin: &Admin, person: &ThrowAwayUser, user: &KeycloakUser) -> Vec<Finding> {
        match self.log_in(person, user).await {
            Ok(session) => match self.end(admin, &session).await {
                Ok(seen) => seen.judge(self.realm),
                Err(error) => vec![Finding::not_tried(Check::ProbeToken, causes(&error))],
            },
            Err(finding) => vec![finding],
        }
    }

    /// A session that the gateway admits.
    async fn log_in(&self, person: &ThrowAwayUser, user: &KeycloakUser) -> Result<Session, Finding> {
        let not_tried = |why: String| Finding::not_tried(Check::ProbeToken, why);
        let account = self.account(user);
        let enrol = Enrol::adopt(id::user_id(), account).map_err(|error| not_tried(causes(&error)))?;
        carry_out(self.ledger, enrol).await.map_err(|error| not_tried(causes(&error)))?;
        let now = self.realm.clock.wall();
        let tokens = self.tokens(person).await?;
        let token = tokens.access_token().to_owned();
        let read = OwnToken::read(&token, now, now);
        let sid = read.as_ref().and_then(|read| read.claim("sid")).map(str::to_owned);
        let sid = sid.ok_or_else(|| not_tried("the token of a log-in names no session".to_owned()))?;
        self.admitted(&token).await?;
        Ok(Session { token, sid })
    }

    /// By the form of the browser where the client takes no passwords.
    async fn tokens(&self, person: &ThrowAwayUser) -> Result<Tokens, Finding> {
        let login = PasswordLogin { username: &person.username, password: &person.password, otp: None, address: None };
        let oidc = &self.realm.oidc;
        match oidc.login(login).await {
            Ok(tokens) => Ok(tokens),
            Err(LoginError::Keycloak(KeycloakError::Refused { error, .. })) if error == "unauthorized_client" => {
                let back = self.realm.endpoint("/callback");
                let by_form = oidc.log_in_by_form(person, &back).await;
                by_form.map_err(|error| self.no_session(&causes(&error)))?.ok_or_else(|| self.no_form(&back))
            }
            Err(error) => Err(self.no_session(&causes(&error))),
        }
    }

    /// The gateway hears of its new user within milliseconds.
    async fn admitted(&self, token: &str) -> Result<(), Finding> {
        let mut said = None;
        for _ in 0..LOOKS {
            said = self.ask(token).await;
            if said == Some(StatusCode::OK) {
                return Ok(());
            }
            sleep(BETWEEN_LOOKS).await;
        }
        let why = match said {
            Some(StatusCode::UNAUTHORIZED) => {
                "the gateway refuses a fresh token: the findings above say why".to_owned()
            }
            Some(StatusCode::FORBIDDEN) => {
                "the gateway knows nothing of a new user: it uses another users database".to_owned()
            }
            Some(status) => format!("the gateway answers {status} to a fresh token"),
            None => "the gateway has stopped answering".to_owned(),
        };
        Err(Finding::fail(Check::ProbeToken, why).remedy(Remedy::advice("look at the gateway's log")))
    }

    /// Ends the session, and asks the gateway again and again until it refuses the token.
    async fn end(&self, admin: &Admin, session: &Session) -> Result<Seen, KeycloakError> {
        let clock = &self.realm.clock;
        let began = clock.boot();
        let ended = async {
            admin.end_session(&session.sid).await?;
            let answered = clock.boot().since(began);
            Ok::<_, KeycloakError>((answered, self.is_refused(&session.token).await))
        };
        let patience = self.patience();
        let watched = timeout(patience, self.first_refusal(&session.token, began));
        let (ended, watched) = tokio::join!(ended, watched);
        let (answered, at_once) = ended?;
        Ok(Seen { answered, at_once, refused: watched.ok() })
    }

    async fn first_refusal(&self, token: &str, began: Boot) -> Duration {
        while !self.is_refused(token).await {
            sleep(BETWEEN_ASKS).await;
        }
        self.realm.clock.boot().since(began)
    }

    async fn is_refused(&self, token: &str) -> bool {
        self.ask(token).await == Some(StatusCode::UNAUTHORIZED)
    }

    async fn ask(&self, token: &str) -> Option<StatusCode> {
        self.gateway.status(&self.realm.path("/me"), token).await
    }

    /// An answer of Keycloak that waits for us, then two reads of its events.
    fn patience(&self) -> Duration {
        self.realm.issuer.events_interval.saturating_mul(2) + Duration::from_secs(10)
    }

    fn no_user(&self, error: &KeycloakError) -> Finding {
        let found = Finding::not_tried(Check::ProbeToken, format!("no user can be made: {}", causes(error)));
        match error {
            KeycloakError::Refused { status, .. }
                if *status == StatusCode::FORBIDDEN && self.administrator.is_none() =>
            {
                found
                    .remedy(Remedy::Command("doorward doctor --probe --admin-user admin".to_owned()))
                    .remedy(self.realm.kcadm().roles(&["manage-users"]))
            }
            _ => found,
        }
    }

    fn no_session(&self, why: &str) -> Finding {
        Finding::not_tried(Check::ProbeToken, format!("no session can be made: {why}"))
    }

    fn no_form(&self, back: &str) -> Finding {
        let message =
            format!("no session can be made: by a browser's form neither, which is to send it back to {back}");
        Finding::not_tried(Check::ProbeToken, message)
            .remedy(Remedy::advice(format!(
                "add {back} to the valid redirect URIs of the client, and switch on standard flow"
            )))
            .remedy(self.realm.kcadm().client(&[("directAccessGrantsEnabled", "true")]))
    }

    /// What an earlier rehearsal left that was killed.
    async fn sweep(&self, admin: &Admin) {
        let before = self.realm.clock.wall().0.saturating_sub(OLD).saturating_mul(1000);
        for id in admin.leftovers(PREFIX, before).await.unwrap_or_default() {
            // Whoever cannot remove it now says so of a user of their own.
            let _ = admin.remove_user(&id).await;
            let _ = carry_out(self.ledger, Forget { subject: self.subject(&id) }).await;
        }
    }

    async fn clean_up(&self, admin: &Admin, user: &KeycloakUser) -> Finding {
        let check = Check::ProbeCleanup;
        let there = admin.remove_user(&user.id).await;
        let here = carry_out(self.ledger, Forget { subject: self.subject(&user.id) }).await;
        match (there, here) {
            (Ok(()), Ok(_)) => Finding::ok(check, "the user of the rehearsal is gone, at Keycloak and here"),
            (Err(error), _) => {
                Finding::warn(check, format!("{} is still at Keycloak: {}", user.username, causes(&error)))
                    .remedy(self.realm.kcadm().remove_user(&user.id))
            }
            (_, Err(error)) => {
                let advice = format!("remove {} from the table users ([users] database)", user.username);
                let message = format!("{} is still in the users database: {}", user.username, causes(&error));
                Finding::warn(check, message).remedy(Remedy::Advice(advice))
            }
        }
    }

    fn account(&self, user: &KeycloakUser) -> KeycloakAccount {
        KeycloakAccount {
            subject: self.subject(&user.id),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            enabled: user.enabled,
        }
    }

    fn subject(&self, id: &str) -> Subject {
        Subject::new(Arc::clone(&self.realm.issuer.issuer), Arc::from(id))
    }

    fn name(&self, findings: Vec<Finding>) -> Vec<Finding> {
        findings.into_iter().map(|finding| finding.about(&self.realm.issuer.name)).collect()
    }
}

const PREFIX: &str = "doorward-probe-";
/// In seconds: no rehearsal takes so long.
const OLD: u64 = 600;
const LOOKS: u32 = 60;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
const BETWEEN_ASKS: Duration = Duration::from_millis(2);
