//! Nodes, the database, writers; `Bug` switches one rule off.
use stateright::{Model, Property};

/// Length of a lease, in units of the holder's clock. A clock runs 2 (slow) or 3 (fast) units a tick.
const L: u8 = 6;
/// What a writer waits, in units of its own clock: `L` times fast over slow.
const W: u8 = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    None,
    NoFence,
    LeaseFromReply,
    SequenceGap,
    AckBeforeApply,
    ServeBeforeLoad,
    JoinInPoll,
    MembersBeforeCommit,
    NoDriftMargin,
    LookupBeforeLease,
    ClockStops,
    EvictAtOnce,
    ErrorMeansDone,
    RenewBeforeApply,
    NoLogMatch,
    NoYoungRule,
    AckByNumber,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub nodes: usize,
    /// Nodes that are members with a full lease at the start; the others join.
    pub joined: usize,
    pub revocations: usize,
    /// Revocation 0 was written, applied everywhere and answered before the start.
    pub prelude: bool,
    pub rate: Vec<u8>,
    pub losses: u8,
    pub crashes: u8,
    pub failovers: u8,
    pub evictions: u8,
    /// A request is two steps (lease, look-up) instead of one.
    pub split: bool,
    /// Time passes only when nothing else can happen.
    pub urgent: bool,
    pub dead: Option<usize>,
    /// Ticks between commit and answer, checked when `urgent`.
    pub bound: u8,
    pub bug: Bug,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nodes: 2,
            joined: 1,
            revocations: 1,
            prelude: false,
            rate: vec![3, 2, 2],
            losses: 0,
            crashes: 0,
            failovers: 0,
            evictions: 1,
            split: false,
            urgent: false,
            dead: None,
            bound: 0,
            bug: Bug::None,
        }
    }
}

#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
struct Node {
    up: bool,
    /// Name of its row, fresh at every join; 0: not a member.
    id: u8,
    known: u8,
    applied: u8,
    tag: u8,
    lease: u8,
    poll: Option<Poll>,
    /// A poll it gave up, still alive in the database.
    zombie: Option<Poll>,
    /// Units until the connection counts as old.
    young: u8,
    request: Request,
}

