//! What the Admin API tells afterwards: who did what, and what users did.

use serde_json::{Value, json};

use crate::keycloak::world::{World, claims_of, text, verdict};

contracts! {
    what_an_administrator_did_is_told,
    what_a_user_did_is_told,
    events_are_asked_for_by_time_and_type,
}

fn list(world: &World, query: &str) -> Vec<Value> {
    let answer = world.admin("GET", query, None);
    assert_eq!(answer.status, 200, "{query}: {}", answer.shown());
    answer.json().as_array().unwrap().clone()
}

/// What was done to a resource: operation, type and the body as it was sent.
fn done(world: &World, path: &str) -> Vec<(String, String, Value)> {
    let events = list(world, "admin-events?direction=asc&max=1000");
    let of_it = events.iter().filter(|event| event["resourcePath"] == path);
    let shown = |event: &Value| {
        assert!(event["time"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds: {event}");
        assert!(!text(event, "id").is_empty());
        let body = event["representation"].as_str().map(|body| serde_json::from_str(body).unwrap());
        (text(event, "operationType").to_owned(), text(event, "resourceType").to_owned(), body.unwrap_or_default())
    };
    of_it.map(shown).collect()
}

fn event(operation: &str, resource: &str, body: Value) -> Vec<(String, String, Value)> {
    vec![(operation.to_owned(), resource.to_owned(), body)]
}

fn what_an_administrator_did_is_told(world: &World) {
    let admin = |method: &str, path: &str, body: Option<Value>| {
        let answer = world.admin(method, path, body.as_ref());
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.shown());
        answer.value("Location")
    };
    let session = world.tokens("alice")["session_state"].as_str().unwrap().to_owned();
    admin("DELETE", &format!("sessions/{session}"), None);
    assert_eq!(done(world, &format!("sessions/{session}")), event("DELETE", "USER_SESSION", json!({"offline": false})));

    let heidi = json!({"username": "heidi", "email": "heidi@example.test", "firstName": "Heidi", "lastName": "Hill"});
    let location = admin("POST", "users", Some(heidi));
    let path = format!("users/{}", location.rsplit('/').next().unwrap());
    admin("PUT", &path, Some(json!({"enabled": false})));
    let password = json!({"type": "password", "value": "heidi-password", "temporary": false});
    admin("PUT", &format!("{path}/reset-password"), Some(password));
    admin("POST", &format!("{path}/logout"), None);
    let of_her = done(world, &path);
    let update = of_her.iter().find(|(operation, ..)| operation == "UPDATE").expect("the change");
    assert_eq!((update.1.as_str(), &update.2["enabled"]), ("USER", &json!(false)), "the body as it was sent");
    for action in ["reset-password", "logout"] {
        assert_eq!(done(world, &format!("{path}/{action}")), event("ACTION", "USER", Value::Null), "{action}");
    }
    admin("DELETE", &path, None);
    let of_her = done(world, &path);
    assert!(of_her.iter().any(|(operation, resource, _)| (&**operation, &**resource) == ("DELETE", "USER")));
}

fn what_a_user_did_is_told(world: &World) {
    let of = |sid: &Value, kind: &str| {
        let events = list(world, &format!("events?direction=asc&max=1000&type={kind}"));
        let mut found: Vec<_> = events.into_iter().filter(|event| event["sessionId"] == *sid).collect();
        assert_eq!(found.len(), 1, "{kind} of {sid}: {found:?}");
        found.remove(0)
    };
    let alice = || {
        let tokens = world.tokens("alice");
        let field = |name: &str| text(&tokens, name).to_owned();
        (tokens["session_state"].clone(), field("access_token"), field("refresh_token"))
    };
    let (sid, _, refresh) = alice();
    assert_eq!(world.post("logout", &[("refresh_token", &refresh)]).status, 204);
    let event = of(&sid, "LOGOUT");
    assert_eq!((&event["userId"], &event["clientId"]), (&json!(world.id_of("alice")), &json!("doorward")));
    assert_eq!((&event["type"], event.get("error")), (&json!("LOGOUT"), None));

    let (sid, _, refresh) = alice();
    assert_eq!(world.post("revoke", &[("token", &refresh)]).status, 200);
    let event = of(&sid, "REVOKE_GRANT");
    assert_eq!((&event["details"]["revoked_client"], event["details"].get("token_id")), (&json!("doorward"), None));

    let (_, access, _) = alice();
    assert_eq!(world.post("revoke", &[("token", &access)]).status, 200);
    let jti = claims_of(&access)["jti"].clone();
    let events = list(world, "events?direction=asc&max=1000&type=REVOKE_GRANT");
    let event = events.iter().find(|event| event["details"]["token_id"] == jti).expect("the access token");
    assert_eq!(event.get("sessionId"), None, "it names the token alone");

    let (sid, _, refresh) = alice();
    assert_eq!([world.refresh(&refresh).status, world.refresh(&refresh).status], [200, 400]);
    let event = of(&sid, "REFRESH_TOKEN_ERROR");
    let reason = "Maximum allowed refresh token reuse exceeded";
    assert_eq!((&event["error"], &event["details"]["reason"]), (&json!("invalid_token"), &json!(reason)));
}

fn events_are_asked_for_by_time_and_type(world: &World) {
    let log_out = || {
        let tokens = world.tokens("bob");
        assert_eq!(world.post("logout", &[("refresh_token", text(&tokens, "refresh_token"))]).status, 204);
        tokens["session_state"].clone()
    };
    let (first, second) = (log_out(), log_out());
    let ask = |query: &str| list(world, &format!("events?direction=asc&type=LOGOUT&type=REVOKE_GRANT&{query}"));
    let all = ask("max=1000");
    let place = |sid: &Value| all.iter().position(|event| event["sessionId"] == *sid).unwrap();
    assert!(place(&first) < place(&second), "the oldest first");
    let since = all[place(&second)]["time"].as_i64().unwrap();
    let later = ask(&format!("max=1000&dateFrom={since}"));
    assert!(later.iter().any(|event| event["sessionId"] == second), "that very millisecond too");
    assert!(later.iter().all(|event| event["time"].as_i64().unwrap() >= since));
    assert_eq!(ask("first=1&max=1"), all[1..2]);
    let unknown = world.admin("GET", "events?type=LOGOUT&type=NO_SUCH_TYPE", None);
    assert_eq!(verdict(&unknown), (500, "unknown_error: For more on this error consult the server log.".to_owned()));
    let alice = world.tokens("alice");
    for path in ["events", "admin-events"] {
        let request = crate::support::raw::Request::get(&world.admin_path(path));
        assert_eq!(world.send(request.bearer(text(&alice, "access_token"))).status, 403, "{path}");
    }
}
