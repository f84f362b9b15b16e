//! What the users database knows of the user whose request is explained.

use std::sync::Arc;

use crate::accounts::{AccountError, Refusal, Taken};
use crate::app::database;
use crate::config::{Provision, Settings};
use crate::rights::{Directory, EnrichError, Entitlement, Epoch};
use crate::store::{Options, Position, StoreError, User, UserKey, Username};

/// Who asks.
pub(super) enum Whom {
    /// Nobody who is signed in.
    Nobody,
    /// A user whom the gateway would let in, with what they may; and what there is to say about them.
    Known { name: String, held: Arc<Entitlement>, remark: Option<&'static str> },
    /// A user whom it would not.
    Refused { error: EnrichError, because: String },
}

impl Whom {
    /// Looks a user up, as the gateway does when it sees their token.
    pub(super) async fn look_up(user: Option<Username>, settings: &Settings) -> Result<Self, EnrichError> {
        let Some(username) = user else { return Ok(Self::Nobody) };
        let store = database::open(&settings.users, Options::default()).await?;
        let directory = Directory::open(Arc::clone(&store) as _, Arc::new(Epoch::default()), None).await?;
        let provision = settings.users.provision;
        match store.user(UserKey::Username(username.clone())).await? {
            Some(user) => Self::of(user, provision, &directory).await,
            None => Self::unknown(username.as_str(), provision, &directory),
        }
    }

    async fn of(user: User, provision: Provision, directory: &Directory) -> Result<Self, EnrichError> {
        let (name, state) = (user.username, user.state.name());
        let Some(subject) = user.subject else {
            // Their token would show a subject that nobody has, and a name that is theirs already.
            let error = match provision {
                Provision::Never => EnrichError::UnknownUser(Position(0)),
                Provision::OnFirstSight => {
                    EnrichError::NotProvisioned(Arc::new(AccountError::Refused(Refusal::NameTaken(Taken::Username))))
                }
            };
            return Ok(Self::Refused {
                error,
                because: format!("{name} is {state}, and no account of Keycloak's yet"),
            });
        };
        match directory.look(&subject).await {
            Ok(held) => Ok(Self::Known { name, held, remark: None }),
            Err(EnrichError::Store(error)) if !matches!(*error, StoreError::RowInvalid(_)) => {
                Err(EnrichError::Store(error))
            }
            Err(error) => {
                let because = match &error {
                    EnrichError::NotActive(..) => format!("{name} is {state}"),
                    other => format!("{name} cannot be read: {other}"),
                };
                Ok(Self::Refused { error, because })
            }
        }
    }

    fn unknown(name: &str, provision: Provision, directory: &Directory) -> Result<Self, EnrichError> {
        let because = format!("the users database does not know {name}");
        match (provision, directory.newcomer()?) {
            (Provision::OnFirstSight, Some(held)) => {
                let remark = Some(
                    "an account without roles is made when they come first, named as their token says ([users] provision)",
                );
                Ok(Self::Known { name: name.to_owned(), held, remark })
            }
            (Provision::OnFirstSight | Provision::Never, _) => {
                Ok(Self::Refused { error: EnrichError::UnknownUser(Position(0)), because })
            }
        }
    }
}
