use serde_json::{Value, json};

use crate::http::Request;
use crate::world::{World, text};

fn named(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|user| text(user, "username")).collect()
}

#[tokio::test]
async fn only_a_service_with_the_role_gets_in() {
    let world = World::start().await;
    let path = "/admin/realms/doorward/users";
    assert_eq!(world.get(path).await.verdict(), (401, "HTTP 401 Unauthorized".to_owned()));
    let alice = world.tokens("alice").await;
    let as_alice = world.send(Request::new("GET", path).bearer(text(&alice, "access_token"))).await;
    assert_eq!(as_alice.verdict(), (403, "HTTP 403 Forbidden".to_owned()));
    let as_id = world.send(Request::new("GET", path).bearer(text(&alice, "id_token"))).await;
    assert_eq!(as_id.status, 401);
    assert_eq!(world.admin("GET", "users", None).await.status, 200);
    assert_eq!(world.admin("GET", "clients?clientId=doorward", None).await.status, 403);
}

#[tokio::test]
async fn a_look_up_is_exact_only_when_it_says_so() {
    let world = World::start().await;
    let find = async |query: &str| world.admin("GET", &format!("users?{query}"), None).await.json();
    assert_eq!(named(&find("username=A").await).len(), 5);
    assert_eq!(named(&find("username=ALICE&exact=true").await), ["alice"]);
    assert_eq!(named(&find("email=bob@example.test&exact=true").await), ["bob"]);
    assert_eq!(named(&find("username=ob&exact=true").await), [] as [&str; 0]);
    assert_eq!(named(&find("username=service-account-doorward&exact=true").await), ["service-account-doorward"]);
    assert_eq!(named(&find("search=ali").await), ["alice"]);
    assert_eq!(named(&find("first=1&max=2").await), ["bob", "carol"]);
    assert_eq!(named(&find("enabled=false").await), ["dave"]);
    assert_eq!(world.admin("GET", "users/count", None).await.json(), 7);
}

#[tokio::test]
async fn a_user_is_created_found_by_our_id_and_deleted() {
    let world = World::start().await;
    let body = json!({"username": "Grace", "email": "grace@example.test", "firstName": "G", "lastName": "H", "enabled": true,
        "emailVerified": true, "attributes": {"doorward_id": ["0190"], "shoe_size": ["42"]}, "realmRoles": ["admin"],
        "credentials": [{"type": "password", "value": "grace-password", "temporary": false}]});
    let created = world.admin("POST", "users", Some(body)).await;
    let id = created.header("Location").unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!((created.status, created.body.len()), (201, 0));
    let found = world.admin("GET", "users?q=doorward_id:0190", None).await.json();
    assert_eq!(found[0]["id"], id.as_str());
    assert_eq!(found[0]["attributes"], json!({"doorward_id": ["0190"]}));
    assert_eq!(world.admin("GET", "users?q=doorward_id:019", None).await.json(), json!([]));
    assert_eq!(world.login("grace", "grace-password").await.status, 200);
    assert_eq!(world.admin("DELETE", &format!("users/{id}"), None).await.status, 204);
    assert_eq!(world.admin("DELETE", &format!("users/{id}"), None).await.verdict(), (404, "User not found".to_owned()));
}

