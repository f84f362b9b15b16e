//! Whole files: what is accepted, and what is said about mistakes.

use super::*;

const MINIMAL: &str = r#"
[server]
listen = "0.0.0.0:8000"

[keycloak]
issuer = "https://sso.example.com/realms/acme"
client_id = "doorward"
client_secret = { env = "KEYCLOAK_SECRET" }
audience = "doorward"

[[upstream]]
name = "app"
servers = ["http://127.0.0.1:3000"]

[[route]]
path = "/*"
upstream = "app"
"#;

fn env(name: &str) -> Option<String> {
    (name == "KEYCLOAK_SECRET").then(|| "hunter2".to_owned())
}

fn load(text: &str) -> Result<(Settings, Vec<Complaint>), Complaints> {
    Settings::from_text("x.toml", text, &env)
}

#[test]
fn the_least_file_is_enough() {
    let (settings, warnings) = load(MINIMAL).unwrap_or_else(|complaints| panic!("{complaints}"));
    assert_eq!(warnings, []);
    assert_eq!(&*settings.keycloak.name, "acme");
    assert_eq!(settings.keycloak.allowed_clients, ["doorward"]);
}

fn said(text: &str) -> String {
    load(text).err().map_or_else(|| "nothing\n".to_owned(), |complaints| complaints.to_string())
}

fn warned(text: &str) -> String {
    let (_, warnings) = load(text).unwrap_or_else(|complaints| panic!("{complaints}"));
    warnings.iter().map(|warning| format!("{warning}\n")).collect()
}

/// The minimal file with other lines in place of one.
fn with(line: &str, others: &str) -> String {
    assert!(MINIMAL.contains(line), "{line}");
    MINIMAL.replacen(line, others, 1)
}

fn with_route(keys: &str) -> String {
    format!("{MINIMAL}\n[[route]]\nupstream = \"app\"\n{keys}\n")
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    insta::assert_snapshot!(said(include_str!("tests/mistakes.toml")));
}

#[test]
fn mistakes_between_sections_are_told_at_once() {
    insta::assert_snapshot!(said(include_str!("tests/contradictions.toml")));
}

#[test]
fn what_may_be_meant_is_warned_of() {
    insta::assert_snapshot!(warned(include_str!("tests/doubtful.toml")));
}

