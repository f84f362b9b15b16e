//! A node whose network goes down and comes back, so that the kernel's own buffers and retransmissions take part.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;

use crate::proof::load::Load;
use crate::proof::node::House;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;
use crate::support::patience::wait_for;
use crate::support::raw::Request;

/// A fourth node, in a network namespace of its own.
pub fn is_down(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    let namespace = Namespace::make();
    let node = stage.node("fourth", namespace.house(), "");
    node.start();
    let address = node.address().unwrap();
    let status = |index: usize| {
        let request = Request::get("/").bearer(&stage.sessions[index].tokens.access);
        request.try_send(address).ok().map(|answer| answer.status)
    };
    let before = stage.hot.read().unwrap().len();
    namespace.set("down");
    stage.end_some();
    namespace.set("up");
    // From its very first answer on.
    let dead = stage.hot.read().unwrap()[before..].to_vec();
    let answers = dead.iter().map(|index| wait_for("an answer", || status(*index)));
    assert!(answers.into_iter().all(|status| status == 401 || status == 503), "{}", node.log());
    node.await_sight(true);
    let live = stage.sessions.len() - 1;
    wait_for("a live session", || (status(live) == Some(200)).then_some(()));
    assert!(dead.iter().all(|index| status(*index) == Some(401)), "{}", node.log());
    vec![]
}

/// A network namespace, and the cable to it.
struct Namespace(String);

impl Namespace {
    fn make() -> Self {
        let namespace = Self(format!("dw{}", std::process::id()));
        let Self(name) = &namespace;
        ip(&format!("netns add {name}"));
        ip(&format!("link add {name} type veth peer name inside netns {name}"));
        ip(&format!("addr add {OUTSIDE}/30 dev {name}"));
        ip(&format!("link set {name} up"));
        ip(&format!("-n {name} addr add {INSIDE}/30 dev inside"));
        ip(&format!("-n {name} link set inside up"));
        ip(&format!("-n {name} link set lo up"));
        namespace
    }

    fn house(&self) -> House {
        House { namespace: Some(self.0.clone()), inside: INSIDE, outside: OUTSIDE }
    }

    /// Pulls the cable, or puts it back.
    fn set(&self, state: &str) {
        ip(&format!("-n {} link set inside {state}", self.0));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.0));
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}: it needs root");
}

/// Of a network that is there for documentation (RFC 5737).
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const INSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
