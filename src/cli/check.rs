//! `doorward check`: reads the configuration, offline, and prints what it means.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use comfy_table::Table;
use comfy_table::presets;

use super::pipe::Pipe;
use super::say;
use crate::api::{self, Access};
use crate::app;
use crate::config::{Auth, Fixed, Settings};
use crate::policy::{Requirements, Rule};
use crate::routing::{HostPattern, PathPatternError, Route, Target};

/// Read the configuration, open no port, and print the routes in the order in which they are tried.
#[derive(Args, Debug)]
pub struct Check {
    /// The file that a gateway runs with now: say what of the difference a reload would not take up.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

/// How the environment is asked.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Prints the routes in the order in which they are tried, and warnings; or everything that is wrong, and fails.
#[must_use]
pub fn run(check: &Check, config: &Path, env: Environment<'_>) -> ExitCode {
    let (output, errors) = (&mut Pipe::stdout(), &mut Pipe::around(io::stderr()));
    let right = self::check(config, env, output, errors).and_then(|right| {
        let compared = check.against.as_deref().map_or(Ok(true), |running| compare(running, config, env, errors))?;
        Ok(right && compared)
    });
    match right {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("doorward: cannot write the result: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Says what a gateway that runs with the one file would not take up of the other; whether a reload takes it at all.
fn compare(running: &Path, config: &Path, env: Environment<'_>, errors: &mut impl Write) -> io::Result<bool> {
    let (Ok((new, _)), read) = (Settings::load(config, env), Settings::load(running, env)) else { return Ok(false) };
    let old = match read {
        Ok((old, _)) => old,
        Err(complaints) => {
            write!(errors, "{complaints}")?;
            return Ok(false);
        }
    };
    let fixed = Fixed::by(&old);
    for key in fixed.changed_by(&new) {
        writeln!(errors, "needs a restart: {key}")?;
    }
    let other_realm = fixed.other_realm(&new);
    for key in &other_realm {
        writeln!(errors, "needs a restart, and a reload of it is refused: {key}")?;
    }
    let outlives = fixed.is_outlived_by(&new);
    if outlives {
        writeln!(errors, "needs a restart, and a reload of it is refused: a longer max_lifetime or leeway")?;
    }
    Ok(other_realm.is_empty() && !outlives)
}

/// Whether the file is right.
fn check(config: &Path, env: Environment<'_>, output: &mut impl Write, errors: &mut impl Write) -> io::Result<bool> {
    match Settings::load(config, env) {
        Ok((settings, warnings)) => {
            warnings.iter().try_for_each(|warning| writeln!(errors, "warning: {warning}"))?;
            match table(settings) {
                Ok(table) => write!(output, "{table}").map(|()| true),
                Err(error) => writeln!(errors, "[auth] prefix makes no path: {error}").map(|()| false),
            }
        }
        Err(complaints) => {
            let count = complaints.iter().len();
            writeln!(errors, "{complaints}{count} error{}", if count == 1 { "" } else { "s" })?;
            Ok(false)
        }
    }
}

/// The routes as a table, in the order in which they are tried.
fn table(settings: Settings) -> Result<String, PathPatternError> {
    let auth = &settings.auth;
    let routes = app::routes(settings.routes, auth)?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["METHODS", "HOST", "PATH", "WHO", "UPSTREAM"]);
    let (own, theirs): (Vec<_>, Vec<_>) =
        routes.in_order().into_iter().partition(|route| matches!(route.target, Target::Local(_)));
    for route in own {
        table.add_row(row(route, auth));
    }
    // Tried after every endpoint, and before every other route.
    table.add_row(["any", "any", &app::reserved(auth), "nobody", "the gateway: 404"]);
    for route in theirs {
        table.add_row(row(route, auth));
    }
    Ok(table.lines().map(|line| format!("{}\n", line.trim())).collect())
}

fn row(route: &Route, auth: &Auth) -> [String; 5] {
    let (who, to) = match &route.target {
        Target::Upstream(target) => (who(&route.rule), target.upstream.to_string()),
        Target::Local(endpoint) => (caller(api::access(auth, *endpoint)).to_owned(), "the gateway".to_owned()),
    };
    [route.methods.to_string(), host(route), route.path.to_string(), who, to]
}

fn caller(access: Option<Access>) -> &'static str {
    match access {
        Some(Access::Anybody) => "anybody",
        Some(Access::SignedIn) => "signed in",
        Some(Access::SignedInOrClient) => "signed in, or our client",
        None => "nobody",
    }
}

fn host(route: &Route) -> String {
    match &route.host {
        HostPattern::Any => "any".to_owned(),
        named @ (HostPattern::Exact(_) | HostPattern::Below(_)) => named.to_string(),
    }
}

fn who(rule: &Rule) -> String {
    let Rule::Protected(requirements) = rule else { return "anybody".to_owned() };
    let parts = parts(requirements);
    if parts.is_empty() { "signed in".to_owned() } else { parts.join("; ") }
}

fn parts(asked: &Requirements) -> Vec<String> {
    let lists = [
        ("role", " or ", &asked.any_role),
        ("role", " and ", &asked.all_roles),
        ("permission", " or ", &asked.any_permission),
        ("permission", " and ", &asked.all_permissions),
        ("scope", " or ", &asked.any_scope),
        ("scope", " and ", &asked.all_scopes),
        ("acr", " or ", &asked.acr),
    ];
    let listed = lists.into_iter().filter(|(_, _, names)| !names.is_empty());
    let listed = listed.map(|(what, between, names)| format!("{what} {}", names.join(between)));
    let audience = asked.audience.iter().map(|audience| format!("audience {audience}"));
    let age = asked.max_age.iter().map(|age| format!("authenticated within {}", humantime::format_duration(*age)));
    let strict = asked.strict.then(|| "active at Keycloak".to_owned());
    listed.chain(audience).chain(age).chain(strict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = r#"
[server]
listen = "127.0.0.1:8000"

[keycloak]
issuer = "https://sso.example.com/realms/acme"
client_id = "doorward"
client_secret = { env = "KEYCLOAK_SECRET" }
audience = "doorward"

[[upstream]]
name = "app"
servers = ["http://127.0.0.1:3000"]

[[upstream]]
name = "billing"
servers = ["http://127.0.0.1:3001"]

[[route]]
path = "/*"
upstream = "app"

[[route]]
path = "/public/*"
upstream = "app"
access = "public"

[[route]]
path = "/admin/*"
methods = ["GET"]
upstream = "app"
any_role = ["admin", "auditor"]

[[route]]
path = "/admin/*"
methods = ["POST", "DELETE"]
upstream = "app"
all_permissions = ["users:read", "users:write"]
acr = ["2"]
max_age = "15m"

[[route]]
host = "*.billing.example.com"
path = "/invoices/{id}"
upstream = "billing"
any_scope = ["invoices"]
audience = "billing"

[[route]]
host = "billing.example.com"
path = "/*"
upstream = "billing"
"#;

    /// Whether the file is right, what is printed, and what is complained of.
    fn checked(text: &str) -> (bool, String, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let env = |_: &str| Some("hunter2".to_owned());
        let right = check(file.path(), &env, &mut output, &mut errors).unwrap();
        let errors = String::from_utf8(errors).unwrap().replace(&file.path().display().to_string(), "x.toml");
        (right, String::from_utf8(output).unwrap(), errors)
    }

    /// CFG-020.
    #[test]
    fn the_routes_are_printed_in_the_order_in_which_they_are_tried() {
        let (right, output, errors) = checked(ROUTES);
        assert!(right && errors.is_empty(), "{errors}");
        insta::assert_snapshot!(output, @r"
        METHODS      HOST                   PATH                                      WHO                                                                     UPSTREAM
        POST         any                    /auth/backchannel-logout                  anybody                                                                 the gateway
        POST         any                    /auth/keycloak/{realm}/k_logout           anybody                                                                 the gateway
        POST         any                    /auth/keycloak/{realm}/k_push_not_before  anybody                                                                 the gateway
        POST         any                    /auth/logout                              anybody                                                                 the gateway
        GET          any                    /auth/me                                  signed in                                                               the gateway
        GET          any                    /auth/openapi.json                        anybody                                                                 the gateway
        POST         any                    /auth/token/refresh                       anybody                                                                 the gateway
        POST         any                    /auth/token/validate                      signed in, or our client                                                the gateway
        any          any                    /auth/*                                   nobody                                                                  the gateway: 404
        any          billing.example.com    /*                                        signed in                                                               billing
        any          *.billing.example.com  /invoices/{id}                            scope invoices; audience billing                                        billing
        GET          any                    /admin/*                                  role admin or auditor                                                   app
        POST,DELETE  any                    /admin/*                                  permission users:read and users:write; acr 2; authenticated within 15m  app
        any          any                    /public/*                                 anybody                                                                 app
        any          any                    /*                                        signed in                                                               app
        ");
    }

    #[test]
    fn warnings_do_not_fail() {
        let (right, output, errors) = checked(&format!("{ROUTES}\n[auth]\ntest_endpoints = true\n"));
        assert!(
            right && output.starts_with("METHODS") && errors.starts_with("warning: x.toml:55: [auth] "),
            "{errors}"
        );
    }

    #[test]
    fn what_a_reload_does_not_take_up_is_named() {
        let file = |text: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            file
        };
        let said = |new: &str| {
            let (old, new, mut errors) = (file(ROUTES), file(new), Vec::new());
            let env = |_: &str| Some("hunter2".to_owned());
            let taken = compare(old.path(), new.path(), &env, &mut errors).unwrap();
            (taken, String::from_utf8(errors).unwrap())
        };
        assert_eq!(said(&ROUTES.replace("any_role", "all_roles")), (true, String::new()));
        let moved = ROUTES.replace("127.0.0.1:8000", "127.0.0.1:8001");
        assert_eq!(said(&moved), (true, "needs a restart: [server] listen\n".into()));
        let (taken, text) = said(&ROUTES.replace("realms/acme", "realms/other"));
        assert!(!taken && text.contains("refused: [keycloak] issuer"), "{text}");
        let (taken, text) = said(&ROUTES.replace("[keycloak]\n", "[keycloak]\nmax_lifetime = \"48h\"\n"));
        assert!(!taken && text.contains("refused: a longer max_lifetime"), "{text}");
    }

    /// CFG-012.
    #[test]
    fn a_wrong_file_fails_with_every_complaint() {
        let (right, output, errors) = checked(&ROUTES.replace("any_role", "any_roles").replace("15m", "soon"));
        assert!(!right && output.is_empty());
        insta::assert_snapshot!(errors, @r#"
        x.toml:32: [[route]] any_roles: unknown key; did you mean "any_role"?
        x.toml:40: [[route]] max_age = "soon": not a duration; write a number and a unit, such as "250ms", "10s", "5m" or "24h"
        2 errors
        "#);
    }
}
