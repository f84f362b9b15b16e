use super::*;
use crate::keycloak::Details;

fn meaning() -> Meaning {
    Meaning {
        issuer: "https://sso".into(),
        clients: vec!["doorward".to_owned(), "spa".to_owned()],
        own: Some("doorward".to_owned()),
        roles: false,
    }
}

fn admin(resource: &str, operation: &str, path: &str, body: Option<&str>) -> Vec<(ChangeKind, String, Option<i64>)> {
    let event = AdminEvent {
        id: "e".to_owned(),
        time: 1_500,
        operation_type: operation.to_owned(),
        resource_type: resource.to_owned(),
        resource_path: Some(path.to_owned()),
        representation: body.map(str::to_owned),
    };
    shown(meaning().of_admin(&event))
}

fn user(kind: &str, change: impl FnOnce(&mut UserEvent)) -> Vec<(ChangeKind, String, Option<i64>)> {
    let mut event = UserEvent {
        id: "e".to_owned(),
        time: 1_500,
        kind: kind.to_owned(),
        client_id: Some("doorward".to_owned()),
        user_id: Some("u".to_owned()),
        session_id: Some("s".to_owned()),
        ..UserEvent::default()
    };
    change(&mut event);
    shown(meaning().of_user(&event))
}

fn shown(changes: Vec<Change>) -> Vec<(ChangeKind, String, Option<i64>)> {
    changes.into_iter().map(|change| (change.kind, change.key.to_string(), change.not_before)).collect()
}

fn one(kind: ChangeKind, key: &str, mark: Option<i64>) -> Vec<(ChangeKind, String, Option<i64>)> {
    vec![(kind, key.to_owned(), mark)]
}

/// A quarter of an hour after the beginning of time, where the events are of.
const OVER: Option<i64> = Some(900);

