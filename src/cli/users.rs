//! `doorward users`: list, show, adopt, grant, revoke, create.

use clap::{Args, Subcommand, value_parser};
use uuid::Uuid;

use super::failure::Failure;
use super::output::Output;
use super::user_record::UserRecord;
use crate::accounts::{Enrol, Grant, KeycloakAccount, Revoke, carry_out};
use crate::id;
use crate::store::{Email, Ledger, RoleName, User, UserFilter, UserKey, UserState, Username};

/// See and change users.
#[derive(Args, Debug)]
pub struct Users {
    #[command(subcommand)]
    command: Command,
    /// Print JSON: one user a line, as it is after the command.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List users in the order in which they came.
    List(List),
    /// Show one user.
    Show {
        /// Username, e-mail address or id.
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Take up a person that Keycloak has.
    Adopt {
        /// The username in Keycloak.
        #[arg(long, value_name = "NAME")]
        username: String,
    },
    /// Give a role to a user.
    Grant(Link),
    /// Take a role away from a user.
    Revoke(Link),
    /// Take up the service account of a Keycloak client.
    Create {
        /// The client's id in Keycloak.
        #[arg(long, value_name = "CLIENT")]
        service: String,
    },
}

#[derive(Args, Debug)]
struct List {
    /// Only users with this text in username, e-mail address or name.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only holders of this role.
    #[arg(long)]
    role: Option<String>,
    /// Only users in this state: pending, active, disabled, deleted or purged.
    #[arg(long, value_parser = state)]
    state: Option<UserState>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u16).range(1..))]
    limit: u16,
    /// Only users behind the one with this id.
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
}

#[derive(Args, Debug)]
struct Link {
    /// Whose.
    #[arg(long, value_name = "NAME", value_parser = Username::mirror)]
    username: Username,
    /// Which.
    #[arg(long, value_parser = RoleName::parse)]
    role: RoleName,
}

/// What a command must be told by Keycloak before it can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'c> {
    /// The person of that username.
    Person(&'c str),
    /// The service account of that client.
    ServiceAccount(&'c str),
}

impl Users {
    /// Whether JSON is asked for.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }

    /// What has to be looked up in Keycloak first.
    #[must_use]
    pub fn lookup(&self) -> Option<Lookup<'_>> {
        match &self.command {
            Command::Adopt { username } => Some(Lookup::Person(username)),
            Command::Create { service } => Some(Lookup::ServiceAccount(service)),
            Command::List(_) | Command::Show { .. } | Command::Grant(_) | Command::Revoke(_) => None,
        }
    }
}

/// Runs the command; `found` is Keycloak's answer to [`Users::lookup`].
pub async fn run(
    users: Users,
    found: Option<KeycloakAccount>,
    ledger: &dyn Ledger,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    match users.command {
        Command::List(list) => list.run(ledger, output).await,
        Command::Show { user } => show(&user, ledger, output).await,
        Command::Adopt { username } => {
            let account = found.ok_or(Failure::NotInKeycloak(username))?;
            enrol(Enrol::adopt(id::user_id(), account.clone())?, account, ledger, output).await
        }
        Command::Create { service } => {
            let account = found.ok_or(Failure::NoServiceAccount(service))?;
            enrol(Enrol::service(id::user_id(), account.clone())?, account, ledger, output).await
        }
        Command::Grant(link) => link.grant(ledger, output).await,
        Command::Revoke(link) => link.revoke(ledger, output).await,
    }
}

impl List {
    async fn run(self, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
        let Self { search, role, state, limit, after } = self;
        let page = ledger.users(UserFilter { search, role, state, after, limit }).await?;
        output.list(&page.users.iter().map(UserRecord::from).collect::<Vec<_>>())?;
        if let Some(next) = page.next {
            output.remark(&format!("There are more: --after {next}"))?;
        }
        Ok(())
    }
}

