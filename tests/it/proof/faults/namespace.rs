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
struct Namespace {
    name: String,
    inside: Ipv4Addr,
    outside: Ipv4Addr,
}

impl Namespace {
    fn make() -> Self {
        let network = free_network();
        let at = |host| Ipv4Addr::from(u32::from(network) + host);
        let namespace = Self { name: format!("dw{}", std::process::id()), outside: at(1), inside: at(2) };
        let Self { name, inside, outside } = &namespace;
        ip(&format!("netns add {name}"));
        ip(&format!("link add {name} type veth peer name inside netns {name}"));
        ip(&format!("addr add {outside}/30 dev {name}"));
        ip(&format!("link set {name} up"));
        ip(&format!("-n {name} addr add {inside}/30 dev inside"));
        ip(&format!("-n {name} link set inside up"));
        ip(&format!("-n {name} link set lo up"));
        namespace
    }

    fn house(&self) -> House {
        House { namespace: Some(self.name.clone()), inside: self.inside, outside: self.outside }
    }

    /// Pulls the cable, or puts it back.
    fn set(&self, state: &str) {
        ip(&format!("-n {} link set inside {state}", self.name));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.name));
    }
}

/// One of the networks that are there for documentation (RFC 5737); this machine may have taken another.
fn free_network() -> Ipv4Addr {
    let routes = ip("-4 route");
    let free = DOCUMENTATION.into_iter().find(|network| !routes.contains(&network.to_string()));
    free.unwrap_or_else(|| panic!("all of {DOCUMENTATION:?} are in use"))
}

fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "ip {arguments}: {}(it needs root)", said[1]);
    said.concat()
}

const DOCUMENTATION: [Ipv4Addr; 3] =
    [Ipv4Addr::new(192, 0, 2, 0), Ipv4Addr::new(198, 51, 100, 0), Ipv4Addr::new(203, 0, 113, 0)];
