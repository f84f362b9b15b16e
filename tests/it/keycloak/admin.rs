//! The look-ups of the Admin API that the gateway makes, with the rights that its service account has.

use serde_json::{Value, json};

use crate::keycloak::world::{World, text, verdict};
use crate::support::raw::Request;

contracts! {
    a_look_up_is_exact_where_it_says_so,
    only_the_service_account_gets_in,
    our_own_id_is_stored_and_found,
}

fn found(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|user| text(user, "username")).collect()
}

fn a_look_up_is_exact_where_it_says_so(world: &World) {
    let find = |query: &str| {
        let answer = world.admin("GET", &format!("users?{query}"), None);
        assert_eq!(answer.status, 200, "{}", answer.shown());
        answer.json()
    };
    let alice = find("username=ALICE&exact=true&max=2");
    assert_eq!(found(&alice), ["alice"]);
    for (name, value) in [
        ("id", json!(world.id_of("alice"))),
        ("username", json!("alice")),
        ("email", json!("alice@example.test")),
        ("emailVerified", json!(true)),
        ("firstName", json!("Alice")),
        ("lastName", json!("Archer")),
        ("enabled", json!(true)),
    ] {
        assert_eq!(alice[0][name], value, "{name}");
    }
    let dave = find("username=dave&exact=true");
    assert_eq!((&dave[0]["enabled"], &dave[0]["emailVerified"]), (&json!(false), &json!(true)));
    assert_eq!(find("username=carol&exact=true")[0]["emailVerified"], json!(false));
    assert_eq!(found(&find("username=lic&exact=true")), [] as [&str; 0]);
    assert_eq!(found(&find("username=lic")), ["alice"], "without `exact` a part is enough");
    assert_eq!(found(&find("email=Bob@example.test&exact=true")), ["bob"]);
    let service = "service-account-doorward";
    assert_eq!(found(&find(&format!("username={service}&exact=true"))), [service]);
    assert_eq!(found(&find("first=1&max=2")), ["bob", "carol"]);
}

fn only_the_service_account_gets_in(world: &World) {
    let ask = |token: Option<&str>| {
        let request = Request::get(&world.admin_path("users?username=alice&exact=true"));
        verdict(&world.send(match token {
            Some(token) => request.bearer(token),
            None => request,
        }))
    };
    let alice = world.tokens("alice");
    assert_eq!(ask(None), (401, "HTTP 401 Unauthorized".to_owned()));
    assert_eq!(ask(Some("garbage")), (401, "HTTP 401 Unauthorized".to_owned()));
    assert_eq!(ask(Some(text(&alice, "id_token"))).0, 401);
    assert_eq!(ask(Some(text(&alice, "access_token"))), (403, "HTTP 403 Forbidden".to_owned()));
    assert_eq!(world.admin("GET", "clients?clientId=doorward", None).status, 403, "it may see no secrets");
    assert_eq!(world.admin("GET", "users/d1111111-0000-4000-8000-000000000000", None).status, 404);
}

fn our_own_id_is_stored_and_found(world: &World) {
    let grace = json!({"username": "grace", "email": "grace@example.test", "firstName": "Grace", "lastName": "Hall",
                       "enabled": true, "emailVerified": true,
                       "attributes": {"doorward_id": ["0190-a"], "undeclared": ["x"]},
                       "credentials": [{"type": "password", "value": "grace-password", "temporary": false}]});
    let created = world.admin("POST", "users", Some(&grace));
    assert_eq!((created.status, created.body.len()), (201, 0), "{}", created.shown());
    let location = created.value("Location");
    let id = location.rsplit('/').next().unwrap();
    let found = world.admin("GET", "users?q=doorward_id:0190-a", None).json();
    assert_eq!(found[0]["id"], id);
    assert_eq!(found[0]["attributes"], json!({"doorward_id": ["0190-a"]}), "what is not declared is dropped");
    assert_eq!(world.admin("GET", "users?q=doorward_id:0190", None).json(), json!([]), "a part is not enough");
    assert_eq!(world.login("grace", "grace-password").status, 200);
    let again = world.admin("POST", "users", Some(&json!({"username": "GRACE"})));
    assert_eq!(verdict(&again), (409, "User exists with same username".to_owned()));
    assert_eq!(world.admin("DELETE", &format!("users/{id}"), None).status, 204);
    let gone = world.admin("DELETE", &format!("users/{id}"), None);
    assert_eq!(verdict(&gone), (404, "User not found".to_owned()));
}