async fn show(text: &str, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
    for key in keys(text) {
        if let Some(user) = ledger.user(key).await? {
            let record = UserRecord::from(&user);
            return Ok(output.show(&record, &record.fields())?);
        }
    }
    Err(Failure::NoUser(text.to_owned()))
}

/// What a text may mean; a username may have the form of an id or of an address, and goes first.
fn keys(text: &str) -> Vec<UserKey> {
    let username = Username::mirror(text).ok().map(UserKey::Username);
    let email = Email::mirror(text).ok().map(UserKey::Email);
    let id = text.parse().ok().map(UserKey::Id);
    [username, email, id].into_iter().flatten().collect()
}

async fn enrol(
    enrol: Enrol,
    account: KeycloakAccount,
    ledger: &dyn Ledger,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let applied = carry_out(ledger, enrol).await?;
    let user = find(UserKey::Subject(account.subject), &account.username, ledger).await?;
    let sentence = match applied.changed {
        true => format!("{} is now a user, without roles", user.username),
        false => format!("{} was a user already", user.username),
    };
    Ok(output.done(&sentence, &UserRecord::from(&user))?)
}

impl Link {
    async fn grant(self, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
        let key = UserKey::Username(self.username.clone());
        let applied = carry_out(ledger, Grant { user: key, role: self.role.clone() }).await?;
        let verb = if applied.changed { "now holds" } else { "already held" };
        self.report(verb, ledger, output).await
    }

    async fn revoke(self, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
        let key = UserKey::Username(self.username.clone());
        let applied = carry_out(ledger, Revoke { user: key, role: self.role.clone() }).await?;
        let verb = if applied.changed { "no longer holds" } else { "did not hold" };
        self.report(verb, ledger, output).await
    }

    async fn report(self, verb: &str, ledger: &dyn Ledger, output: &mut Output<'_>) -> Result<(), Failure> {
        let Self { username, role } = self;
        let user = find(UserKey::Username(username.clone()), username.as_str(), ledger).await?;
        Ok(output.done(&format!("{username} {verb} the role {role}"), &UserRecord::from(&user))?)
    }
}

async fn find(key: UserKey, name: &str, ledger: &dyn Ledger) -> Result<User, Failure> {
    ledger.user(key).await?.ok_or_else(|| Failure::NoUser(name.to_owned()))
}

