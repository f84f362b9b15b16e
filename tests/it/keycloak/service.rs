//! The client credentials grant: a service calls as itself.

use crate::keycloak::world::{World, about, claims_of, names, set, text, words};

contracts! { a_client_gets_a_token_of_its_service_account }

fn a_client_gets_a_token_of_its_service_account(world: &World) {
    let answer = world.post("token", &[("grant_type", "client_credentials")]);
    assert_eq!(answer.status, 200, "{}", answer.shown());
    let tokens = answer.json();
    assert_eq!(
        names(&tokens),
        words("access_token expires_in not-before-policy refresh_expires_in scope token_type"),
        "no refresh token and no session"
    );
    about(&tokens["expires_in"], 300);
    assert_eq!(tokens["refresh_expires_in"], 0);
    assert_eq!(words(text(&tokens, "scope")), ["email", "profile"]);
    let claims = claims_of(text(&tokens, "access_token"));
    let expected = "acr aud azp clientAddress clientHost client_id email_verified exp iat iss jti preferred_username \
                    realm_access resource_access scope sub typ";
    assert_eq!(names(&claims), words(expected), "no session");
    assert_eq!(set(&claims["aud"]), ["account", "doorward", "realm-management"]);
    assert_eq!((text(&claims, "azp"), text(&claims, "client_id")), ("doorward", "doorward"));
    assert_eq!(text(&claims, "preferred_username"), "service-account-doorward");
    assert_eq!(text(&claims, "jti").split(':').next(), Some("trrtcc"));
    let rights = set(&claims["resource_access"]["realm-management"]["roles"]);
    for right in ["manage-users", "view-users", "query-users", "view-events"] {
        assert!(rights.contains(&right), "{rights:?}");
    }
    assert!(!rights.contains(&"realm-admin") && !rights.contains(&"manage-realm"), "{rights:?}");
}
