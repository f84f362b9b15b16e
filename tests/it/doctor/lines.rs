//! The lines that are named are such as `kcadm.sh` itself takes.

use serde_json::json;

use super::clinic::Clinic;
use crate::keycloak::world::text;

#[test]
fn a_line_of_each_kind_is_taken_by_the_real_command() {
    let clinic = Clinic::open();
    let _gateway = clinic.start();
    let client = clinic.client("doorward");
    let mapper = text(&client["protocolMappers"][0], "id");
    clinic.realm.delete(&format!("clients/{}/protocol-mappers/models/{mapper}", text(&client, "id")));
    clinic.set_client(|client| {
        client["attributes"]["backchannel.logout.url"] = json!("");
        client["attributes"]["access.token.header.type.rfc9068"] = json!("false");
    });
    clinic.realm.put("", &json!({"enabledEventTypes": ["LOGIN"], "revokeRefreshToken": false}));
    clinic.realm.put("", &json!({"attributes": {"adminEventsExpiration": "60"}}));
    let account = "--uusername service-account-doorward --cclientid realm-management";
    clinic.type_in(&format!("kcadm.sh add-roles -r {} {account} --rolename manage-clients", clinic.realm.name()));

    let ill = clinic.examine_as_administrator();
    let checks = [
        "audience",
        "backchannel-logout",
        "token-type",
        "user-events",
        "refresh-rotation",
        "admin-events-kept",
        "service-account",
    ];
    clinic.type_into_a_shell(&checks.map(|check| ill.line(check)));
    let well = clinic.examine_as_administrator();
    assert!(well.complaints().is_empty(), "{}", well.output);
}
