//! What each step of a request costs with warm caches: 10,000 users, one token each, in rotation.

#![expect(clippy::indexing_slicing, reason = "there is one of everything for each user")]

#[path = "common/keys.rs"]
mod keys;

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bench_scene::{Folder, Outcome, Provider, fill, spoilt};
use criterion::Criterion;
use doorward::clock::Clock;
use doorward::config::{Settings, WhenBlind};
use doorward::gateway::Gateway;
use doorward::identity::{Identities, Identity, TokenMetrics};
use doorward::request::{Incoming, Peer, RawHead, TrustedProxies};
use doorward::rights::{Directory, Epoch, Principal};
use doorward::routing::{Route, Routes};
use doorward::signals::{IntrospectionMetrics, Introspector};
use doorward::standing::{Follower, Membership, Standing};
use doorward::store::{Node, Options, Sqlite};
use http::{HeaderMap, HeaderValue};
use prometheus::Registry;
use tokio::runtime::Runtime;

/// The steps, put together as `app` does it, without listeners.
struct Steps {
    identities: Arc<Identities>,
    forgetful: Identities,
    directory: Arc<Directory>,
    standing: Arc<Standing>,
    gateway: Gateway,
    routes: Routes,
    clock: Clock,
}

/// What the steps are asked, one for each user.
struct Asked {
    tokens: Vec<String>,
    spoilt: Vec<String>,
    known: Vec<Arc<Identity>>,
    principals: Vec<Principal>,
    requests: Vec<(Arc<Route>, Incoming)>,
}

fn main() -> Outcome<()> {
    doorward::app::install_cryptography();
    let runtime = Runtime::new()?;
    let provider = Provider::start()?;
    let folder = Folder::new(&provider, ([127, 0, 0, 1], 9).into())?;
    Sqlite::migrate(&folder.database())?;
    fill(&folder.database(), provider.issuer(), USERS)?;
    let steps = runtime.block_on(Steps::build(&folder))?;
    let asked = runtime.block_on(Asked::prepare(&steps, &provider))?;
    let mut criterion = Criterion::default().measurement_time(Duration::from_secs(3)).configure_from_args();
    measure(&mut criterion, &runtime, &steps, &asked);
    criterion.final_summary();
    Ok(())
}

fn measure(criterion: &mut Criterion, runtime: &Runtime, steps: &Steps, asked: &Asked) {
    let Steps { identities, forgetful, directory, standing, gateway, routes, clock } = steps;
    let mut step = |name: &str, run: &dyn Fn(usize)| {
        let turn = Cell::new(0_usize);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                turn.set((turn.get() + 1) % USERS);
                run(turn.get());
            });
        });
    };
    let _inside = runtime.enter();
    step("parse", &|at| drop(black_box(parse(&asked.tokens[at]))));
    step("routes.find", &|at| {
        let incoming = &asked.requests[at].1;
        let _ = black_box(routes.find(&incoming.host, &incoming.path, incoming.method));
    });
    step("prove, known", &|at| {
        let _ = black_box(now(identities.prove_bearer(&asked.tokens[at], clock.wall())));
    });
    step("prove, first sight", &|at| {
        let _ = black_box(now(forgetful.prove_bearer(&asked.tokens[at], clock.wall())));
    });
    step("prove, wrong signature", &|at| {
        let _ = black_box(now(identities.prove_bearer(&asked.spoilt[at], clock.wall())));
    });
    step("enrich", &|at| drop(black_box(now(directory.enrich(Arc::clone(&asked.known[at]))))));
    step("confirm", &|at| drop(black_box(standing.confirm(asked.principals[at].clone()))));
    step("admit", &|at| {
        let (route, incoming) = &asked.requests[at];
        drop(black_box(now(gateway.admit(route, incoming))));
    });
}

/// With warm caches nothing waits.
fn now<T>(step: impl Future<Output = T>) -> Option<T> {
    futures_util::FutureExt::now_or_never(step)
}

impl Steps {
    async fn build(folder: &Folder) -> Outcome<Self> {
        let clock = Clock::system();
        let (settings, _) = Settings::load(&folder.config(), &|name| std::env::var(name).ok())?;
        let store = Arc::new(Sqlite::open(&folder.database(), Options::default())?);
        let epoch = Arc::new(Epoch::default());
        let blind = settings.users.stale_when_blind;
        let standing = Arc::new(Standing::new(clock.clone(), blind, DAY, Arc::clone(&epoch)));
        let directory = Arc::new(Directory::open(Arc::clone(&store) as _, epoch, None).await?);
        let node = Node { name: "bench".to_owned(), version: "0".to_owned() };
        let membership = Arc::new(Membership::new(Arc::clone(&store) as _, Arc::clone(&standing), node));
        let mut follower = Follower::new(store, membership, Arc::clone(&standing), Arc::clone(&directory));
        follower.load().await?;
        tokio::spawn(follower.follow());
        let registry = Registry::new();
        let keys = keys::keys(&settings.keycloak, &clock, &registry).await?;
        let issuers = || vec![(settings.keycloak.clone(), Arc::clone(&keys))];
        let metrics = TokenMetrics::new(&registry)?;
        let identities = Arc::new(Identities::new(issuers(), 100_000, metrics.clone()));
        let blind = (Arc::new(Introspector::new(vec![], IntrospectionMetrics::new(&registry)?)), WhenBlind::Refuse);
        let gateway = Gateway::new(Arc::clone(&identities), Arc::clone(&directory), Arc::clone(&standing), blind);
        let forgetful = Identities::new(issuers(), 0, metrics);
        Ok(Self { identities, forgetful, directory, standing, gateway, routes: Routes::new(settings.routes), clock })
    }
}

impl Asked {
    async fn prepare(steps: &Steps, provider: &Provider) -> Outcome<Self> {
        let tokens = provider.mint().tokens(0..USERS, USERS)?;
        let spoilt = tokens.iter().map(|token| spoilt(token)).collect();
        let (mut known, mut principals, mut requests) = (Vec::new(), Vec::new(), Vec::new());
        for token in &tokens {
            let identity = steps.identities.prove_bearer(token, steps.clock.wall()).await?;
            known.push(Arc::clone(&identity));
            principals.push(steps.directory.enrich(identity).await?);
            let incoming = parse(token)?;
            let route = steps.routes.find(&incoming.host, &incoming.path, incoming.method)?;
            requests.push((Arc::clone(route), incoming));
        }
        let (route, incoming) = requests.first().ok_or("no requests")?;
        steps.gateway.admit(route, incoming).await.map_err(|rejection| format!("not admitted: {rejection:?}"))?;
        Ok(Self { tokens, spoilt, known, principals, requests })
    }
}

fn parse(token: &str) -> Outcome<Incoming> {
    let mut fields = HeaderMap::new();
    fields.insert(http::header::HOST, HeaderValue::from_static("app.example.com"));
    fields.insert(http::header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
    let head = RawHead { method: "GET", target: b"/api/orders/42?expand=lines", fields: &fields, authority: None };
    let peer = Peer { address: [127, 0, 0, 1].into(), tls: false };
    Ok(Incoming::parse(head, peer, &TrustedProxies::default())?)
}

const USERS: usize = 10_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