fn state(name: &str) -> Result<UserState, &'static str> {
    UserState::from_name(name).ok_or("one of pending, active, disabled, deleted, purged")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::Value;

    use super::*;
    use crate::cli::output::Form;
    use crate::cli::{permissions, roles};
    use crate::identity::Subject;
    use crate::store::scratch::Scratch;

    #[derive(Parser)]
    enum Cli {
        Users(Users),
        Roles(roles::Roles),
        Permissions(permissions::Permissions),
    }

    async fn doorward(scratch: &Scratch, form: Form, line: &str) -> Result<String, Failure> {
        let account = |name: &str| KeycloakAccount {
            subject: Subject::new("https://sso".into(), format!("k-{name}").into()),
            username: name.to_owned(),
            email: Some(format!("{name}@example.com")),
            email_verified: true,
            first_name: None,
            last_name: None,
            enabled: true,
        };
        let mut bytes = Vec::new();
        let mut output = Output::new(form, &mut bytes);
        match Cli::parse_from(format!("doorward {line}").split(' ')) {
            Cli::Users(users) => {
                let found = users.lookup().and_then(|lookup| match lookup {
                    Lookup::Person("nobody") | Lookup::ServiceAccount("nobody") => None,
                    Lookup::Person(name) => Some(account(name)),
                    Lookup::ServiceAccount(client) => Some(account(&format!("service-account-{client}"))),
                });
                run(users, found, &scratch.store, &mut output).await?;
            }
            Cli::Roles(args) => roles::run(args, &scratch.store, &mut output).await?,
            Cli::Permissions(args) => permissions::run(args, &scratch.store, &mut output).await?,
        }
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[tokio::test]
    async fn the_first_admin_is_made_in_two_commands() {
        let scratch = Scratch::new();
        let run = |line| doorward(&scratch, Form::Table, line);
        assert_eq!(run("users adopt --username alice").await.unwrap(), "alice is now a user, without roles\n");
        assert_eq!(run("users adopt --username alice").await.unwrap(), "alice was a user already\n");
        let grant = "users grant --username alice --role admin";
        assert_eq!(run(grant).await.unwrap(), "alice now holds the role admin\n");
        assert_eq!(run(grant).await.unwrap(), "alice already held the role admin\n");
        let revoke = "users revoke --username alice --role admin";
        assert_eq!(run(revoke).await.unwrap(), "alice no longer holds the role admin\n");
    }

    #[tokio::test]
    async fn users_are_listed_for_people_and_for_scripts() {
        let scratch = Scratch::new();
        for line in ["users adopt --username alice", "users create --service jobs"] {
            doorward(&scratch, Form::Table, line).await.unwrap();
        }
        let table = doorward(&scratch, Form::Table, "users list --limit 1").await.unwrap();
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("USERNAME  KIND    STATE"), "{table}");
        assert!(lines[1].starts_with("alice     person  active"), "{table}");
        assert!(lines[2].starts_with("There are more: --after "), "{table}");
        let json = doorward(&scratch, Form::Json, "users list --search service").await.unwrap();
        let user: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&user["username"], &user["kind"]), (&"service-account-jobs".into(), &"service".into()));
        assert_eq!(user["subject"], "k-service-account-jobs");
    }

    #[tokio::test]
    async fn a_user_is_shown_by_name_address_or_id() {
        let scratch = Scratch::new();
        let adopted = doorward(&scratch, Form::Json, "users adopt --username alice").await.unwrap();
        let id = serde_json::from_str::<Value>(&adopted).unwrap()["id"].as_str().unwrap().to_owned();
        for user in ["Alice", "alice@example.com", &id] {
            assert_eq!(doorward(&scratch, Form::Json, &format!("users show {user}")).await.unwrap(), adopted);
        }
        let shown = doorward(&scratch, Form::Plain, "users show alice").await.unwrap();
        assert!(shown.starts_with("username\talice\n"), "{shown}");
    }

    #[tokio::test]
    async fn the_exit_code_says_why() {
        let scratch = Scratch::new();
        for (line, code) in [
            ("users show nobody", 3),
            ("users adopt --username nobody", 3),
            ("users create --service nobody", 3),
            ("users grant --username nobody --role admin", 3),
            ("roles create admin", 4),
            ("roles create editor --permission post:write", 3),
            ("permissions create users:read", 4),
        ] {
            let failure = doorward(&scratch, Form::Plain, line).await.unwrap_err();
            assert_eq!(failure.exit_code(), code, "{line}: {failure}");
        }
    }

    #[tokio::test]
    async fn roles_and_permissions_are_made_and_listed() {
        let scratch = Scratch::new();
        let run = |line| doorward(&scratch, Form::Plain, line);
        run("permissions create post:write --description posting").await.unwrap();
        run("roles create editor --permission post:write --permission users:read").await.unwrap();
        let listed = run("roles list").await.unwrap();
        assert!(listed.ends_with("editor\tpost:write,users:read\t\n"), "{listed}");
        assert!(run("permissions list").await.unwrap().contains("post:write\tposting\n"));
    }

    #[test]
    fn what_cannot_be_meant_is_a_usage_error() {
        for line in [
            "users list --state gone",
            "users list --limit 0",
            "users list --after alice",
            "users grant --username alice --role Admin",
            "roles create a,b",
            "permissions create posting",
        ] {
            let refused = Cli::try_parse_from(format!("doorward {line}").split(' ')).err().unwrap();
            assert_eq!(refused.exit_code(), 2, "{line}");
        }
    }
}
