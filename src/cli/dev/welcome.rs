//! What `doorward dev` prints when everything answers.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::json;

use super::scene::Program;

/// Prints the welcome, or one line of JSON, on standard output.
pub(super) fn print(program: &Program, json: bool) {
    let text = if json { line(program) } else { welcome(program) };
    let mut stdout = std::io::stdout().lock();
    // Nobody reads it: the gateway works all the same.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn line(program: &Program) -> String {
    let users: Vec<_> =
        program.people.iter().map(|user| json!({"username": user.username, "password": user.password})).collect();
    let line = json!({
        "gateway": format!("http://{}", program.gateway),
        "operations": format!("http://{}", program.operations),
        "realm": program.realm,
        "upstream": format!("http://{}", program.upstream),
        "users": users,
    });
    format!("{line}\n")
}

fn welcome(program: &Program) -> String {
    let gateway = format!("http://{}", program.gateway);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "\nDoorward is running, with everything it needs.\n
  gateway     {gateway}
  operations  http://{operations}   /livez /readyz /metrics
  realm       {realm}
  application http://{upstream}   answers with what it was sent

  users (password NAME-password)\n",
        operations = program.operations,
        realm = program.realm,
        upstream = program.upstream,
    );
    for user in &program.people {
        let _ = writeln!(text, "    {:<8}{}", user.username, remark(&user.username));
    }
    let _ = write!(
        text,
        r#"
Try it:

  # nobody gets past a protected route: 401
  curl -i {gateway}/admin/reports

  # alice logs in
  TOKEN=$(curl -s {gateway}/auth/login --json '{{"username":"alice","password":"alice-password"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

  # her request is checked, enriched with her roles and permissions, and answered by the application
  curl -H "Authorization: Bearer $TOKEN" {gateway}/admin/reports

Stop it with Ctrl-C.
"#
    );
    text
}

fn remark(username: &str) -> &'static str {
    match username {
        "alice" => "role admin: every permission",
        "bob" => "role user",
        "carol" => "has not verified her e-mail address",
        "dave" => "is disabled",
        "erin" => "must change her password first",
        "frank" => "is in Keycloak, not in the users database",
        "otto" => "needs a one-time password",
        _ => "",
    }
}