#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
enum Request {
    #[default]
    None,
    Started(u8),
    Checked(u8),
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Poll {
    id: u8,
    applied: u8,
    tag: u8,
    age: u8,
    stage: Stage,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
enum Stage {
    Sent,
    Snapped(Found),
    Done {
        ok: bool,
        found: Found,
    },
    /// Only for `RenewBeforeApply`: lease taken, changes not yet.
    Late(Found),
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Found {
    changes: u8,
    head: u8,
    tag: u8,
    matched: bool,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Row {
    id: u8,
    /// What its node acknowledged: number and tag of the newest entry it has applied.
    applied: u8,
    tag: u8,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Entry {
    revocation: u8,
    tag: u8,
    committed: bool,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Writer {
    Idle,
    Begun {
        seq: u8,
        members: u8,
    },
    Committed {
        seq: u8,
        members: u8,
    },
    Waiting {
        seq: u8,
        left: u8,
        members: u8,
    },
    Answered {
        by_clock: bool,
    },
    /// The writer died; Keycloak got an error.
    Failed,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Watch {
    node: u8,
    left: u8,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub struct State {
    nodes: Vec<Node>,
    rows: Vec<Option<Row>>,
    log: Vec<Entry>,
    writers: Vec<Writer>,
    since: Vec<u8>,
    watch: Option<Watch>,
    /// Revocations that a failover lost: no promise for nodes that did not know them.
    excused: u8,
    next_id: u8,
    next_tag: u8,
    losses: u8,
    crashes: u8,
    failovers: u8,
    evictions: u8,
    admitted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Keep,
    LoseAll,
    Lose(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    TickWithout(usize),
    Join(usize),
    Send(usize),
    Snapshot(usize),
    Commit(usize),
    Deliver(usize),
    ApplyLate(usize),
    GiveUp(usize),
    ZombieSnapshot(usize),
    ZombieCommit(usize),
    Crash(usize),
    Begin(usize),
    WriteCommit(usize),
    WriteReply(usize),
    WriteUnknown(usize),
    AnswerEarly(usize),
    AnswerByClock(usize),
    WatchRow(usize),
    Evict,
    Failover { lose_last: bool, rows: Rows },
    Request(usize, usize),
    RequestFirst(usize),
    RequestSecond(usize),
}

pub struct Lease(pub Config);

impl Lease {
    fn bug(&self, bug: Bug) -> bool {
        self.0.bug == bug
    }

    fn fence_open(&self, node: &Node) -> bool {
        node.up && (node.lease > 0 || self.bug(Bug::NoFence))
    }

    fn writer_of(&self, revocation: usize) -> usize {
        revocation % self.0.nodes
    }

    fn head(s: &State) -> u8 {
        s.log.iter().rposition(|e| e.committed).map_or(0, |i| i as u8 + 1)
    }

    /// One statement's snapshot of the log, for a poller that stands at (`applied`, `tag`).
    fn look(&self, s: &State, applied: u8, tag: u8) -> Found {
        let head = Self::head(s);
        let matched = applied == 0
            || self.bug(Bug::NoLogMatch)
            || s.log.get(applied as usize - 1).is_some_and(|e| e.committed && e.tag == tag);
        let from = if matched { applied as usize } else { 0 };
        let changes = s.log.iter().skip(from).filter(|e| e.committed).fold(0, |m, e| m | 1 << e.revocation);
        let (head, tag) = if head == 0 {
            (0, 0)
        } else if self.bug(Bug::NoLogMatch) && applied > head {
            (applied, tag)
        } else {
            (head, s.log[head as usize - 1].tag)
        };
        Found { changes, head, tag, matched }
    }

    /// The poll's own write: it happens only if the row is still there.
    fn renew_row(&self, s: &mut State, i: usize, poll: &Poll, found: &Found) -> bool {
        if self.bug(Bug::JoinInPoll) && s.rows[i].is_none() {
            s.rows[i] = Some(Row { id: poll.id, applied: 0, tag: 0 });
        }
        let Some(row) = s.rows[i].as_mut().filter(|row| row.id == poll.id) else {
            return false;
        };
        (row.applied, row.tag) = if self.bug(Bug::AckBeforeApply) {
            (found.head, found.tag)
        } else if self.bug(Bug::AckByNumber) && !found.matched {
            (0, 0)
        } else {
            (poll.applied, poll.tag)
        };
        if s.watch.as_ref().is_some_and(|w| w.node as usize == i) {
            s.watch = None;
        }
        true
    }

    fn all_acknowledged(&self, s: &State, seq: u8, members: u8) -> bool {
        s.rows.iter().enumerate().all(|(i, row)| {
            let counted = !self.bug(Bug::MembersBeforeCommit) || members & 1 << i != 0;
            !counted || row.as_ref().is_none_or(|row| self.covers(s, row, seq))
        })
    }

    /// An acknowledgement counts by its tag: a number may mean another entry after a failover.
    fn covers(&self, s: &State, row: &Row, seq: u8) -> bool {
        let by_number = self.bug(Bug::AckByNumber) || self.bug(Bug::NoLogMatch);
        let known = by_number || s.log.iter().any(|e| e.committed && e.tag == row.tag);
        known && row.applied >= seq
    }

    fn apply(node: &mut Node, found: &Found) {
        node.known |= found.changes;
        node.applied = found.head;
        node.tag = found.tag;
    }

    fn dead_session_passes(&self, s: &State) -> bool {
        s.writers.iter().enumerate().any(|(r, w)| {
            matches!(w, Writer::Answered { .. })
                && s.excused & 1 << r == 0
                && s.nodes.iter().any(|n| self.fence_open(n) && n.known & 1 << r == 0)
        })
    }

    fn tick(&self, s: &mut State, without: Option<usize>) {
        for (i, node) in s.nodes.iter_mut().enumerate() {
            if without == Some(i) {
                continue;
            }
            let rate = self.0.rate[i];
            node.lease = node.lease.saturating_sub(rate);
            node.young = node.young.saturating_sub(rate);
            if let Some(poll) = node.poll.as_mut() {
                poll.age = (poll.age + rate).min(L);
            }
        }
        for r in 0..s.writers.len() {
            if let Writer::Waiting { left, .. } = &mut s.writers[r] {
                *left = left.saturating_sub(self.0.rate[self.writer_of(r)]);
            }
            if self.0.urgent && matches!(s.writers[r], Writer::Committed { .. } | Writer::Waiting { .. }) {
                s.since[r] = s.since[r].saturating_add(1);
            }
        }
        if let Some(watch) = s.watch.as_mut() {
            watch.left = watch.left.saturating_sub(3);
        }
    }

    fn failover(&self, s: &mut State, lose_last: bool, rows: Rows) {
        s.failovers -= 1;
        while s.log.last().is_some_and(|e| !e.committed) {
            s.log.pop();
        }
        for w in s.writers.iter_mut().filter(|w| matches!(w, Writer::Begun { .. })) {
            *w = Writer::Idle;
        }
        if lose_last
            && let Some(lost) = s.log.pop()
            && !s.log.iter().any(|e| e.revocation == lost.revocation)
            && !matches!(s.writers[lost.revocation as usize], Writer::Idle)
        {
            s.excused |= 1 << lost.revocation;
        }
        match rows {
            Rows::Keep => {}
            Rows::LoseAll => s.rows.iter_mut().for_each(|row| *row = None),
            Rows::Lose(i) => s.rows[i] = None,
        }
        for node in &mut s.nodes {
            if node.poll.as_ref().is_some_and(|p| matches!(p.stage, Stage::Sent | Stage::Snapped(_))) {
                node.poll = None;
            }
            node.zombie = None;
            if node.up {
                node.young = W;
            }
        }
        s.watch = None;
    }
}

impl Model for Lease {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let c = &self.0;
        let nodes = (0..c.nodes)
            .map(|i| match i < c.joined {
                true => Node { up: true, id: i as u8 + 1, lease: L, ..Node::default() },
                false => Node::default(),
            })
            .collect::<Vec<_>>();
        let mut nodes = nodes;
        let mut log = vec![];
        let mut writers = vec![Writer::Idle; c.revocations];
        if c.prelude {
            log.push(Entry { revocation: 0, tag: 1, committed: true });
            writers[0] = Writer::Answered { by_clock: false };
            for node in nodes.iter_mut().filter(|n| n.up) {
                (node.known, node.applied, node.tag) = (1, 1, 1);
            }
        }
        vec![State {
            rows: nodes.iter().map(|n| n.up.then_some(Row { id: n.id, applied: n.applied, tag: n.tag })).collect(),
            nodes,
            log,
            writers,
            since: vec![0; c.revocations],
            watch: None,
            excused: 0,
            next_id: c.nodes as u8 + 1,
            next_tag: 1 + u8::from(c.prelude),
            losses: c.losses,
            crashes: c.crashes,
            failovers: c.failovers,
            evictions: c.evictions,
            admitted: false,
        }]
    }

    fn actions(&self, s: &State, out: &mut Vec<Action>) {
        for (i, n) in s.nodes.iter().enumerate() {
            if let Some(z) = &n.zombie {
                match z.stage {
                    Stage::Sent => out.push(Action::ZombieSnapshot(i)),
                    _ => out.push(Action::ZombieCommit(i)),
                }
            }
            match n.poll.as_ref().map(|p| &p.stage) {
                Some(Stage::Sent) => out.push(Action::Snapshot(i)),
                Some(Stage::Snapped(_)) => out.push(Action::Commit(i)),
                Some(Stage::Done { .. }) if n.up => out.push(Action::Deliver(i)),
                Some(Stage::Late(_)) => out.push(Action::ApplyLate(i)),
                _ => {}
            }
            if self.0.dead == Some(i) {
                continue;
            }
            if n.id == 0 {
                out.push(Action::Join(i));
            }
            let row_behind = s.rows[i].as_ref().is_none_or(|row| (row.applied, row.tag) != (n.applied, n.tag));
            let wants = n.lease < L || n.applied != Self::head(s) || row_behind;
            if n.up && n.id != 0 && n.poll.is_none() && wants {
                out.push(Action::Send(i));
            }
            if s.losses > 0 && n.poll.as_ref().is_some_and(|p| !matches!(p.stage, Stage::Late(_))) && n.zombie.is_none()
            {
                out.push(Action::GiveUp(i));
            }
            if s.crashes > 0 && n.up {
                out.push(Action::Crash(i));
            }
            if s.watch.is_none() && s.evictions > 0 && s.rows[i].is_some() && !self.0.urgent {
                out.push(Action::WatchRow(i));
            }
            if self.0.split {
                for (r, w) in s.writers.iter().enumerate() {
                    let promised = matches!(w, Writer::Answered { .. }) && s.excused & 1 << r == 0;
                    if promised && n.up && n.request == Request::None {
                        out.push(Action::Request(i, r));
                    }
                }
                match n.request {
                    Request::None => {}
                    Request::Started(_) => out.push(Action::RequestFirst(i)),
                    Request::Checked(_) => out.push(Action::RequestSecond(i)),
                }
            }
        }
        if self.0.dead.is_some()
            && s.watch.is_none()
            && s.evictions > 0
            && !s.writers.iter().all(|w| matches!(w, Writer::Answered { .. }))
        {
            let dead = self.0.dead.unwrap_or_default();
            if s.rows[dead].is_some() {
                out.push(Action::WatchRow(dead));
            }
        }
        let open = s.log.iter().any(|e| !e.committed);
        for (r, w) in s.writers.iter().enumerate() {
            let node = &s.nodes[self.writer_of(r)];
            match *w {
                Writer::Idle if node.up && (!open || self.bug(Bug::SequenceGap)) => out.push(Action::Begin(r)),
                Writer::Begun { seq, .. } => {
                    out.push(Action::WriteCommit(r));
                    if s.losses > 0 && s.log.len() == seq as usize {
                        out.push(Action::WriteUnknown(r));
                    }
                }
                Writer::Committed { .. } => {
                    out.push(Action::WriteReply(r));
                    if s.losses > 0 {
                        out.push(Action::WriteUnknown(r));
                    }
                }
                Writer::Waiting { seq, left, members } => {
                    let young = node.young > 0 && !self.bug(Bug::NoYoungRule);
                    if left == 0 {
                        out.push(Action::AnswerByClock(r));
                    } else if !young && self.all_acknowledged(s, seq, members) {
                        out.push(Action::AnswerEarly(r));
                    }
                }
                _ => {}
            }
        }
        if s.watch.as_ref().is_some_and(|w| w.left == 0) {
            out.push(Action::Evict);
        }
        if s.failovers > 0 {
            for lose_last in [false, true] {
                out.push(Action::Failover { lose_last, rows: Rows::Keep });
                out.push(Action::Failover { lose_last, rows: Rows::LoseAll });
                for i in (0..s.rows.len()).filter(|i| s.rows[*i].is_some()) {
                    out.push(Action::Failover { lose_last, rows: Rows::Lose(i) });
                }
            }
        }
        if !self.0.urgent || out.is_empty() {
            out.push(Action::Tick);
            if self.bug(Bug::ClockStops) {
                out.extend((0..s.nodes.len()).map(Action::TickWithout));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut s = last.clone();
        match action {
            Action::Tick => self.tick(&mut s, None),
            Action::TickWithout(i) => self.tick(&mut s, Some(i)),
            Action::Join(i) => {
                let id = s.next_id;
                s.next_id += 1;
                if !self.bug(Bug::JoinInPoll) {
                    s.rows[i] = Some(Row { id, applied: 0, tag: 0 });
                }
                if s.watch.as_ref().is_some_and(|w| w.node as usize == i) {
                    s.watch = None;
                }
                let node = &mut s.nodes[i];
                if !node.up {
                    node.up = true;
                    node.young = W;
                }
                node.id = id;
                if self.bug(Bug::ServeBeforeLoad) {
                    node.lease = L;
                }
            }
            Action::Send(i) => {
                let n = &mut s.nodes[i];
                n.poll = Some(Poll { id: n.id, applied: n.applied, tag: n.tag, age: 0, stage: Stage::Sent });
            }
            Action::Snapshot(i) => {
                let poll = s.nodes[i].poll.clone()?;
                let found = self.look(&s, poll.applied, poll.tag);
                s.nodes[i].poll = Some(Poll { stage: Stage::Snapped(found), ..poll });
            }
            Action::Commit(i) => {
                let poll = s.nodes[i].poll.clone()?;
                let Stage::Snapped(found) = poll.stage.clone() else {
                    return None;
                };
                let ok = self.renew_row(&mut s, i, &poll, &found);
                s.nodes[i].poll = Some(Poll { stage: Stage::Done { ok, found }, ..poll });
            }
            Action::Deliver(i) => {
                let node = &mut s.nodes[i];
                let poll = node.poll.take()?;
                let Stage::Done { ok, found } = poll.stage.clone() else {
                    return None;
                };
                if !ok {
                    node.id = 0;
                    return Some(s);
                }
                let rest = if self.bug(Bug::LeaseFromReply) { L } else { L - poll.age };
                node.lease = node.lease.max(rest);
                if self.bug(Bug::RenewBeforeApply) {
                    node.poll = Some(Poll { stage: Stage::Late(found), ..poll });
                } else {
                    Self::apply(node, &found);
                }
            }
            Action::ApplyLate(i) => {
                let Stage::Late(found) = s.nodes[i].poll.take()?.stage else {
                    return None;
                };
                Self::apply(&mut s.nodes[i], &found);
            }
            Action::GiveUp(i) => {
                s.losses -= 1;
                let poll = s.nodes[i].poll.take()?;
                if !matches!(poll.stage, Stage::Done { .. }) {
                    s.nodes[i].zombie = Some(Poll { age: 0, ..poll });
                }
            }
            Action::ZombieSnapshot(i) => {
                let poll = s.nodes[i].zombie.clone()?;
                let found = self.look(&s, poll.applied, poll.tag);
                s.nodes[i].zombie = Some(Poll { stage: Stage::Snapped(found), ..poll });
            }
            Action::ZombieCommit(i) => {
                let poll = s.nodes[i].zombie.take()?;
                let Stage::Snapped(found) = poll.stage.clone() else {
                    return None;
                };
                self.renew_row(&mut s, i, &poll, &found);
            }
            Action::Crash(i) => {
                s.crashes -= 1;
                let zombie = s.nodes[i].poll.take().filter(|p| matches!(p.stage, Stage::Sent | Stage::Snapped(_)));
                s.nodes[i] = Node { zombie: zombie.map(|z| Poll { age: 0, ..z }), ..Node::default() };
                for r in 0..s.writers.len() {
                    if self.writer_of(r) != i {
                        continue;
                    }
                    match s.writers[r] {
                        Writer::Answered { .. } => {}
                        Writer::Begun { seq, .. } if s.log.len() == seq as usize => {
                            s.log.pop();
                            s.writers[r] = Writer::Failed;
                        }
                        _ => s.writers[r] = Writer::Failed,
                    }
                }
            }
            Action::Begin(r) => {
                s.log.push(Entry { revocation: r as u8, tag: s.next_tag, committed: false });
                s.next_tag += 1;
                let members =
                    s.rows.iter().enumerate().filter(|(_, row)| row.is_some()).fold(0, |m, (i, _)| m | 1 << i);
                s.writers[r] = Writer::Begun { seq: s.log.len() as u8, members };
                s.nodes[self.writer_of(r)].known |= 1 << r;
            }
            Action::WriteCommit(r) => {
                let Writer::Begun { seq, members } = s.writers[r] else {
                    return None;
                };
                s.log[seq as usize - 1].committed = true;
                s.writers[r] = Writer::Committed { seq, members };
            }
            Action::WriteReply(r) => {
                let Writer::Committed { seq, members } = s.writers[r] else {
                    return None;
                };
                let left = if self.bug(Bug::NoDriftMargin) { L } else { W };
                s.writers[r] = Writer::Waiting { seq, left, members };
            }
            Action::WriteUnknown(r) => {
                s.losses -= 1;
                let (seq, members) = match s.writers[r] {
                    Writer::Begun { seq, members } => {
                        s.log.pop();
                        (seq, members)
                    }
                    Writer::Committed { seq, members } => (seq, members),
                    _ => return None,
                };
                s.writers[r] = match self.bug(Bug::ErrorMeansDone) {
                    true => Writer::Waiting { seq, left: W, members },
                    false => Writer::Idle,
                };
            }
            Action::AnswerEarly(r) => s.writers[r] = Writer::Answered { by_clock: false },
            Action::AnswerByClock(r) => s.writers[r] = Writer::Answered { by_clock: true },
            Action::WatchRow(i) => {
                let left = if self.bug(Bug::EvictAtOnce) { 0 } else { W };
                s.watch = Some(Watch { node: i as u8, left });
            }
            Action::Evict => {
                let watch = s.watch.take()?;
                s.evictions -= 1;
                s.rows[watch.node as usize] = None;
            }
            Action::Failover { lose_last, rows } => self.failover(&mut s, lose_last, rows),
            Action::Request(i, r) => s.nodes[i].request = Request::Started(r as u8),
            Action::RequestFirst(i) | Action::RequestSecond(i) => {
                let open = self.fence_open(&s.nodes[i]);
                let node = &mut s.nodes[i];
                let (r, second) = match node.request {
                    Request::Started(r) => (r, false),
                    Request::Checked(r) => (r, true),
                    Request::None => return None,
                };
                let lease_step = second == self.bug(Bug::LookupBeforeLease);
                let passes = if lease_step { open } else { node.known & 1 << r == 0 };
                node.request = if passes && !second { Request::Checked(r) } else { Request::None };
                s.admitted |= passes && second;
            }
        }
        (s != *last).then_some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no dead session admitted", |m: &Lease, s: &State| {
                if m.0.split { !s.admitted } else { !m.dead_session_passes(s) }
            }),
            Property::always("answered in time", |m: &Lease, s: &State| {
                !m.0.urgent || s.since.iter().all(|ticks| *ticks <= m.0.bound)
            }),
            Property::sometimes("answered by acknowledgement", |_, s: &State| {
                s.writers.iter().all(|w| matches!(w, Writer::Answered { by_clock: false }))
            }),
            Property::sometimes("answered by the clock", |_, s: &State| {
                s.writers.iter().all(|w| matches!(w, Writer::Answered { by_clock: true }))
            }),
            Property::sometimes("evicted", |m: &Lease, s: &State| s.evictions < m.0.evictions),
            Property::sometimes("joined", |m: &Lease, s: &State| s.nodes.iter().skip(m.0.joined).any(|n| n.lease > 0)),
        ]
    }
}