#[test]
fn what_administrators_do_kills_what_keycloak_kills() {
    use ChangeKind::{Client, Realm, Session, Subject};
    assert_eq!(admin("USER_SESSION", "DELETE", "sessions/s", Some(r#"{"offline":false}"#)), one(Session, "s", OVER));
    assert_eq!(admin("USER", "ACTION", "users/u/logout", None), one(Subject, "u", Some(2)));
    assert_eq!(admin("USER", "ACTION", "users/u/reset-password", None), one(Subject, "u", Some(2)));
    assert_eq!(admin("USER", "ACTION", "users/u/credentials/c", None), one(Subject, "u", Some(2)));
    assert_eq!(admin("USER", "ACTION", "users/u/consents/doorward", None), one(Subject, "u", Some(2)));
    assert_eq!(admin("USER", "UPDATE", "users/u", Some(r#"{"enabled":false}"#)), one(Subject, "u", Some(2)));
    assert_eq!(admin("USER", "UPDATE", "users/u", None), one(Subject, "u", Some(2)), "nobody knows what was changed");
    assert_eq!(admin("USER", "DELETE", "users/u", None), one(Subject, "u", None));
    assert_eq!(admin("REALM", "ACTION", "logout-all", None), one(Realm, "https://sso", Some(2)));
    assert_eq!(admin("REALM", "UPDATE", "", Some(r#"{"notBefore":77}"#)), one(Realm, "https://sso", Some(77)));
    let disabled = r#"{"clientId":"doorward","enabled":false,"notBefore":1}"#;
    assert_eq!(admin("CLIENT", "UPDATE", "clients/x", Some(disabled)), one(Client, "doorward", Some(2)));
    assert_eq!(
        admin("CLIENT", "DELETE", "clients/x", Some(disabled)),
        one(Client, "doorward", Some(2)),
        "not the next one"
    );
    let marked = r#"{"clientId":"doorward","enabled":true,"notBefore":99}"#;
    assert_eq!(admin("CLIENT", "UPDATE", "clients/x", Some(marked)), one(Client, "doorward", Some(99)));
}

#[test]
fn what_takes_no_token_away_kills_nothing() {
    for (resource, operation, path, body) in [
        ("USER", "UPDATE", "users/u", Some(r#"{"enabled":true,"email":"x@example.test"}"#)),
        ("USER", "CREATE", "users/u", None),
        ("USER", "ACTION", "users/u/send-verify-email", None),
        ("USER", "ACTION", "users/u/credentials/c/moveToFirst", None),
        ("REALM_ROLE_MAPPING", "DELETE", "users/u/role-mappings/realm", None),
        ("REALM", "UPDATE", "", Some(r#"{"notBefore":0}"#)),
        ("REALM", "UPDATE", "", Some("no JSON")),
        ("CLIENT", "UPDATE", "clients/x", Some(r#"{"clientId":"doorward","enabled":true}"#)),
        ("CLIENT", "ACTION", "clients/x/push-revocation", None),
        ("COMPONENT", "UPDATE", "components/k", None),
    ] {
        assert_eq!(admin(resource, operation, path, body), [], "{resource} {operation} {path}");
    }
    let role = AdminEvent {
        operation_type: "DELETE".to_owned(),
        resource_type: "REALM_ROLE_MAPPING".to_owned(),
        resource_path: Some("users/u/role-mappings/realm".to_owned()),
        ..AdminEvent::default()
    };
    let counting = Meaning { roles: true, ..meaning() };
    assert_eq!(shown(counting.of_admin(&role)), one(ChangeKind::Subject, "u", Some(1)), "where roles count");
}

#[test]
fn what_users_do_kills_what_keycloak_kills() {
    use ChangeKind::{Session, Subject, Token};
    let details = |details: Details| move |event: &mut UserEvent| event.details = Some(details);
    assert_eq!(user("LOGOUT", |_| {}), one(Session, "s", OVER));
    assert_eq!(user("USER_SESSION_DELETED", |_| {}), one(Session, "s", OVER));
    assert_eq!(user("DELETE_ACCOUNT", |_| {}), one(Subject, "u", None));
    assert_eq!(user("USER_DISABLED_BY_PERMANENT_LOCKOUT", |_| {}), one(Subject, "u", Some(2)));
    let revoked = |client: &str| Details { revoked_client: Some(client.to_owned()), ..Details::default() };
    assert_eq!(user("REVOKE_GRANT", details(revoked("doorward"))), one(Session, "s", Some(2)));
    assert_eq!(user("REVOKE_GRANT", details(revoked("elsewhere"))), []);
    let token = user("REVOKE_GRANT", |event| {
        event.session_id = None;
        event.details = Some(Details { token_id: Some("t".to_owned()), ..Details::default() });
    });
    assert_eq!(token, one(Token, "t", None));
    let reused = user("REFRESH_TOKEN_ERROR", |event| {
        event.error = Some("invalid_token".to_owned());
        let reason = "Maximum allowed refresh token reuse exceeded".to_owned();
        event.details = Some(Details { reason: Some(reason), ..Details::default() });
    });
    assert_eq!(reused, one(Session, "s", Some(2)));
    assert_eq!(user("REFRESH_TOKEN_ERROR", |event| event.error = Some("invalid_token".to_owned())), []);
    assert_eq!(
        user("CODE_TO_TOKEN_ERROR", |event| event.error = Some("invalid_code".to_owned())),
        one(Session, "s", Some(2))
    );
    let of_a_public_client = user("CODE_TO_TOKEN_ERROR", |event| {
        event.error = Some("invalid_code".to_owned());
        event.client_id = Some("spa".to_owned());
    });
    assert_eq!(of_a_public_client, [], "anybody could end anybody's session");
    assert_eq!(user("LOGOUT", |event| event.error = Some("x".to_owned())), []);
    assert_eq!(user("LOGIN", |_| {}), []);
}

#[test]
fn a_component_may_be_a_key() {
    let event = |resource: &str| AdminEvent { resource_type: resource.to_owned(), ..AdminEvent::default() };
    assert!(Meaning::changes_keys(&event("COMPONENT")));
    assert!(!Meaning::changes_keys(&event("USER")));
}
