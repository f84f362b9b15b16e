//! URLs of Keycloak, of upstreams and of ourselves, and the origins of browsers.

use url::{Host, Url};

use super::{Fault, ServerUrl};
use crate::request;

/// An `http` or `https` URL with a host and perhaps a path, and nothing else.
pub(super) fn parse(text: &str) -> Result<Url, Fault> {
    let odd = |letter: char| !letter.is_ascii_graphic() || letter == '\\';
    let is_host = |name: &str| request::Host::parse(name).is_ok();
    let url = Url::parse(text).ok().filter(|url| !text.contains(odd) && url.host_str().is_some_and(is_host));
    let url = url.filter(|url| text.get(url.scheme().len()..).is_some_and(|rest| rest.starts_with("://")));
    let url = url.ok_or_else(|| Fault::new("not a URL", r#"write it in full, such as "https://host.example.com""#))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Fault::new("not an http or https URL", "begin it with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err(Fault::new("a URL here holds no user name and no password", "remove what stands before the '@'"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::new("a URL here has no query and no fragment", "remove what follows '?' or '#'"));
    }
    Ok(url)
}

/// The exact `iss` of a token: https, or http on loopback (RFC 8414 §2).
pub(super) fn parse_issuer(text: &str) -> Result<Url, Fault> {
    let url = parse_base(text)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let problem = "an issuer speaks https; plain http is for loopback only";
        return Err(Fault::new(problem, "write the https URL that stands in `iss`; `internal_url` may be http"));
    }
    Ok(url)
}

/// A URL to which paths are appended.
pub(super) fn parse_base(text: &str) -> Result<Url, Fault> {
    if text.ends_with('/') {
        let remedy = format!("write {:?}", text.trim_end_matches('/'));
        return Err(Fault::new("it ends with a slash, which Keycloak's issuer never does", remedy));
    }
    parse(text)
}

/// A scheme and an authority only.
pub(super) fn parse_root(text: &str) -> Result<Url, Fault> {
    let url = parse(text)?;
    let written_path = text.splitn(4, '/').nth(3);
    if url.path() != "/" || written_path.is_some() {
        let end = text.len() - written_path.map_or(0, |path| path.len() + 1);
        let remedy = format!("write {:?}", text.get(..end).unwrap_or_default());
        return Err(Fault::new("a path has no place here", remedy));
    }
    Ok(url)
}

/// One server of an upstream.
pub(super) fn parse_server(text: &str) -> Result<ServerUrl, Fault> {
    let url = parse_root(text)?;
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    let tls = url.scheme() == "https";
    if tls && host.contains('_') {
        // Pingora would ask for, and verify, a name with '-' in its place.
        return Err(Fault::new("a certificate is not verified for a name with '_'", "give the server another name"));
    }
    match url.port_or_known_default().filter(|port| *port != 0) {
        Some(port) => Ok(ServerUrl { tls, host, port }),
        None => Err(Fault::new("nothing listens on port 0", "write the port of the server")),
    }
}

/// An origin exactly as browsers send it (RFC 6454 §6.2).
pub(super) fn parse_origin(text: &str) -> Result<String, Fault> {
    if text == "*" {
        return Err(Fault::new("every web page of the world could call", "name each origin"));
    }
    let origin = parse(text)?.origin().ascii_serialization();
    match origin == text {
        true => Ok(origin),
        false => Err(Fault::new("browsers send origins in one form only", format!("write {origin:?}"))),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_loopback() {
        let good =
            ["https://sso.test/realms/a", "http://localhost:8180/realms/a", "http://[::1]/a", "http://127.1.2.3/a"];
        assert!(good.into_iter().all(|text| parse_issuer(text).is_ok()));
        for text in [
            "http://sso.test/realms/a",
            "https://sso.test/realms/a/",
            "https://sso.test/realms/a?b",
            "https://sso.test/realms/a#b",
            "https://a:b@sso.test/realms/a",
            "https://@sso.test/realms/a",
            "ftp://sso.test/a",
            "https:/sso.test/a",
            "https:sso.test",
            "sso.test/a",
            "https://sso.test\\a",
            " https://sso.test/a",
            "https://sso.test/a\n",
            "http://localhost.evil.test/a",
            "",
        ] {
            assert!(parse_issuer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_is_scheme_host_and_port() {
        let server = |tls, host: &str, port| Ok(ServerUrl { tls, host: host.to_owned(), port });
        assert_eq!(parse_server("http://127.0.0.1:3000"), server(false, "127.0.0.1", 3000));
        assert_eq!(parse_server("https://App.test"), server(true, "app.test", 443));
        assert_eq!(parse_server("http://[::1]:3000"), server(false, "::1", 3000));
        for text in [
            "http://a/",
            "http://a/b",
            "http://a:0",
            "http://a?b",
            "http://a:99999",
            "app:3000",
            "unix:/a",
            "https://a_b.test",
        ] {
            assert!(parse_server(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        assert!(parse_origin("https://app.test").is_ok());
        assert!(parse_origin("http://localhost:5173").is_ok());
        for text in
            ["*", "null", "https://app.test/", "https://APP.test", "https://app.test:443", "app.test", "https://*.test"]
        {
            assert!(parse_origin(text).is_err(), "{text}");
        }
    }
}