#[tokio::test]
async fn each_bad_user_is_refused_in_its_own_shape() {
    let world = World::start().await;
    let create = async |body: Value| {
        let answer = world.admin("POST", "users", Some(body)).await;
        (answer.status, answer.json())
    };
    let taken = create(json!({"username": "ALICE"})).await;
    assert_eq!(taken, (409, json!({"errorMessage": "User exists with same username"})));
    let taken = create(json!({"username": "alice", "email": "Bob@example.test"})).await;
    assert_eq!(taken, (409, json!({"errorMessage": "User exists with same email"})));
    assert_eq!(create(json!({})).await, (400, json!({"errorMessage": "User name is missing"})));
    let bad = create(json!({"username": "grace", "email": "nope"})).await;
    let fault = json!({"field": "email", "errorMessage": "error-invalid-email", "params": ["email", "nope"]});
    assert_eq!(bad, (400, fault));
    assert_eq!(create(json!({"username": "g", "email": "nope"})).await.1["errors"].as_array().unwrap().len(), 2);
    let short = create(json!({"username": "grace", "credentials": [{"type": "password", "value": "short"}]})).await;
    assert_eq!(short.1["error"], "invalidPasswordMinLengthMessage");
    assert!(text(&create(json!({"name": "grace"})).await.1, "error").contains("Unrecognized field \"name\""));
    let form = Request::new("POST", "/admin/realms/doorward/users").bearer(&world.service_token().await).form(&[]);
    assert_eq!(world.send(form).await.status, 415);
}

#[tokio::test]
async fn a_put_with_attributes_erases_what_it_leaves_out() {
    let world = World::start().await;
    let path = format!("users/{}", world.id_of("bob"));
    let put = async |body: Value| world.admin("PUT", &path, Some(body)).await.status;
    let show = async || world.admin("GET", &path, None).await.json();
    assert_eq!(put(json!({"firstName": "Robert"})).await, 204);
    assert_eq!((&show().await["firstName"], &show().await["email"]), (&"Robert".into(), &"bob@example.test".into()));
    assert_eq!(put(json!({"email": null})).await, 204);
    assert_eq!(show().await["email"], "bob@example.test");
    assert_eq!(put(json!({"attributes": {"doorward_id": ["7"]}})).await, 204);
    let bob = show().await;
    assert_eq!(bob["attributes"]["doorward_id"], json!(["7"]));
    assert!(bob.get("email").is_none() && bob.get("firstName").is_none());
    assert_eq!(put(json!({"username": "robert"})).await, 400);
}

#[tokio::test]
async fn a_new_password_leaves_the_sessions_alone() {
    let world = World::start().await;
    let tokens = world.tokens("bob").await;
    let path = format!("users/{}/reset-password", world.id_of("bob"));
    let reset = async |value: &str, temporary: bool| {
        let body = json!({"type": "password", "value": value, "temporary": temporary});
        world.admin("PUT", &path, Some(body)).await
    };
    assert_eq!(reset("", false).await.verdict(), (400, "Empty password not allowed".to_owned()));
    assert_eq!(reset("short", false).await.status, 400);
    assert_eq!(reset("another-password", false).await.status, 204);
    assert_eq!(world.login("bob", "bob-password").await.status, 400);
    assert_eq!(world.login("bob", "another-password").await.status, 200);
    assert_eq!(reset("temporary-password", true).await.status, 204);
    let login = world.login("bob", "temporary-password").await;
    assert_eq!(login.verdict().1, "invalid_grant: Account is not fully set up");
    assert_eq!(world.refresh(text(&tokens, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn sessions_are_listed_and_end_one_by_one_or_together() {
    let world = World::start().await;
    let (first, second) = (world.tokens("bob").await, world.tokens("bob").await);
    let id = world.id_of("bob");
    let listed = world.admin("GET", &format!("users/{id}/sessions"), None).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed[0]["clients"].as_object().unwrap().values().any(|name| name == "doorward"));
    let path = format!("sessions/{}", text(&first, "session_state"));
    assert_eq!(world.admin("DELETE", &path, None).await.status, 204);
    assert_eq!(world.admin("DELETE", &path, None).await.verdict(), (404, "Sesssion not found".to_owned()));
    assert_eq!(world.introspect(text(&first, "access_token"), "access_token").await["active"], false);
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token").await["active"], true);
    assert_eq!(world.admin("POST", &format!("users/{id}/logout"), None).await.status, 204);
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token").await["active"], false);
    assert_eq!(world.admin("GET", &format!("users/{id}/sessions"), None).await.json(), json!([]));
}
