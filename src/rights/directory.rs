//! From an identity to its principal: cached per subject, read from the users database on a miss.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use moka::future::Cache;
use tokio::sync::Mutex;

use super::{Account, Catalogue, EnrichError, Entitlement, Epoch, Principal};
use crate::accounts::Provisioner;
use crate::identity::{Identity, Subject};
use crate::patience;
use crate::store::{CatalogueRows, Position, Rights, StoreError, UserState};

/// Enriches identities. Whether what is cached still holds is not asked here: `standing` asks it of every
/// principal, right before it is used.
pub struct Directory {
    store: Arc<dyn Rights>,
    accounts: Cache<Subject, Known>,
    /// The same for longer: what is used where it should be read again and cannot be.
    spare: Cache<Subject, Known>,
    /// Those of them that were used lately, where a look costs less.
    recent: quick_cache::sync::Cache<Subject, Arc<Account>>,
    catalogue: ArcSwap<Catalogue>,
    reading_catalogue: Mutex<()>,
    epoch: Arc<Epoch>,
    provisioner: Option<Provisioner>,
}

/// That nobody is known is remembered too, with its position: the row that makes somebody known is a change.
#[derive(Clone)]
enum Known {
    Account(Arc<Account>),
    Nobody { as_of: Position, epoch: u64 },
}

impl Known {
    fn as_of(&self) -> Position {
        match self {
            Self::Account(account) => account.as_of(),
            Self::Nobody { as_of, .. } => *as_of,
        }
    }

    fn epoch(&self) -> u64 {
        match self {
            Self::Account(account) => account.epoch(),
            Self::Nobody { epoch, .. } => *epoch,
        }
    }
}

impl Directory {
    /// Reads the catalogue and begins with an empty cache.
    pub async fn open(
        store: Arc<dyn Rights>,
        epoch: Arc<Epoch>,
        provisioner: Option<Provisioner>,
    ) -> Result<Self, StoreError> {
        let begun = epoch.now();
        let catalogue = Catalogue::new(first_read(&*store).await?, begun);
        Ok(Self {
            store,
            accounts: Cache::builder().max_capacity(MAX_ACCOUNTS).time_to_live(KEEP).build(),
            spare: Cache::builder().max_capacity(MAX_ACCOUNTS).time_to_live(KEEP + SPARE).build(),
            recent: quick_cache::sync::Cache::new(MAX_RECENT),
            catalogue: ArcSwap::from_pointee(catalogue),
            reading_catalogue: Mutex::new(()),
            epoch,
            provisioner,
        })
    }

    /// The principal behind an identity.
    pub async fn enrich(&self, identity: Arc<Identity>) -> Result<Principal, EnrichError> {
        let account = match self.recent.get(identity.subject()) {
            Some(account) if account.epoch() == self.epoch.now() => account,
            Some(_) | None => self.account(&identity).await?,
        };
        check_state(&account)?;
        let entitlement = self.entitlement(&account, identity.issuer_roles()).await?;
        Ok(Principal::new(identity, account, entitlement))
    }

    /// What a subject may without what a token adds: as it is enriched, but that nobody is provisioned.
    pub async fn look(&self, subject: &Subject) -> Result<Arc<Entitlement>, EnrichError> {
        match self.known(subject).await? {
            Known::Account(account) => {
                check_state(&account)?;
                self.entitlement(&account, &[]).await
            }
            Known::Nobody { as_of, .. } => Err(EnrichError::UnknownUser(as_of)),
        }
    }

    /// What somebody may who is provisioned on first sight: nothing in particular.
    pub fn newcomer(&self) -> Result<Option<Arc<Entitlement>>, StoreError> {
        self.catalogue.load().entitlement(&[])
    }

    async fn account(&self, identity: &Identity) -> Result<Arc<Account>, EnrichError> {
        let account = match self.known(identity.subject()).await? {
            Known::Account(account) => account,
            Known::Nobody { as_of, .. } => self.provision(identity, as_of).await?,
        };
        self.recent.insert(identity.subject().clone(), Arc::clone(&account));
        Ok(account)
    }

    /// Forgets which accounts were used lately, so that none is kept longer than [`KEEP_AT_MOST`] and until this is called again.
    pub fn sweep(&self) {
        self.recent.clear();
    }

    /// Forgets what was read of a subject before `position`.
    pub async fn forget(&self, subject: &Subject, position: Position) {
        if self.recent.get(subject).is_some_and(|account| account.as_of() < position) {
            self.recent.remove(subject);
        }
        if self.accounts.get(subject).await.is_some_and(|known| known.as_of() < position) {
            self.accounts.invalidate(subject).await;
        }
        if self.spare.get(subject).await.is_some_and(|known| known.as_of() < position) {
            self.spare.invalidate(subject).await;
        }
    }

    /// Forgets everybody and reads the catalogue again: what was read cannot be compared with the log any more.
    pub async fn restart(&self) -> Result<(), StoreError> {
        self.recent.clear();
        self.accounts.invalidate_all();
        self.spare.invalidate_all();
        let _one = self.reading_catalogue.lock().await;
        self.read_catalogue().await
    }

