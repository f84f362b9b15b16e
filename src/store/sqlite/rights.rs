//! The rights of one subject, in one statement.

use async_trait::async_trait;
use rusqlite::{Connection, Row, named_params};

use super::column::{Id, RoleIds};
use super::fault::Fault;
use super::{Sqlite, catalogue};
use crate::identity::Subject;
use crate::store::{AccountRow, CatalogueRows, Enrichment, Position, Rights, StoreError};

#[async_trait]
impl Rights for Sqlite {
    async fn enrich(&self, subject: &Subject) -> Result<Enrichment, StoreError> {
        let subject = subject.clone();
        self.read("enrich", move |connection| enrich(connection, &subject)).await
    }

    async fn catalogue(&self) -> Result<CatalogueRows, StoreError> {
        self.read("catalogue", catalogue::read).await
    }
}

fn enrich(connection: &Connection, subject: &Subject) -> Result<Enrichment, Fault> {
    let mut statement = connection.prepare_cached(ENRICH)?;
    let parameters = named_params! { ":issuer": &**subject.issuer(), ":sub": &**subject.sub() };
    Ok(statement.query_row(parameters, |row| {
        let known = row.get::<_, Option<i64>>(PK)?.is_some();
        Ok(Enrichment { account: if known { Some(account(row)?) } else { None }, as_of: Position(row.get(AS_OF)?) })
    })?)
}

fn account(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        id: row.get::<_, Id>(0)?.0,
        kind: row.get(1)?,
        username: row.get(2)?,
        email: row.get(3)?,
        email_verified: row.get(4)?,
        first_name: row.get(5)?,
        last_name: row.get(6)?,
        phone_number: row.get(7)?,
        state: row.get(8)?,
        roles: row.get::<_, RoleIds>(9)?.0,
    })
}

/// One row also where the subject is unknown, because the position counts there too. One statement sees one state
/// of the file.
const ENRICH: &str = "
    select u.id, u.kind, u.username, u.email, u.email_verified, u.first_name, u.last_name, u.phone_number, u.state,
      (select group_concat(role_id) from user_roles where user_pk = u.pk),
      u.pk,
      coalesce((select max(seq) from change), 0)
    from (select 1) left join users u on u.issuer = :issuer and u.keycloak_id = :sub";

const PK: usize = 10;
const AS_OF: usize = 11;

#[cfg(test)]
mod tests {
    use super::super::scratch::{Scratch, link, person, subject};
    use super::*;
    use crate::store::{RoleId, UserKind, UserState};

    #[tokio::test]
    async fn a_subject_is_answered_with_its_roles_and_the_newest_position() {
        let scratch = Scratch::new();
        scratch.sql(&(person("alice") + &person("bob") + &link("alice", "admin")));
        let enrichment = scratch.store.enrich(&subject("alice")).await.unwrap();
        let account = enrichment.account.unwrap();
        assert_eq!(account.username, "alice");
        assert_eq!(account.email.as_deref(), Some("alice@example.com"));
        assert_eq!((account.kind, account.state), (UserKind::Person, UserState::Active));
        assert_eq!(account.roles, [RoleId(1)]);
        assert_eq!(enrichment.as_of.0, i64::try_from(scratch.log().len()).unwrap());
        assert!(scratch.store.enrich(&subject("bob")).await.unwrap().account.unwrap().roles.is_empty());
    }

    #[tokio::test]
    async fn an_unknown_subject_has_a_position_and_no_account() {
        let scratch = Scratch::new();
        scratch.sql(&person("alice"));
        let enrichment = scratch.store.enrich(&subject("nobody")).await.unwrap();
        assert!(enrichment.account.is_none());
        assert_eq!(enrichment.as_of.0, i64::try_from(scratch.log().len()).unwrap());
        let foreign = Subject::new("https://other".into(), "k-alice".into());
        assert!(scratch.store.enrich(&foreign).await.unwrap().account.is_none());
    }

    #[tokio::test]
    async fn an_account_that_may_not_enter_is_still_answered() {
        let scratch = Scratch::new();
        scratch.sql(&person("alice"));
        for (set, state) in [
            ("state = 'disabled'", UserState::Disabled),
            ("state = 'deleted', deleted_at = 1", UserState::Deleted),
            ("state = 'pending', deleted_at = null", UserState::Pending),
        ] {
            scratch.sql(&format!("update users set {set}"));
            let account = scratch.store.enrich(&subject("alice")).await.unwrap().account.unwrap();
            assert_eq!(account.state, state);
        }
    }

    #[tokio::test]
    async fn a_broken_row_is_an_error_of_that_user_alone() {
        for broken in [
            "update users set username = cast(x'ff' as text) where username = 'bob'",
            "update users set kind = 'robot' where username = 'bob'",
            "update users set state = '' where username = 'bob'",
            "update users set id = x'00' where username = 'bob'",
        ] {
            let scratch = Scratch::new();
            scratch.sql(&(person("alice") + &person("bob")));
            scratch.sql(&format!("pragma ignore_check_constraints = on; {broken}"));
            let bob = scratch.store.enrich(&subject("bob")).await;
            assert!(matches!(bob, Err(StoreError::RowInvalid(_))), "{broken}: {bob:?}");
            assert!(scratch.store.enrich(&subject("alice")).await.is_ok());
        }
    }

    #[tokio::test]
    async fn the_catalogue_has_every_role_with_its_permissions() {
        let scratch = Scratch::new();
        scratch.sql(
            "insert into roles (name) values ('auditor');
             insert into role_permissions (role_id, permission_id)
             select r.id, p.id from roles r, permissions p where r.name = 'auditor' and p.name in ('users:read', 'audit:read');",
        );
        let catalogue = scratch.store.catalogue().await.unwrap();
        assert_eq!(catalogue.permissions, ["audit:read", "roles:read", "roles:write", "users:read", "users:write"]);
        let [admin, auditor] = &catalogue.roles[..] else { panic!("{:?}", catalogue.roles) };
        assert!(admin.grants_all && admin.name == "admin");
        assert_eq!(auditor.permissions, ["audit:read", "users:read"]);
        assert_eq!(catalogue.as_of.0, i64::try_from(scratch.log().len()).unwrap());
    }

    #[tokio::test]
    async fn a_role_with_a_broken_name_or_permission_is_left_out() {
        let scratch = Scratch::new();
        scratch.sql(
            "pragma ignore_check_constraints = on;
             insert into roles (name) values ('comma,comma'), (cast(x'ff' as text)), ('linked'), ('fine');
             insert into permissions (name) values ('bad,name:x');
             insert into role_permissions (role_id, permission_id)
             select r.id, p.id from roles r, permissions p where r.name = 'linked' and p.name in ('bad,name:x', 'users:read');",
        );
        let catalogue = scratch.store.catalogue().await.unwrap();
        let names: Vec<_> = catalogue.roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["admin", "fine"]);
        assert_eq!(catalogue.permissions.len(), 5);
    }

    #[test]
    fn the_enrichment_reads_by_index_alone() {
        let scratch = Scratch::new();
        let shell = scratch.shell();
        let mut plan = shell.prepare(&format!("explain query plan {ENRICH}")).unwrap();
        let steps: Vec<String> = plan.query_map(["", ""], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(!steps.iter().any(|step| step.starts_with("SCAN u")), "{steps:?}");
    }
}
