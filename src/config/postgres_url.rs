//! From `postgres://USER@HOST:PORT/DATABASE?sslmode=…` to an address.

use percent_encoding::percent_decode_str;
use url::Url;

use super::Fault;
use crate::store::Address;

/// Reads the URL. Whatever is not understood is refused, so that nothing is connected to in another way than meant.
pub(super) fn parse(text: &str) -> Result<Address, Fault> {
    let url = Url::parse(text).map_err(|error| Fault::new(format!("not a URL ({error})"), FORM))?;
    if url.password().is_some() {
        let remedy = r#"take it out, and write [users] password = { file = "/run/secrets/database" }"#;
        return Err(Fault::new("a password does not stand in the file", remedy));
    }
    if url.fragment().is_some() {
        return Err(Fault::new("a URL with a fragment", "take off the # and what follows"));
    }
    let user = decoded(url.username(), "the user")?;
    let database = decoded(url.path().strip_prefix('/').unwrap_or_default(), "the database")?;
    if database.contains('/') {
        return Err(Fault::new("more than one name of a database", FORM));
    }
    let (socket, mode) = parameters(&url)?;
    let host = match (url.host_str().filter(|host| !host.is_empty()), socket) {
        (Some(host), None) => decoded(host.trim_matches(['[', ']']), "the host")?,
        // A URL with a user needs a host (RFC 3986 §3.2).
        (Some("localhost"), Some(folder)) => folder,
        (Some(_), Some(_)) => return Err(Fault::new("two hosts", "write localhost before a folder of a socket")),
        (None, _) => return Err(Fault::new("no host", FORM)),
    };
    let port = url.port().unwrap_or(5432);
    let address = Address { host, port, user, database, tls: false };
    let tls = mode.unwrap_or(!address.is_local());
    if tls && address.host.starts_with('/') {
        return Err(Fault::new("TLS is not spoken over a socket of this machine", "take out sslmode"));
    }
    Ok(Address { tls, ..address })
}

/// The folder of a socket, and whether TLS is spoken, where that is said.
fn parameters(url: &Url) -> Result<(Option<String>, Option<bool>), Fault> {
    let (mut socket, mut mode) = (None, None);
    for (name, value) in url.query_pairs() {
        match &*name {
            "host" if value.starts_with('/') && socket.is_none() => socket = Some(value.into_owned()),
            "sslmode" if mode.is_none() => mode = Some(speaks_tls(&value)?),
            _ => {
                let remedy = "take it out: of parameters only sslmode is read, and host with the folder of a socket";
                return Err(Fault::new(format!("the parameter {name} is not read, or stands there twice"), remedy));
            }
        }
    }
    Ok((socket, mode))
}

/// Whoever asks for TLS gets a verified certificate: against others, TLS would not protect.
fn speaks_tls(mode: &str) -> Result<bool, Fault> {
    match mode {
        "disable" => Ok(false),
        "require" | "verify-ca" | "verify-full" => Ok(true),
        "allow" | "prefer" => {
            let problem = format!("sslmode={mode} falls back to plain text without a word");
            Err(Fault::new(problem, "write sslmode=require, which verifies the certificate, or sslmode=disable"))
        }
        _ => Err(Fault::new("not an sslmode", "write sslmode=require or sslmode=disable")),
    }
}

fn decoded(text: &str, what: &str) -> Result<String, Fault> {
    let decoded = percent_decode_str(text).decode_utf8();
    match decoded {
        Ok(name) if !name.is_empty() && !name.contains(char::is_control) => Ok(name.into_owned()),
        _ => Err(Fault::new(format!("{what} is missing or is no name"), FORM)),
    }
}

const FORM: &str = r#"write it as in "postgres://doorward@db.example.com/doorward""#;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        parse(text).unwrap_or_else(|fault| panic!("{text}: {}", fault.problem))
    }

    #[test]
    fn a_url_names_the_server_the_user_and_the_database() {
        let full = address("postgres://door%20ward@db.example.com:6432/users%2Fdb".replace("%2F", "_").as_str());
        let expected = Address {
            host: "db.example.com".into(),
            port: 6432,
            user: "door ward".into(),
            database: "users_db".into(),
            tls: true,
        };
        assert_eq!(full, expected);
        assert_eq!(address("postgresql://a@[::1]/b").host, "::1");
        assert_eq!(address("postgres://a@db/b").port, 5432);
        assert_eq!(address("postgres://a@localhost/b?host=/run/postgresql").host, "/run/postgresql");
    }

    #[test]
    fn tls_is_spoken_unless_nothing_leaves_the_machine_or_it_is_switched_off() {
        for (url, tls) in [
            ("postgres://a@db/b", true),
            ("postgres://a@db/b?sslmode=disable", false),
            ("postgres://a@localhost/b", false),
            ("postgres://a@127.0.0.1/b", false),
            ("postgres://a@127.0.0.1/b?sslmode=verify-full", true),
            ("postgres://a@db/b?sslmode=require", true),
            ("postgres://a@localhost/b?host=/run/postgresql", false),
        ] {
            assert_eq!(address(url).tls, tls, "{url}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for url in [
            "postgres://",
            "postgres://db/doorward",
            "postgres://a@db",
            "postgres://a@db/",
            "postgres://a@db/b/c",
            "postgres://a@/b",
            "postgres://a@db:x/b",
            "postgres://a@db/b#c",
            "postgres://a:secret@db/b",
            "postgres://a@db/b?sslmode=prefer",
            "postgres://a@db/b?sslmode=on",
            "postgres://a@db/b?sslmode=require&sslmode=disable",
            "postgres://a@db/b?application_name=x",
            "postgres://a@db/b?host=other",
            "postgres://a@db/b?host=/run/postgresql",
            "postgres://a@localhost/b?host=/run/postgresql&sslmode=require",
            "postgres://%00@db/b",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
