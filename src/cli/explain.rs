//! `doorward explain`: which route holds for a request, and why somebody may enter it or not.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{block_on, say, sentence};
use crate::app::database;
use crate::config::Settings;
use crate::policy::{Requirements, Rule};
use crate::request::{CanonicalPath, Host, Method};
use crate::rights::Catalogue;
use crate::routing::{Route, RouteError, Routes, Target};
use crate::store::{Enrichment, Options, StoreError, UserKey, UserState, Username};

/// Say which route holds for a request, and whether a user may enter it.
#[derive(Args, Debug)]
pub struct Explain {
    /// The method.
    #[arg(long, default_value = "GET", value_parser = method)]
    method: Method,
    /// The host, where routes have hosts.
    #[arg(long, default_value = "localhost", value_parser = Host::parse)]
    host: Host,
    /// The path.
    #[arg(long, value_parser = CanonicalPath::parse)]
    path: CanonicalPath,
    /// The user, by name; without one, the request of nobody is explained.
    #[arg(long, value_parser = Username::mirror)]
    user: Option<Username>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What there is to say.
struct Explanation {
    route: Option<String>,
    to: Option<String>,
    outcome: &'static str,
    because: Vec<String>,
}

/// What the users database knows of the user.
enum Known {
    Nobody,
    Missing(String),
    NotActive(UserState),
    Active { name: String, roles: Vec<String>, permissions: Vec<String> },
}

/// Explains from the configuration and the users database; asks nobody else.
pub fn run(explain: Explain, settings: Settings) -> ExitCode {
    let known = match block_on(look_up(explain.user.clone(), &settings)) {
        Ok(Ok(known)) => known,
        Ok(Err(error)) => {
            say(&sentence(&error));
            return ExitCode::FAILURE;
        }
        Err(error) => {
            say(&format!("doorward: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let prefix = settings.auth.prefix.clone();
    let routes = Routes::new(settings.routes);
    let own = explain.path.as_str() == prefix || explain.path.as_str().starts_with(&format!("{prefix}/"));
    let explanation = if own {
        Explanation {
            route: None,
            to: Some("the gateway itself".into()),
            outcome: "local",
            because: vec![format!(
                "{prefix} and every path below it is the gateway's own: {prefix}/openapi.json lists the endpoints, all else is 404"
            )],
        }
    } else {
        judge(routes.find(&explain.host, &explain.path, explain.method), &explain.path, &known)
    };
    let text = if explain.json { format!("{}\n", explanation.json()) } else { explanation.text() };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn look_up(user: Option<Username>, settings: &Settings) -> Result<Known, StoreError> {
    let Some(username) = user else { return Ok(Known::Nobody) };
    let store = database::open(&settings.users, Options::default()).await?;
    let Some(user) = store.user(UserKey::Username(username.clone())).await? else {
        return Ok(Known::Missing(username.as_str().to_owned()));
    };
    if user.state != UserState::Active {
        return Ok(Known::NotActive(user.state));
    }
    let Some(subject) = user.subject else { return Ok(Known::NotActive(user.state)) };
    let Enrichment { account: Some(row), .. } = store.enrich(&subject).await? else {
        return Ok(Known::Missing(username.as_str().to_owned()));
    };
    let catalogue = Catalogue::new(store.catalogue().await?, 0);
    let (roles, permissions) = catalogue.resolve(&row.roles).unwrap_or_default();
    let names =
        |names: std::collections::BTreeSet<std::sync::Arc<str>>| names.iter().map(|name| name.to_string()).collect();
    Ok(Known::Active { name: user.username, roles: names(roles), permissions: names(permissions) })
}

fn judge(found: Result<&std::sync::Arc<Route>, RouteError>, path: &CanonicalPath, known: &Known) -> Explanation {
    let route = match found {
        Ok(route) => route,
        Err(RouteError::NotFound) => {
            return Explanation::refusal(None, "404 no-route", vec!["no route has this host and path".into()]);
        }
        Err(RouteError::MethodNotAllowed { allowed }) => {
            let names: Vec<_> = allowed.iter().map(|method| method.name()).collect();
            let because = format!(
                "the route of this path takes only {}; a request never falls to a less specific path",
                names.join(", ")
            );
            return Explanation::refusal(None, "405 method", vec![because]);
        }
    };
    if let Target::Upstream(target) = &route.target
        && path.has_encoded_slash()
        && !target.encoded_slash
    {
        let because = "the path holds %2F, and the route does not say encoded_slash = true".to_owned();
        return Explanation::refusal(Some(route), "400 encoded-slash", vec![because]);
    }
    match &route.rule {
        Rule::Public => {
            Explanation::entry(route, "the route is public: credentials are neither read nor forwarded".into())
        }
        Rule::Protected(requirements) => enter(route, requirements, known),
    }
}

fn enter(route: &Route, requirements: &Requirements, known: &Known) -> Explanation {
    match known {
        Known::Nobody => Explanation::refusal(
            Some(route),
            "401 unauthenticated",
            vec!["the route is for signed-in users, and no --user was given".into()],
        ),
        Known::Missing(name) => Explanation::refusal(
            Some(route),
            "403 unknown-user",
            vec![format!("the users database does not know {name}")],
        ),
        Known::NotActive(state) => {
            Explanation::refusal(Some(route), "403 user-disabled", vec![format!("the user is {}", state.name())])
        }
        Known::Active { name, roles, permissions } => {
            let missing = missing(requirements, roles, permissions);
            if missing.is_empty() {
                let mut explanation =
                    Explanation::entry(route, format!("{name} meets every requirement that can be seen here"));
                explanation.because.extend(unseen(requirements));
                explanation
            } else {
                let kind = if missing.iter().any(|key| key.contains("role")) {
                    "403 role-required"
                } else {
                    "403 permission-required"
                };
                Explanation::refusal(Some(route), kind, missing)
            }
        }
    }
}

fn missing(asked: &Requirements, roles: &[String], permissions: &[String]) -> Vec<String> {
    let mut missing = Vec::new();
    for (key, wanted, held, all) in [
        ("any_role", &asked.any_role, roles, false),
        ("all_roles", &asked.all_roles, roles, true),
        ("any_permission", &asked.any_permission, permissions, false),
        ("all_permissions", &asked.all_permissions, permissions, true),
    ] {
        let holds = |name: &String| held.contains(name);
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
        unseen.push(format!("the log-in must be younger than {max_age:?}"));
    }
    if asked.strict {
        unseen.push("strict = true: Keycloak is asked, and must call the token active".to_owned());
    }
    unseen
}

impl Explanation {
    fn entry(route: &Route, because: String) -> Self {
        Self { outcome: "forwarded", because: vec![because], ..Self::refusal(Some(route), "", Vec::new()) }
    }

    fn refusal(route: Option<&Route>, outcome: &'static str, because: Vec<String>) -> Self {
        let to = route.map(|route| match &route.target {
            Target::Upstream(target) => format!("upstream {}", target.upstream),
            Target::Local(_) => "the gateway itself".to_owned(),
        });
        Self { route: route.map(|route| route.label.to_string()), to, outcome, because }
    }

    fn json(&self) -> Value {
        json!({"route": self.route, "to": self.to, "outcome": self.outcome, "because": self.because})
    }

    fn text(&self) -> String {
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

fn method(text: &str) -> Result<Method, String> {
    Method::from_name(text).ok_or_else(|| "one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS".to_owned())
}
