//! From a request and whose it is to what the gateway would do, judged by what judges requests, and why.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::whom::Whom;
use crate::api::{self, Access};
use crate::config::Settings;
use crate::forward::Forward;
use crate::policy::{Requirements, Rule};
use crate::problem::{Facts, Rejection};
use crate::request::{CredentialError, Incoming};
use crate::rights::Entitlement;
use crate::routing::{Route, RouteError, Routes, Target};

/// What a request is judged by.
pub(super) struct Judgement<'j> {
    pub(super) routes: &'j Routes,
    pub(super) settings: &'j Settings,
    pub(super) whom: &'j Whom,
}

/// What there is to say.
pub(super) struct Explanation {
    route: Option<String>,
    to: Option<String>,
    outcome: String,
    because: Vec<String>,
}

/// Why somebody may enter, or why not.
type Entered = Result<Vec<String>, Refused>;

/// The status and the reason, as the log has them, and why.
struct Refused {
    outcome: String,
    because: Vec<String>,
}

impl Refused {
    fn new(facts: &Facts, because: Vec<String>) -> Self {
        Self { outcome: format!("{} {}", facts.status, facts.reason), because }
    }
}

impl Judgement<'_> {
    /// In the order in which the gateway goes.
    pub(super) fn of(&self, incoming: &Incoming) -> Explanation {
        let route = match self.routes.find(&incoming.host, &incoming.path, incoming.method) {
            Ok(route) => route,
            Err(error) => {
                let because = self.no_route(&error, incoming);
                return Explanation::new(None, None, Err(Refused::new(&(&error).into(), vec![because])), "");
            }
        };
        let entered = match &route.rule {
            Rule::Public => Ok(Vec::new()),
            Rule::Protected(requirements) => self.enter(requirements),
        };
        match &route.target {
            Target::Upstream(target) => {
                let open = "the route is public: credentials are neither read nor forwarded";
                let entered = entered.map(|because| if because.is_empty() { vec![open.to_owned()] } else { because });
                let carried = entered.and_then(|because| match Forward::check(target, incoming) {
                    Ok(()) => Ok(because),
                    Err(error) => Err(Refused::new(&(&error).into(), vec![error.to_string()])),
                });
                Explanation::new(Some(route), Some(format!("upstream {}", target.upstream)), carried, "forwarded")
            }
            Target::Local(endpoint) => {
                let entered = entered.and_then(|because| self.call(*endpoint, because));
                Explanation::new(Some(route), Some("the gateway itself".to_owned()), entered, "answered")
            }
        }
    }

    fn no_route(&self, error: &RouteError, incoming: &Incoming) -> String {
        let prefix = &self.settings.auth.prefix;
        let rest = incoming.path.as_str().strip_prefix(prefix.as_str());
        match error {
            RouteError::NotFound if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) => format!(
                "{prefix} and every path below it is the gateway's own, and this is none of its endpoints: `doorward check` lists them"
            ),
            RouteError::NotFound => error.to_string(),
            RouteError::MethodNotAllowed { allowed } => {
                let names: Vec<_> = allowed.iter().map(|method| method.name()).collect();
                let names = names.join(", ");
                format!("the routes of this path take only {names}; a request never falls to a less specific path")
            }
        }
    }

    /// What an endpoint asks beside the rule of its route.
    fn call(&self, endpoint: usize, entered: Vec<String>) -> Entered {
        match api::access(&self.settings.auth, endpoint) {
            Some(Access::SignedInOrClient) => {
                let ours = "the client of the gateway may call it too, by its secret".to_owned();
                let mut entered = self.enter(&Requirements::default());
                match &mut entered {
                    Ok(because) | Err(Refused { because, .. }) => because.push(ours),
                }
                entered
            }
            Some(Access::SignedIn) => Ok(entered),
            Some(Access::Anybody) | None => Ok(vec!["anybody may call it: what the request brings decides".to_owned()]),
        }
    }

    fn enter(&self, asked: &Requirements) -> Entered {
        match self.whom {
            Whom::Nobody => {
                let because = "it is for signed-in users, and no --user was given".to_owned();
                Err(Refused::new(&(&CredentialError::Missing).into(), vec![because]))
            }
            Whom::Refused { error, because } => Err(Refused::new(&error.into(), vec![because.clone()])),
            Whom::Known { name, held, remark } => {
                let remark = remark.iter().map(|remark| (*remark).to_owned());
                match asked.judge_rights(held) {
                    Ok(()) => {
                        let met = format!("{name} meets every requirement that can be seen here");
                        Ok(std::iter::once(met).chain(remark).chain(unseen(asked)).collect())
                    }
                    Err(denial) => {
                        let because = missing(asked, held).into_iter().chain(remark).chain(self.roles_of_tokens());
                        Err(Refused::new(&(&denial).into(), because.collect()))
                    }
                }
            }
        }
    }

    fn roles_of_tokens(&self) -> Option<String> {
        let roles = &self.settings.keycloak.roles;
        (!roles.is_empty())
            .then(|| format!("roles that only a token shows ([keycloak] roles = {roles:?}) are not counted"))
    }
}

