//! The shared database of the nodes, as far as one node and one writer see it: the log, the members, and one user.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::clock::Clock;
use crate::store::{
    AccountRow, Applied, Batch, CatalogueRows, Change, ChangeLog, Cursors, Decide, Enrichment, Entry, GRACE, Ledger,
    Line, Look, Member, Members, Node, Permission, Position, Query, Rights, Role, RoleId, RoleRow, StoreError, User,
    UserFilter, UserKey, UserKind, UserPage, UserState,
};
use crate::sync::Mutex;

/// The database. Each call is one transaction.
#[derive(Default)]
pub(super) struct Log(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    entries: Vec<Entry>,
    members: HashMap<Uuid, Option<Uuid>>,
    without_role: bool,
}

impl Rows {
    fn position(&self, tag: Option<Uuid>) -> Option<Position> {
        self.entries.iter().find(|entry| Some(entry.tag) == tag).map(|entry| entry.position)
    }

    fn newest(&self) -> Position {
        self.entries.last().map_or(Position::START, |entry| entry.position)
    }

    fn append(&mut self, changes: &[Change]) -> Position {
        for change in changes {
            let position = Position(self.newest().0 + 1);
            self.entries.push(Entry { position, tag: Uuid::from_u128(rand_tag()), change: change.clone() });
        }
        self.newest()
    }
}

impl Log {
    /// Writes a change as another node does, and returns when that node would answer: when every member has applied it,
    /// or its clock says that no lease of one that has not is left.
    pub(super) fn announce(&self, change: &Change, clock: &Clock) {
        let position = self.0.lock().append(std::slice::from_ref(change));
        self.await_all(position, clock);
    }

    /// The user loses the role, which is a change of rights.
    pub(super) fn take_role(&self, change: &Change, clock: &Clock) {
        let position = {
            let mut rows = self.0.lock();
            rows.without_role = true;
            rows.append(std::slice::from_ref(change))
        };
        self.await_all(position, clock);
    }

    /// The log becomes another one, as after a failover: the same changes under other names.
    pub(super) fn fail_over(&self) {
        for entry in &mut self.0.lock().entries {
            entry.tag = Uuid::from_u128(rand_tag());
        }
    }

    fn await_all(&self, position: Position, clock: &Clock) {
        let committed = clock.boot();
        let told = |rows: &Rows| rows.members.values().all(|tag| rows.position(*tag).is_some_and(|at| at >= position));
        while !told(&self.0.lock()) && clock.boot() < committed.plus(GRACE) {
            clock.advance(Duration::from_millis(250));
        }
    }
}

#[async_trait]
impl Members for Log {
    async fn join(&self, id: Uuid, _: &Node) -> Result<(), StoreError> {
        self.0.lock().members.insert(id, None);
        Ok(())
    }

    async fn attend(&self, id: Uuid, applied: Option<Uuid>) -> Result<Option<Batch>, StoreError> {
        let mut rows = self.0.lock();
        let Some(tag) = rows.members.get_mut(&id) else { return Ok(None) };
        *tag = applied;
        let at = rows.position(applied);
        let newer = |entry: &&Entry| entry.position > at.unwrap_or(Position::START);
        let entries = rows.entries.iter().filter(newer).cloned().collect();
        Ok(Some(Batch { restarted: applied.is_some() && at.is_none(), entries, clock: None }))
    }

    async fn look(&self) -> Result<Look, StoreError> {
        unreachable!("no node looks here")
    }

    async fn note_revocation(&self, _: Uuid, _: Duration) -> Result<(), StoreError> {
        unreachable!("no node announces here")
    }

    async fn evict(&self, _: &Member, _: &Line) -> Result<bool, StoreError> {
        unreachable!("no node evicts here")
    }

    async fn leave(&self, id: Uuid) -> Result<(), StoreError> {
        self.0.lock().members.remove(&id);
        Ok(())
    }
}

#[async_trait]
impl Rights for Log {
    async fn enrich(&self, _: &crate::identity::Subject) -> Result<Enrichment, StoreError> {
        let rows = self.0.lock();
        let account = AccountRow {
            id: Uuid::nil(),
            kind: UserKind::Person,
            username: "alice".to_owned(),
            email: None,
            email_verified: false,
            first_name: None,
            last_name: None,
            phone_number: None,
            state: UserState::Active,
            roles: if rows.without_role { vec![] } else { vec![RoleId(1)] },
        };
        Ok(Enrichment { account: Some(account), as_of: rows.newest() })
    }

    async fn catalogue(&self) -> Result<CatalogueRows, StoreError> {
        let role = RoleRow { id: RoleId(1), name: ROLE.to_owned(), grants_all: false, permissions: vec![] };
        Ok(CatalogueRows { roles: vec![role], permissions: vec![], as_of: self.0.lock().newest() })
    }
}

#[async_trait]
impl ChangeLog for Log {
    async fn record(&self, changes: &[Change]) -> Result<Position, StoreError> {
        Ok(self.0.lock().append(changes))
    }

    async fn changed(&self) {}

    async fn clean(&self, _: Duration) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// No request and no follower comes here.
#[async_trait]
impl Ledger for Log {
    async fn transact(&self, _: Query, _: Decide) -> Result<Option<Applied>, StoreError> {
        unreachable!("nobody is managed here")
    }

    async fn users(&self, _: UserFilter) -> Result<UserPage, StoreError> {
        unreachable!("nobody is managed here")
    }

    async fn user(&self, _: UserKey) -> Result<Option<User>, StoreError> {
        unreachable!("nobody is managed here")
    }

    async fn roles(&self) -> Result<Vec<Role>, StoreError> {
        unreachable!("nobody is managed here")
    }

    async fn permissions(&self) -> Result<Vec<Permission>, StoreError> {
        unreachable!("nobody is managed here")
    }
}

#[async_trait]
impl Cursors for Log {
    async fn cursor(&self, _: &str, _: &str) -> Result<Option<i64>, StoreError> {
        unreachable!("no events are read here")
    }

    async fn advance(&self, _: &str, _: &str, _: i64) -> Result<(), StoreError> {
        unreachable!("no events are read here")
    }
}

fn rand_tag() -> u128 {
    use shuttle::rand::Rng;
    shuttle::rand::thread_rng().r#gen()
}

/// What alice has until it is taken away. Her token does not name it.
pub(super) const ROLE: &str = "clerk";
