//! One node, as `app` puts it together, in front of the log.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use prometheus::Registry;
use shuttle::future::block_on;
use shuttle::thread::{self, JoinHandle};

use super::log::{Log, ROLE};
use crate::clock::Clock;
use crate::config::WhenBlind;
use crate::gateway::tests::admission;
use crate::gateway::{Admission, Gateway};
use crate::identity::testing::{self, Signer, claims, issuer};
use crate::identity::{Identities, IssuerKeys, KeysMetrics, Pace, TokenMetrics};
use crate::problem::Rejection;
use crate::rights::{Directory, Epoch};
use crate::signals::{IntrospectionMetrics, Introspector};
use crate::standing::{Follower, Live, Membership, Standing};
use crate::store::testing::node;
use crate::store::{Change, ChangeKind};

/// A node whose follower has not polled yet.
pub(super) struct Node {
    pub(super) clock: Clock,
    pub(super) log: Arc<Log>,
    pub(super) keys: Arc<IssuerKeys>,
    pub(super) standing: Arc<Standing>,
    pub(super) membership: Arc<Membership>,
    pub(super) gateway: Arc<Gateway>,
    directory: Arc<Directory>,
}

impl Node {
    /// With the key of [`SIGNER`].
    pub(super) fn new() -> Arc<Self> {
        let clock = Clock::manual();
        clock.advance(Duration::from_secs(5));
        let log = Arc::new(Log::default());
        let epoch = Arc::new(Epoch::default());
        let standing = Arc::new(Standing::new(clock.clone(), RIGHTS_PASS, KEPT, Arc::clone(&epoch)));
        let directory = Arc::new(block_on(Directory::open(Arc::clone(&log) as _, epoch, None)).unwrap());
        let membership = Arc::new(Membership::new(Arc::clone(&log) as _, Arc::clone(&standing), node()));
        let registry = Registry::new();
        let pace = Pace { wait: Duration::ZERO, ..Pace::new(Duration::from_secs(300), Duration::from_secs(3600)) };
        let metrics = KeysMetrics::new(&registry).unwrap();
        let keys = Arc::new(IssuerKeys::new("acme".into(), pace, clock.clone(), metrics));
        testing::publish(&keys, &[&SIGNER], &clock);
        let tokens = TokenMetrics::new(&registry).unwrap();
        let identities = Arc::new(Identities::new(vec![(issuer(), Arc::clone(&keys))], 10, tokens));
        let metrics = IntrospectionMetrics::new(&registry).unwrap();
        let asked = (Arc::new(Introspector::new(vec![], metrics)), WhenBlind::Refuse);
        let gateway = Arc::new(Gateway::new(identities, Arc::clone(&directory), Arc::clone(&standing), asked));
        Arc::new(Self { clock, log, keys, standing, membership, gateway, directory })
    }

    /// The same, with a lease.
    pub(super) fn started() -> Arc<Self> {
        let node = Self::new();
        node.poll();
        node
    }

    /// Follows the log from the beginning until nothing is new.
    pub(super) fn poll(&self) {
        block_on(self.follower().load()).unwrap();
    }

    /// Follows the log.
    pub(super) fn follower(&self) -> Follower {
        let (log, membership) = (Arc::clone(&self.log), Arc::clone(&self.membership));
        Follower::new(log, membership, Arc::clone(&self.standing), Arc::clone(&self.directory))
    }

    /// Follows the log on a thread of its own, for three times until nothing is new.
    pub(super) fn follow_beside(self: &Arc<Self>) -> JoinHandle<()> {
        let node = Arc::clone(self);
        thread::spawn(move || {
            let mut follower = node.follower();
            for _ in 0..3 {
                block_on(follower.load()).unwrap();
            }
        })
    }

    /// Whether a request with the token is let in now: every step but the wait for a lease, which needs a real clock.
    pub(super) fn admits(&self, token: &str) -> bool {
        self.judge(token).is_ok()
    }

    /// Whether it is let in with the role.
    pub(super) fn admits_with_role(&self, token: &str) -> bool {
        self.judge(token).is_ok_and(|live| live.principal().entitlement().has_role(ROLE))
    }

    fn judge(&self, token: &str) -> Result<Live, Rejection> {
        block_on(async {
            let identity = self.gateway.prove_bearer(token).await?;
            self.gateway.settle(identity, |principal| self.standing.confirm(principal)).await
        })
    }

    /// The admission of a request that is let in now.
    pub(super) fn admission(&self, token: &str) -> Admission {
        admission(self.judge(token).unwrap())
    }
}

/// The session of the token has ended.
pub(super) fn session_ended() -> Change {
    change(ChangeKind::Session, "sid-1")
}

/// A change that names something of alice's.
pub(super) fn change(kind: ChangeKind, key: &str) -> Change {
    Change { issuer: testing::ISSUER.into(), kind, key: key.into(), not_before: None }
}

/// A stream of a node that has no lease goes on for so long.
const RIGHTS_PASS: Duration = Duration::from_secs(60);
/// Signs the token.
pub(super) static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::es256("ec-1"));
/// Another key under the same name.
pub(super) static SUCCESSOR: LazyLock<Signer> = LazyLock::new(|| Signer::es256("ec-1"));
/// A good token of alice, in the session `sid-1`.
pub(super) static TOKEN: LazyLock<String> = LazyLock::new(|| SIGNER.sign(&claims()));
/// How long revocations are kept: longer than the token lives.
pub(super) const KEPT: Duration = Duration::from_secs(400);