fn missing(asked: &Requirements, held: &Entitlement) -> Vec<String> {
    let mut missing = Vec::new();
    for (key, wanted, held, all) in [
        ("any_role", &asked.any_role, held.roles(), false),
        ("all_roles", &asked.all_roles, held.roles(), true),
        ("any_permission", &asked.any_permission, held.permissions(), false),
        ("all_permissions", &asked.all_permissions, held.permissions(), true),
    ] {
        let holds = |name: &String| held.iter().any(|held| **held == **name);
        let met = wanted.is_empty() || if all { wanted.iter().all(holds) } else { wanted.iter().any(holds) };
        if !met {
            missing.push(format!("{key} = {wanted:?} is not met; held: {held:?}"));
        }
    }
    missing
}

/// What only a token can show.
fn unseen(asked: &Requirements) -> Vec<String> {
    let mut unseen = Vec::new();
    for (key, wanted) in [("any_scope", &asked.any_scope), ("all_scopes", &asked.all_scopes), ("acr", &asked.acr)] {
        if !wanted.is_empty() {
            unseen.push(format!("the token must show {key} = {wanted:?}"));
        }
    }
    if let Some(audience) = &asked.audience {
        unseen.push(format!("the token must be for the audience {audience:?}"));
    }
    if let Some(max_age) = asked.max_age {
        unseen.push(format!("the log-in must be younger than {}", humantime::format_duration(max_age)));
    }
    if asked.strict {
        unseen.push("strict = true: Keycloak is asked, and must call the token active".to_owned());
    }
    unseen
}

impl Explanation {
    /// Of a request that cannot be read in one way only.
    pub(super) fn unreadable(rejection: &Rejection) -> Self {
        Self::new(None, None, Err(Refused::new(&rejection.into(), vec![rejection.to_string()])), "")
    }

    fn new(route: Option<&Arc<Route>>, to: Option<String>, entered: Entered, done: &str) -> Self {
        let (outcome, because) = match entered {
            Ok(because) => (done.to_owned(), because),
            Err(Refused { outcome, because }) => (outcome, because),
        };
        Self { route: route.map(|route| route.label.to_string()), to, outcome, because }
    }

    pub(super) fn json(&self) -> Value {
        json!({"route": self.route, "to": self.to, "outcome": self.outcome, "because": self.because})
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(text, "route    {}", self.route.as_deref().unwrap_or("none"));
        if let Some(to) = &self.to {
            let _ = writeln!(text, "to       {to}");
        }
        let _ = writeln!(text, "outcome  {}", self.outcome);
        for because in &self.because {
            let _ = writeln!(text, "because  {because}");
        }
        text
    }
}
