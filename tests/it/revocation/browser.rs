//! A browser at the pages of a real Keycloak: cookies, forms, and the way back to the gateway's callback.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::scene::Tokens;
use crate::keycloak::world::{World, form};
use crate::support::raw::{Request, Response};

/// Somebody's browser.
pub struct Browser<'w> {
    world: &'w World,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'w> Browser<'w> {
    /// A new one, signed in nowhere.
    pub fn at(world: &'w World) -> Self {
        Self { world, cookies: RefCell::default() }
    }

    /// Signs in for the gateway's client; the code.
    pub fn sign_in(&self, username: &str) -> String {
        let page = self.open(&self.authorization(""));
        let password = format!("{username}-password");
        let next = self.submit(&page, &[("username", username), ("password", &password), ("credentialId", "")]);
        self.code_of(&self.consent(next))
    }

    /// The tokens of somebody who signs in.
    pub fn tokens(&self, username: &str) -> Tokens {
        let answer = self.exchange(&self.sign_in(username));
        assert_eq!(answer.status, 200, "{}", answer.shown());
        Tokens::of(&answer.json())
    }

    /// Gives a code for tokens, as the gateway does.
    pub fn exchange(&self, code: &str) -> Response {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.world.post("token", &fields)
    }

    /// Where a browser is sent to sign in, with more parameters.
    pub fn authorization(&self, more: &str) -> String {
        let path = self.world.endpoint("auth");
        format!(
            "{path}?client_id=doorward&response_type=code&scope=openid&state=s&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fauth%2Fcallback{more}"
        )
    }

    /// Opens a path, and follows Keycloak as long as it sends the browser to itself.
    pub fn open(&self, path: &str) -> Response {
        self.send(Request::get(path))
    }

    /// Fills in the form of a page and sends it.
    pub fn submit(&self, page: &Response, fields: &[(&str, &str)]) -> Response {
        let text = text_of(page);
        let action = Regex::new(r#"action="([^"]*(?:login-actions|logout-confirm)[^"]*)""#).unwrap();
        let action = action.captures(&text).unwrap_or_else(|| panic!("no form: {text}"))[1].replace("&amp;", "&");
        self.send(form(&path_of(&action), fields))
    }

    /// The value of a hidden field of a page.
    pub fn hidden(page: &Response, name: &str) -> String {
        let text = text_of(page);
        let field = Regex::new(&format!(r#"<input[^>]*name="{name}"[^>]*value="([^"]*)""#)).unwrap();
        field.captures(&text).unwrap_or_else(|| panic!("no {name}: {text}"))[1].to_owned()
    }

    /// The code that a browser is sent back with.
    pub fn code_of(&self, back: &Response) -> String {
        let location = back.value("Location");
        assert!(location.starts_with(CALLBACK), "{}", back.shown());
        let url = url::Url::parse(&location).unwrap();
        let code = url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        code.unwrap_or_else(|| panic!("no code: {location}"))
    }

    /// Says yes where the page asks whether the client may know what it asks for.
    fn consent(&self, page: Response) -> Response {
        if page.status != 200 || !text_of(&page).contains("name=\"accept\"") {
            return page;
        }
        self.submit(&page, &[("code", &Self::hidden(&page, "code")), ("accept", "Yes")])
    }

    fn send(&self, request: Request) -> Response {
        let mut answer = self.once(request);
        while (301..=303).contains(&answer.status) && answer.value("Location").contains("/realms/") {
            answer = self.once(Request::get(&path_of(&answer.value("Location"))));
        }
        answer
    }

    /// Keycloak's cookies are for https alone; on loopback browsers send them all the same.
    fn once(&self, request: Request) -> Response {
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer =
            self.world.send(if cookies.is_empty() { request } else { request.with("Cookie", &cookies.join("; ")) });
        for line in answer.values("Set-Cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match line.contains("Max-Age=0") {
                true => drop(self.cookies.borrow_mut().remove(name)),
                false => drop(self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }
}

fn text_of(page: &Response) -> String {
    String::from_utf8_lossy(&page.body).into_owned()
}

/// Path and query of an address.
fn path_of(address: &str) -> String {
    if address.starts_with('/') {
        return address.to_owned();
    }
    let url = url::Url::parse(address).unwrap_or_else(|_| panic!("no address: {address}"));
    format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default())
}

/// Whether an answer of the token endpoint has this error.
pub fn refused(answer: &Response, error: &str) -> bool {
    answer.status == 400 && serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["error"] == error)
}

const CALLBACK: &str = "http://localhost:8000/auth/callback";
/// Those of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