#[test]
fn an_empty_file_says_what_is_needed() {
    insta::assert_snapshot!(said(""), @r#"
    x.toml: [server]: missing; write it, with listen = "0.0.0.0:8000"
    x.toml: [keycloak]: missing; write it, with issuer, client_id, client_secret and audience
    x.toml: no [[route]], so every request would be refused; write at least one
    "#);
}

#[test]
fn what_is_not_toml_is_one_complaint_that_quotes_nothing() {
    let text = with(r#"client_secret = { env = "KEYCLOAK_SECRET" }"#, "client_secret = hunter2");
    insta::assert_snapshot!(said(&text), @"x.toml:8: string values must be quoted, expected literal string; correct it; other mistakes are looked for after that");
    insta::assert_snapshot!(said("[server]\nlisten = \"a\"\nlisten = \"b\"\n"), @"x.toml:3: duplicate key; correct it; other mistakes are looked for after that");
}

#[test]
fn a_file_that_cannot_be_read_is_a_complaint() {
    let complaints = Settings::load(std::path::Path::new("/nonexistent.toml"), &env).unwrap_err();
    insta::assert_snapshot!(complaints.to_string(), @"/nonexistent.toml: cannot be read (No such file or directory (os error 2)); name another file with --config, or write one after config/doorward.example.toml; or try `doorward dev`, which needs none");
}

/// CFG-001.
#[test]
fn an_unknown_key_is_refused_in_every_section() {
    let more =
        "[auth]\n[users]\n[[keycloak.also]]\nissuer=\"https://b/realms/b\"\naudience=\"a\"\nallowed_clients=[\"a\"]\n";
    let text = format!("{MINIMAL}{more}").replace("client_secret = { ", "client_secret = { zzz = 1, ");
    let lines: Vec<&str> = text.lines().collect();
    for header in lines.iter().filter(|line| line.starts_with('[')) {
        let broken = text.replacen(header, &format!("{header}\nzzz = \"hunter2\""), 1).replace("zzz = 1, ", "");
        let complaints = load(&broken).unwrap_err();
        let [complaint] = &complaints.into_iter().collect::<Vec<_>>()[..] else { panic!("{header}") };
        assert_eq!((complaint.key.as_str(), complaint.problem.as_str()), ("zzz", "unknown key"), "{header}");
        assert_eq!(complaint.section, *header);
        assert_eq!(complaint.line, broken.lines().position(|line| line.starts_with("zzz")).map(|line| line + 1));
        assert!(!complaint.to_string().contains("hunter2"));
    }
    assert!(said(&text).contains("[keycloak] client_secret zzz: unknown key"));
    assert!(said(&format!("zzz = 1\n{MINIMAL}")).contains("x.toml:1: zzz: unknown key"));
}

/// Keys of later versions would be read as a promise that this version does not keep.
#[test]
fn keys_of_later_versions_are_unknown() {
    for key in ["on_unauthenticated = \"login\"", "activity = true"] {
        assert!(said(&with_route(&format!("path = \"/a\"\n{key}"))).contains("unknown key"), "{key}");
    }
    assert!(said(&format!("{MINIMAL}\n[users]\nlookup = \"select 1\"\n")).contains("unknown key"));
    for section in ["[session]", "[throttle]"] {
        assert!(said(&format!("{MINIMAL}\n{section}\n")).contains("unknown key"), "{section}");
    }
}

#[test]
fn a_close_code_is_one_of_two() {
    let close = |value: &str| said(&with_route(&format!("path = \"/a\"\nwebsocket = true\nwebsocket_close = {value}")));
    assert_eq!((close("1008"), close("4401")), ("nothing\n".to_owned(), "nothing\n".to_owned()));
    for wrong in ["1000", "1009", "-1", "\"4401\""] {
        assert!(close(wrong).contains("[[route]] websocket_close = "), "{wrong}");
    }
    assert!(close("1009").contains("take 1008 or 4401"));
}

/// CFG-005.
#[test]
fn a_plain_http_issuer_is_for_loopback_only() {
    let issuer = r#"issuer = "https://sso.example.com/realms/acme""#;
    assert!(said(&with(issuer, r#"issuer = "http://sso.example.com/realms/acme""#)).contains("loopback only"));
    assert!(load(&with(issuer, r#"issuer = "http://127.0.0.1:8180/realms/acme""#)).is_ok());
    let inside = format!("{issuer}\ninternal_url = \"http://keycloak:8080/realms/acme\"");
    let (settings, _) = load(&with(issuer, &inside)).unwrap();
    assert_eq!(settings.keycloak.url.as_str(), "http://keycloak:8080/realms/acme");
    assert_eq!(&*settings.keycloak.issuer, "https://sso.example.com/realms/acme");
}

/// CFG-006.
#[test]
fn symmetric_signatures_and_none_are_refused() {
    for name in ["none", "HS256", "HS384", "HS512", "RS1", "rs256", ""] {
        let text = with("audience", &format!("algorithms = [\"RS256\", \"{name}\"]\naudience"));
        let complaints = load(&text).unwrap_err();
        assert_eq!(complaints.iter().len(), 1, "{complaints}");
        assert!(complaints.to_string().contains("[keycloak] algorithms = "), "{complaints}");
    }
    assert!(said(&with("audience", "algorithms = []\naudience")).contains("an empty list"));
}

/// CFG-010 and CFG-011.
#[test]
fn trusting_everybody_is_refused_and_mapped_networks_are_unmapped() {
    let listen = r#"listen = "0.0.0.0:8000""#;
    let trust = |network: &str| with(listen, &format!("{listen}\ntrusted_proxies = [\"{network}\"]"));
    for network in ["0.0.0.0/0", "::/0", "::ffff:0:0/96"] {
        assert!(said(&trust(network)).contains("trusts every client"), "{network}");
    }
    let (settings, _) = load(&trust("::ffff:10.0.0.0/104")).unwrap();
    assert_eq!(settings.server.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
}

/// CFG-014, CFG-015 and CFG-021.
#[test]
fn a_secret_is_read_or_the_gateway_does_not_start() {
    use std::os::unix::fs::PermissionsExt;
    let written = r#"client_secret = { env = "KEYCLOAK_SECRET" }"#;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hunter2\n").unwrap();
    let text = with(written, &format!("client_secret = {{ file = {:?} }}", file.path()));
    let mode = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    let (settings, warnings) = load(&text).unwrap();
    assert_eq!(settings.keycloak.client.as_ref().unwrap().secret.expose(), "hunter2");
    assert!(warnings.is_empty() && !format!("{settings:?}").contains("hunter2"));
    mode(0o644);
    assert!(warned(&text).contains("every account of this machine"));
    std::fs::write(file.path(), "\n").unwrap();
    assert!(said(&text).contains("the secret is empty"));
    file.close().unwrap();
    assert!(said(&text).contains("the file cannot be read"));
    assert!(said(&with(written, r#"client_secret = { env = "UNSET" }"#)).contains("variable is not set"));
    assert!(said(&with(written, "")).contains("client_secret: missing"));
}

#[test]
fn a_secret_in_the_file_is_refused_and_never_repeated() {
    let written = r#"client_secret = { env = "KEYCLOAK_SECRET" }"#;
    for value in [
        "\"s3cr3t\"",
        "[\"s3cr3t\"]",
        "{ value = \"s3cr3t\" }",
        "{ file = [\"s3cr3t\"] }",
        "{ env = \"s3cr3t\" }",
        "{ file = \"s3cr3t\", env = \"s3cr3t\" }",
        "{}",
        "17",
    ] {
        let said = said(&with(written, &format!("client_secret = {value}")));
        assert!(said.contains("client_secret") && !said.contains("s3cr3t") && !said.contains("17"), "{value}: {said}");
    }
}

/// CFG-016.
#[test]
fn two_routes_for_one_host_path_and_method_are_refused() {
    assert!(said(&with_route("path = \"/*\"")).contains("same host, path and method (any)"));
    assert!(said(&with_route("path = \"/*\"\nmethods = [\"GET\"]")).contains("(GET)"));
    let both = "path = \"/a/{x}\"\nmethods = [\"GET\"]\n[[route]]\nupstream = \"app\"\npath = \"/a/{y}\"\nmethods = ";
    assert_eq!(said(&with_route(&format!("{both}[\"POST\"]"))), "nothing\n");
    assert!(said(&with_route(&format!("{both}[\"HEAD\"]"))).contains("(HEAD)"));
    assert_eq!(said(&with_route("path = \"/*\"\nhost = \"a.test\"")), "nothing\n");
}

/// CFG-018.
#[test]
fn an_upstream_that_is_the_gateway_itself_is_refused() {
    let servers = r#"servers = ["http://127.0.0.1:3000"]"#;
    let listen = r#"listen = "0.0.0.0:8000""#;
    for (own, server, refused) in [
        ("0.0.0.0:8000", "http://127.0.0.1:8000", true),
        ("0.0.0.0:8000", "http://localhost:8000", true),
        ("0.0.0.0:8000", "http://127.9.9.9:8000", true),
        ("0.0.0.0:8000", "http://[::ffff:127.0.0.1]:8000", true),
        ("[::]:8000", "http://[::1]:8000", true),
        ("127.0.0.1:8000", "http://0.0.0.0:8000", true),
        ("127.0.0.1:8000", "http://127.0.0.1:9180", true),
        ("192.0.2.1:8000", "https://192.0.2.1:8000", true),
        ("127.0.0.1:80", "http://localhost", true),
        ("0.0.0.0:8000", "http://127.0.0.1:8001", false),
        ("127.0.0.1:8000", "http://127.0.0.2:8000", false),
        ("0.0.0.0:8000", "http://app:8000", false),
        ("127.0.0.1:0", "http://127.0.0.1:3000", false),
    ] {
        let text = with(servers, &format!("servers = [\"{server}\"]")).replace(listen, &format!("listen = \"{own}\""));
        assert_eq!(load(&text).is_err(), refused, "{own} {server}");
    }
    let public = with(servers, r#"servers = ["https://app.example.com"]"#);
    assert!(load(&public.replace(listen, &format!("{listen}\npublic_url = \"https://app.example.com\""))).is_err());
}

#[test]
fn a_websocket_to_an_upstream_that_speaks_http2_is_refused() {
    let line = "servers = [\"http://127.0.0.1:3000\"]";
    let http2 = with(line, &format!("{line}\nhttp2 = true"));
    let text = format!("{http2}\n[[route]]\npath = \"/feed\"\nupstream = \"app\"\nwebsocket = true\n");
    assert!(
        said(&text).contains("[[route]] websocket = true: never opened: its upstream has http2"),
        "{}",
        said(&text)
    );
}

#[test]
fn a_path_before_an_upstream_prefix_is_stripped_in_whole_segments() {
    let strip = |path, prefix| said(&with_route(&format!("path = \"{path}\"\nstrip_prefix = \"{prefix}\"")));
    assert_eq!(strip("/api/v1/*", "/api"), "nothing\n");
    assert_eq!(strip("/api/v1/*", "/api/v1"), "nothing\n");
    for prefix in ["/ap", "/api/v1/x", "/v1", "/api/", "/", "api", "", "/api/*", "/api/{x}"] {
        assert!(strip("/api/v1/*", prefix).contains("strip_prefix"), "{prefix}");
    }
}

#[test]
fn a_database_is_a_file() {
    let database = |text: &str| load(&format!("{MINIMAL}\n[users]\ndatabase = \"{text}\"\n"));
    for path in ["data/doorward.db", "/var/lib/doorward.db", "./a b.db"] {
        let (settings, _) = database(&format!("sqlite:{path}")).unwrap();
        assert_eq!(settings.users.database, Database::Sqlite(path.into()));
    }
    for text in ["sqlite:", "sqlite::memory:", "sqlite://a", "sqlite:file:a?mode=memory", "data/doorward.db", "mysql:a"]
    {
        assert!(database(text).unwrap_err().to_string().contains("not a database file"), "{text}");
    }
}

#[test]
fn a_database_is_a_server() {
    let users = |keys: &str| format!("{MINIMAL}\n[users]\n{keys}\n");
    let url = "database = \"postgres://app@db.example.com/users\"";
    let text = users(&format!("{url}\npassword = {{ env = \"KEYCLOAK_SECRET\" }}\nconnections = 20"));
    let (settings, warnings) = load(&text).unwrap();
    let Database::Postgres(address) = &settings.users.database else { panic!("{:?}", settings.users.database) };
    assert_eq!((address.user.as_str(), address.tls), ("app", true));
    assert_eq!(settings.users.password.unwrap().expose(), "hunter2");
    assert_eq!((settings.users.connections, warnings.len()), (20, 0));

    insta::assert_snapshot!(said(&users("database = \"postgres://app:hunter2@db/users\"\npassword = \"hunter2\"\nconnections = 0")), @r#"
    x.toml:20: [users] database = "postgres://***@db/users": a password does not stand in the file; take it out, and write [users] password = { file = "/run/secrets/database" }
    x.toml:21: [users] password: a secret does not stand in the file; write { file = "/run/secrets/keycloak" } or { env = "KEYCLOAK_SECRET" }
    x.toml:22: [users] connections = 0: out of range; take 1 to 500
    "#);
    insta::assert_snapshot!(warned(&users("database = \"postgres://app@db/users?sslmode=disable\"")), @r#"
    x.toml:20: [users] database = "postgres://***@db/users?***": the users' rights travel in plain text, and nobody vouches for them; take out sslmode=disable, unless that network is yours alone
    "#);
    insta::assert_snapshot!(warned(&users("connections = 4")), @r#"
    x.toml:20: [users] connections = 4: SQLite has none; take it out, or name a server in `database`
    "#);
}

mod example {
    use std::collections::BTreeSet;

    use toml::de::DeTable;

    use super::*;
    use crate::config::raw::{Reading, Section};

    const EXAMPLE: &str = include_str!("../../config/doorward.example.toml");
    const PAGE: &str = include_str!("../../docs/configuration.md");

    fn any(_: &str) -> Option<String> {
        Some("hunter2".to_owned())
    }

    /// Its secret file is not on this machine.
    fn readable(text: &str) -> String {
        text.replace(r#"{ file = "/run/secrets/keycloak" }"#, r#"{ env = "KEYCLOAK_SECRET" }"#)
    }

    fn read(text: &str) -> (Settings, Vec<Complaint>) {
        Settings::from_text("example", &readable(text), &any).unwrap_or_else(|complaints| panic!("{complaints}"))
    }

    #[test]
    fn the_files_that_we_ship_are_right() {
        assert_eq!(read(EXAMPLE).1, []);
        assert_eq!(read(include_str!("../../config/doorward.production.toml")).1, []);
        assert_eq!(read(include_str!("../../config/doorward.dev.toml")).1.len(), 2);
    }

    /// What is commented out must be right too; the routes would ask for more than anybody has. Whole sections need
    /// files that are not on this machine.
    #[test]
    fn the_settings_that_are_commented_out_are_right() {
        let is_setting = |line: &str| line.split(" = ").next().is_some_and(|key| !key.contains(' '));
        let uncomment = |line: &str| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") && is_setting(setting) => format!("{setting}\n"),
            _ => format!("{line}\n"),
        };
        let mut in_section = false;
        let uncomment = |line: &str| {
            in_section = line.starts_with("# [") || in_section && line.starts_with('#');
            if in_section { format!("{line}\n") } else { uncomment(line) }
        };
        let text: String = EXAMPLE.lines().map(uncomment).collect();
        assert!(text.lines().count() == EXAMPLE.lines().count() && text.contains("\nmax_age = "));
        read(&text);
    }

    #[test]
    fn every_default_of_the_example_is_the_default() {
        let (example, _) = read(EXAMPLE);
        let (minimal, _) = load(MINIMAL).unwrap();
        assert_eq!(format!("{:?}", example.server), format!("{:?}", minimal.server));
        assert_eq!(format!("{:?}", example.keycloak), format!("{:?}", minimal.keycloak));
        assert_eq!(format!("{:?}", example.auth), format!("{:?}", minimal.auth));
        assert_eq!(format!("{:?}", example.users), format!("{:?}", minimal.users));
        assert_eq!(format!("{:?}", example.upstreams), format!("{:?}", minimal.upstreams));
        assert_eq!(format!("{:?}", example.routes[1].target), format!("{:?}", example.routes[2].target));
    }

    #[test]
    fn every_key_is_in_the_example_and_on_its_page() {
        let text = readable(EXAMPLE);
        let reading = Reading::new("example", &text, &any);
        let table = DeTable::parse(&text).unwrap();
        assert!(crate::config::resolve::settings(&Section::root(&reading, table.get_ref())).is_some());
        let mut written = BTreeSet::new();
        let mut section = String::new();
        for line in EXAMPLE.lines() {
            if let Some(title) = Some(line.trim_start_matches("# ")).filter(|line| line.starts_with('[')) {
                section = title.to_owned();
            } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
                written.insert((section.clone(), key.to_owned()));
            }
        }
        for (section, key) in reading.asked.borrow().iter().filter(|(section, _)| section.ends_with(']')) {
            let is_section = EXAMPLE.contains(&format!(".{key}]"));
            assert!(is_section || written.contains(&(section.clone(), (*key).to_owned())), "{section} {key}");
            assert!(PAGE.contains(&format!("`{key}`")) || is_section, "docs/configuration.md: {section} {key}");
        }
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = load(&text);
        }

        #[test]
        fn no_toml_makes_the_reader_panic(lines in prop::collection::vec(
            "(\\[\\[?(server|keycloak|keycloak\\.also|auth|users|upstream|route)\\]?\\])|((listen|issuer|servers|path|host|any_role|timeout|max_body|client_secret|trusted_proxies|database|strip_prefix|name|methods) = (\"[ -!#-\\[\\]-~é]{0,12}\"|-?[0-9]{1,20}|true|\\[[\"a1, ]{0,6}\\]|\\{\\}|1\\.5|1979-05-27))",
            0..20,
        )) {
            let _ = load(&lines.join("\n"));
        }

        /// A line of the file that is replaced by rubbish never makes it looser without a word: it is an error, or
        /// the same settings as before.
        #[test]
        fn a_value_of_another_type_is_always_an_error(line in 0usize..30, value in "(17|true|1\\.5|\\[17\\]|\\{ a = 1 \\})") {
            let lines: Vec<&str> = MINIMAL.lines().collect();
            let Some((key, _)) = lines.get(line).and_then(|line| line.split_once(" = ")) else { return Ok(()) };
            let replaced = format!("{key} = {value}");
            let text: Vec<&str> = lines.iter().enumerate().map(|(at, text)| if at == line { &replaced } else { *text }).collect();
            prop_assert!(load(&text.join("\n")).is_err(), "{replaced}");
        }
    }
}
