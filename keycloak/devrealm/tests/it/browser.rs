use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::http::{Request, Response};
use crate::world::{World, claims_of, text};

const CALLBACK: &str = "http://localhost:8000/auth/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-43chars";

fn authorization(changes: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let usual = [
        ("client_id", "doorward"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s1"),
        ("nonce", "n1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let fields = kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
    format!(
        "/realms/doorward/protocol/openid-connect/auth?{}",
        Serializer::new(String::new()).extend_pairs(fields).finish()
    )
}

fn location(response: &Response) -> Url {
    Url::parse(response.header("Location").unwrap_or_else(|| panic!("{response:?}"))).unwrap()
}

fn field(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn cookie(response: &Response) -> String {
    let line = response.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    line.split(';').next().unwrap().to_owned()
}

async fn sign_in(world: &World, username: &str, password: &str) -> Response {
    let form = world.get(&authorization(&[])).await;
    let action = form.text().split_once("action=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let action = Url::parse(&action).unwrap();
    let path = format!("{}?{}", action.path(), action.query().unwrap());
    let fields = [("username", username), ("password", password), ("credentialId", "")];
    world.send(Request::new("POST", &path).header("Cookie", &cookie(&form)).form(&fields)).await
}

async fn exchange(world: &World, code: &str, verifier: &str) -> Response {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", verifier)];
    world.post("token", &fields).await
}

#[tokio::test]
async fn a_browser_signs_in_and_its_code_brings_tokens_once() {
    let world = World::start().await;
    let back = location(&sign_in(&world, "alice", "alice-password").await);
    assert!(back.as_str().starts_with(CALLBACK));
    assert_eq!((field(&back, "state"), field(&back, "iss")), ("s1".to_owned(), world.realm.issuer().to_owned()));
    let code = field(&back, "code");
    assert_eq!(code.split('.').nth(1).unwrap(), field(&back, "session_state"));
    let tokens = exchange(&world, &code, VERIFIER).await.json();
    assert_eq!(tokens["session_state"], field(&back, "session_state"));
    let access = claims_of(text(&tokens, "access_token"));
    assert!(text(&access, "jti").starts_with("onrtac:") && access["auth_time"].is_i64());
    assert_eq!(claims_of(text(&tokens, "id_token"))["nonce"], "n1");
    assert_eq!(exchange(&world, &code, VERIFIER).await.verdict().1, "invalid_grant: Code not valid");
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token").await["active"], false);
}

#[tokio::test]
async fn a_wrong_verifier_burns_the_code() {
    let world = World::start().await;
    let code = field(&location(&sign_in(&world, "alice", "alice-password").await), "code");
    let wrong = exchange(&world, &code, &"x".repeat(50)).await;
    assert_eq!(wrong.verdict(), (400, "invalid_grant: PKCE verification failed: Code mismatch".to_owned()));
    assert_eq!(exchange(&world, &code, VERIFIER).await.verdict().1, "invalid_grant: Code not valid");
    let code = field(&location(&sign_in(&world, "alice", "alice-password").await), "code");
    let short = exchange(&world, &code, "short").await;
    assert_eq!(short.verdict().1, "invalid_grant: PKCE verification failed: Invalid code verifier");
    assert_eq!(exchange(&world, "garbage", VERIFIER).await.verdict().1, "invalid_grant: Code not valid");
}

#[tokio::test]
async fn the_form_says_what_is_wrong_and_belongs_to_one_browser() {
    let world = World::start().await;
    assert!(sign_in(&world, "alice", "nope").await.text().contains("Invalid username or password."));
    assert!(sign_in(&world, "dave", "dave-password").await.text().contains("Account is disabled"));
    let erin = sign_in(&world, "erin", "erin-password").await;
    assert!(location(&erin).as_str().ends_with("/login-actions/required-action?execution=UPDATE_PASSWORD"));
    let form = world.get(&authorization(&[])).await;
    let action = form.text().split_once("action=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let action = Url::parse(&action).unwrap();
    let path = format!("{}?{}", action.path(), action.query().unwrap());
    let fields = [("username", "alice"), ("password", "alice-password")];
    assert_eq!(world.send(Request::new("POST", &path).form(&fields)).await.status, 400);
}

#[tokio::test]
async fn a_session_answers_for_the_user_until_the_client_wants_the_form() {
    let world = World::start().await;
    let signed_in = sign_in(&world, "alice", "alice-password").await;
    let identity = cookie(&signed_in);
    let ask = async |changes: &[(&str, &str)], cookie: &str| {
        world.send(Request::new("GET", &authorization(changes)).header("Cookie", cookie)).await
    };
    let again = location(&ask(&[("prompt", "none")], &identity).await);
    assert_eq!(field(&again, "session_state"), field(&location(&signed_in), "session_state"));
    assert_eq!(ask(&[("prompt", "login")], &identity).await.status, 200);
    assert_eq!(field(&location(&ask(&[("prompt", "none")], "none=1").await), "error"), "login_required");
}

#[tokio::test]
async fn what_cannot_be_answered_by_redirect_is_a_page() {
    let world = World::start().await;
    for changes in [("redirect_uri", "http://evil.test/"), ("redirect_uri", ""), ("client_id", "nobody")] {
        let page = world.get(&authorization(&[changes])).await;
        assert_eq!((page.status, page.header("Location")), (400, None), "{changes:?}");
    }
    for (changes, error) in [
        (("scope", "openid nope"), "invalid_scope"),
        (("response_type", "magic"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
    ] {
        let back = location(&world.get(&authorization(&[changes])).await);
        assert_eq!((field(&back, "error").as_str(), field(&back, "state").as_str()), (error, "s1"), "{changes:?}");
    }
    let implicit = location(&world.get(&authorization(&[("response_type", "token")])).await);
    assert!(implicit.fragment().unwrap().contains("error=unauthorized_client"));
}

#[tokio::test]
async fn a_log_out_with_a_hint_ends_the_session_at_once() {
    let world = World::start().await;
    let tokens = world.tokens("alice").await;
    let logout = async |fields: &[(&str, &str)]| {
        let query = Serializer::new(String::new()).extend_pairs(fields).finish();
        world.get(&format!("/realms/doorward/protocol/openid-connect/logout?{query}")).await
    };
    let hint = ("id_token_hint", text(&tokens, "id_token"));
    let bad = logout(&[hint, ("post_logout_redirect_uri", "http://evil.test/")]).await;
    assert_eq!(bad.status, 400);
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token").await["active"], true);
    let back = logout(&[hint, ("post_logout_redirect_uri", "http://localhost:8000/"), ("state", "s2")]).await;
    assert_eq!((back.status, location(&back).as_str()), (302, "http://localhost:8000/?state=s2"));
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token").await["active"], false);
    assert_eq!(logout(&[("id_token_hint", text(&tokens, "access_token"))]).await.status, 400);
    assert_eq!(logout(&[("post_logout_redirect_uri", "http://localhost:8000/")]).await.status, 400);
}

#[tokio::test]
async fn a_log_out_without_a_hint_asks_first() {
    let world = World::start().await;
    let signed_in = sign_in(&world, "alice", "alice-password").await;
    let (identity, code) = (cookie(&signed_in), field(&location(&signed_in), "code"));
    let tokens = exchange(&world, &code, VERIFIER).await.json();
    let path = "/realms/doorward/protocol/openid-connect/logout";
    let page = world.send(Request::new("GET", &format!("{path}?client_id=doorward")).header("Cookie", &identity)).await;
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token").await["active"], true);
    let code = page.text().split_once("value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let confirm = Request::new("POST", &format!("{path}/logout-confirm")).header("Cookie", &identity);
    assert_eq!(world.send(confirm.form(&[("session_code", &code)])).await.status, 200);
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token").await["active"], false);
}