    /// Reads the catalogue again unless it already contains `position`; those who ask at once share one read.
    pub async fn refresh_catalogue(&self, position: Position) -> Result<(), StoreError> {
        let Ok(_one) = patience::within(PATIENCE, self.reading_catalogue.lock()).await else {
            return Err(StoreError::TimedOut(PATIENCE));
        };
        let stale = |catalogue: &Catalogue| catalogue.as_of() < position || catalogue.epoch() != self.epoch.now();
        if stale(&self.catalogue.load()) { self.read_catalogue().await } else { Ok(()) }
    }

    async fn read_catalogue(&self) -> Result<(), StoreError> {
        let epoch = self.epoch.now();
        self.catalogue.store(Arc::new(Catalogue::new(self.store.catalogue().await?, epoch)));
        Ok(())
    }

    async fn known(&self, subject: &Subject) -> Result<Known, EnrichError> {
        match self.accounts.get(subject).await {
            Some(known) if known.epoch() == self.epoch.now() => return Ok(known),
            Some(_) => self.accounts.invalidate(subject).await,
            None => {}
        }
        let load = async {
            let epoch = self.epoch.now();
            let enrichment = self.store.enrich(subject).await?;
            let known = match enrichment.account {
                Some(row) => Known::Account(Arc::new(Account::new(subject, row, enrichment.as_of, epoch)?)),
                None => Known::Nobody { as_of: enrichment.as_of, epoch },
            };
            // That somebody was nobody keeps nobody in, and they may be somebody by now.
            if let Known::Account(_) = &known {
                self.spare.insert(subject.clone(), known.clone()).await;
            }
            Ok(known)
        };
        match self.accounts.try_get_with(subject.clone(), load).await {
            Ok(known) => Ok(known),
            Err(error) => self.spare(subject, error).await,
        }
    }

    /// What was read before of a subject that cannot be read now. For how long that is trusted is not asked here either.
    async fn spare(&self, subject: &Subject, error: Arc<StoreError>) -> Result<Known, EnrichError> {
        let known = match &*error {
            StoreError::Unavailable { .. } | StoreError::TimedOut(_) => self.spare.get(subject).await,
            StoreError::Schema(_) | StoreError::RowInvalid(_) => None,
        };
        known.filter(|known| known.epoch() == self.epoch.now()).ok_or(EnrichError::Store(error))
    }

    async fn provision(&self, identity: &Identity, as_of: Position) -> Result<Arc<Account>, EnrichError> {
        let provisioner = self.provisioner.as_ref().ok_or(EnrichError::UnknownUser(as_of))?;
        provisioner
            .provision(identity.subject(), identity.profile())
            .await
            .map_err(|error| EnrichError::NotProvisioned(Arc::new(error)))?;
        self.accounts.invalidate(identity.subject()).await;
        match self.known(identity.subject()).await? {
            Known::Account(account) => Ok(account),
            Known::Nobody { as_of, .. } => Err(EnrichError::UnknownUser(as_of)),
        }
    }

    async fn entitlement(&self, account: &Account, issuer_roles: &[String]) -> Result<Arc<Entitlement>, EnrichError> {
        if let Some(entitlement) = self.resolve(account, issuer_roles)? {
            return Ok(entitlement);
        }
        self.refresh_catalogue(account.as_of()).await?;
        self.resolve(account, issuer_roles)?.ok_or(EnrichError::UnknownRole(account.as_of()))
    }

    fn resolve(&self, account: &Account, issuer_roles: &[String]) -> Result<Option<Arc<Entitlement>>, StoreError> {
        let catalogue = self.catalogue.load();
        match issuer_roles {
            [] => account.entitlement(&catalogue),
            named => Ok(Entitlement::resolve(&account.row().roles, named, &catalogue)?.map(Arc::new)),
        }
    }
}

fn check_state(account: &Account) -> Result<(), EnrichError> {
    match account.row().state {
        UserState::Active => Ok(()),
        state @ (UserState::Pending | UserState::Disabled | UserState::Deleted | UserState::Purged) => {
            Err(EnrichError::NotActive(state, account.as_of()))
        }
    }
}

/// Whoever starts, perhaps on a machine that is busy, has more time than a request has.
async fn first_read(store: &dyn Rights) -> Result<CatalogueRows, StoreError> {
    let began = Instant::now();
    loop {
        match store.catalogue().await {
            Err(StoreError::TimedOut(_)) if began.elapsed() < TO_START => {}
            read => return read,
        }
    }
}

const TO_START: Duration = Duration::from_secs(10);

/// A row is some 500 bytes: 100,000 users are 50 MB.
const MAX_ACCOUNTS: u64 = 100_000;

/// An entry is two pointers and a subject.
const MAX_RECENT: usize = 100_000;

/// How long a request waits behind others that read the catalogue.
const PATIENCE: Duration = Duration::from_secs(1);

/// Also without a change a row is read again now and then.
const KEEP: Duration = Duration::from_secs(600);

/// As long as rights may be trusted at most that nobody vouches for: the longest `stale_when_blind`.
const SPARE: Duration = Duration::from_secs(300);

/// How long what was read may be used: a mark in `standing` need not live longer.
pub const KEEP_AT_MOST: Duration = KEEP.saturating_add(SPARE);

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
