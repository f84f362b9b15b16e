//! From Keycloak's role claims to those roles that the settings let count.

use super::json::{Json, Object};

/// The roles of `wanted` that the claims hold: realm roles by name, client roles as `client:role`. Whatever has
/// another type than it should grants nothing.
pub(super) fn granted(claims: &Object<'_>, wanted: &[String]) -> Vec<String> {
    if wanted.is_empty() {
        return Vec::new();
    }
    wanted.iter().filter(|role| holds(claims, role)).cloned().collect()
}

fn holds(claims: &Object<'_>, wanted: &str) -> bool {
    match wanted.rsplit_once(':') {
        None => has_role(claims.find("realm_access"), wanted),
        Some((client, role)) => {
            let clients = claims.find("resource_access").and_then(Json::as_object);
            has_role(clients.and_then(|clients| clients.find(client)), role)
        }
    }
}

fn has_role(access: Option<&Json<'_>>, role: &str) -> bool {
    let roles = access.and_then(Json::as_object).and_then(|access| access.find("roles")).and_then(Json::as_list);
    roles.is_some_and(|roles| roles.iter().any(|item| item.as_text() == Some(role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(claims: &str) -> Vec<String> {
        let wanted = ["admin", "user", "app:editor", "__proto__"].map(str::to_owned);
        granted(&Object::parse(claims.as_bytes()).unwrap(), &wanted)
    }

    #[test]
    fn configured_roles_count() {
        let claims = r#"{"realm_access":{"roles":["user","other"]},"resource_access":{"app":{"roles":["editor"]}}}"#;
        assert_eq!(roles(claims), ["user", "app:editor"]);
        assert!(granted(&Object::parse(claims.as_bytes()).unwrap(), &[]).is_empty());
    }

    #[test]
    fn anything_else_grants_nothing() {
        for claims in [
            "{}",
            r#"{"realm_access":{"roles":["user\r\nX-User-Roles: admin"]}}"#,
            r#"{"realm_access":{"roles":["ADMIN"]}}"#,
            r#"{"realm_access":{"roles":["admin "]}}"#,
            r#"{"realm_access":{"roles":"admin"}}"#,
            r#"{"realm_access":["admin"]}"#,
            r#"{"realm_access":{"roles":[0]}}"#,
            r#"{"realm_access":{"roles":[["admin"]]}}"#,
            r#"{"realm_access":{"roles":["app:editor"]}}"#,
            r#"{"resource_access":{"other":{"roles":["admin","editor"]}}}"#,
            r#"{"resource_access":{"app":{"roles":["admin"]}}}"#,
        ] {
            assert!(roles(claims).is_empty(), "{claims}");
        }
    }
}
