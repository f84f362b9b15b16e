//! A deployment as it should be, for people and for scripts.

use super::clinic::Clinic;

#[test]
fn where_all_is_as_it_should_be_nothing_is_complained_of() {
    let clinic = Clinic::open();
    let gateway = clinic.start();
    let seen = clinic.examine(&[]);
    assert!(seen.complaints().is_empty(), "{}", seen.output);
    assert_eq!(seen.code, Some(0));
    assert_eq!(seen.verdict("backchannel-logout"), "not-tried", "no session has ended yet");

    let all = clinic.examine_as_administrator();
    assert_eq!((all.code, all.errors.as_str()), (Some(0), ""), "{all:?}");
    let verdicts: Vec<_> = all.findings().iter().map(|one| one["verdict"].clone()).collect();
    assert!(verdicts.iter().all(|verdict| verdict == "ok"), "{}", all.output);
    assert!(verdicts.len() > 25, "{}", all.output);

    let page = clinic.look(&["--admin-user", "admin"], "admin\n");
    insta::assert_snapshot!(told(&clinic, &page.output, &gateway.admin.to_string()), @r"
    Configuration
      ok         configuration        the file is right: 1 route, 1 upstream, 1 issuer

    Keycloak: acme
      ok         discovery            https://sso.example.com/realms/acme answers by that name
      ok         keys                 1 key verifies its tokens
      ok         client               client doorward is let in
      ok         clock                Keycloak's clock is ours, to the second
      ok         token                a token of the realm is good: signature, issuer, type, lifetime
      ok         audience             tokens are for doorward
      ok         token-type           access tokens say at+jwt
      ok         token-lifetime       access tokens live for 5m
      ok         introspection        Keycloak says of a token that is alive that it is
      ok         service-account      our service account may see users and events, and manage users
      ok         user-events          what users do is kept, for 1day
      ok         admin-events         what administrators do is kept, with details
      ok         brute-force          the realm answers guessing with a pause
      ok         direct-grants        client doorward takes no passwords, and needs to take none
      ok         administrator        admin is let in
      ok         refresh-rotation     a refresh token is good once: one that is stolen is noticed
      ok         session-idle         a session may be idle for 30m, longer than a token lives
      ok         admin-events-kept    what administrators do is kept for 1day
      ok         backchannel-logout   logout tokens go to http://GATEWAY/auth/backchannel-logout, and a gateway is there
      ok         frontchannel-logout  front-channel logout is off at client doorward
      ok         implicit-flow        client doorward hands out no tokens in the address of a page
      ok         admin-url            orders of the realm go to http://GATEWAY/auth/keycloak/acme
      ok         allowed-client       spa has our audience, and logout tokens for its sessions come here

    Users database
      ok         database             the users database answers
      ok         migrations           its schema is that of this version
      ok         triggers             every change of rights is written to the change log
      ok         nodes                1 node is alive

    Gateway
      ok         gateway              the gateway on OPERATIONS is ready

    Upstreams
      ok         upstream             app: its server takes connections

    All 30 checks are well.
    ");
}

/// Without what is different each time.
fn told(clinic: &Clinic, page: &str, operations: &str) -> String {
    let server = clinic.realm.issuer().split("/realms/").next().unwrap().to_owned();
    page.replace(&clinic.listen.to_string(), "GATEWAY")
        .replace(operations, "OPERATIONS")
        .replace(&server, "https://sso.example.com")
        .replace(clinic.realm.name(), "acme")
}

#[test]
fn the_document_for_scripts_has_one_shape() {
    let clinic =
        Clinic::with(|realm| realm["clients"][0]["attributes"]["access.token.header.type.rfc9068"] = "false".into());
    let seen = clinic.examine(&[]);
    let document = seen.json();
    assert_eq!(crate::keycloak::world::names(&document), ["counts", "findings", "well"]);
    assert_eq!(crate::keycloak::world::names(&document["counts"]), ["fail", "not_tried", "ok", "warn"]);
    assert_eq!(document["well"], document["counts"]["fail"] == 0);
    let findings = seen.findings();
    let mut counted = serde_json::json!({"ok": 0, "warn": 0, "fail": 0, "not_tried": 0});
    for finding in &findings {
        assert_eq!(crate::keycloak::world::names(finding), ["about", "check", "message", "remedies", "verdict"]);
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["ok", "not-tried", "warn", "fail"].contains(&verdict), "{finding}");
        let count = &mut counted[verdict.replace('-', "_")];
        *count = (count.as_u64().unwrap() + 1).into();
        let check = finding["check"].as_str().unwrap();
        assert!(check.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{finding}");
        assert!(finding["about"].is_string() && !finding["message"].as_str().unwrap().is_empty(), "{finding}");
        for remedy in finding["remedies"].as_array().unwrap() {
            assert_eq!(crate::keycloak::world::names(remedy), ["kind", "text"]);
            assert!(["kcadm", "setting", "command", "sql", "advice"].contains(&remedy["kind"].as_str().unwrap()));
        }
        assert!(
            verdict != "fail" && verdict != "warn" || !finding["remedies"].as_array().unwrap().is_empty(),
            "{finding}"
        );
    }
    assert_eq!(document["counts"], counted);
    assert_eq!(counted["warn"], 1, "{}", seen.output);
    assert_eq!(seen.code, Some(0), "a warning is no failure");
}
