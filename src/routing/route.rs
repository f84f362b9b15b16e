//! A route: which requests, what rule, where to.

use std::sync::Arc;
use std::time::Duration;

use super::{HostPattern, Methods, PathPattern};
use crate::policy::Rule;

/// One `[[route]]` of the configuration, or an endpoint of ours.
#[derive(Debug)]
pub struct Route {
    /// Host, path and methods as configured, for logs and metrics: `GET app.example.com/admin/*`.
    pub label: Arc<str>,
    /// Which hosts.
    pub host: HostPattern,
    /// Which paths.
    pub path: PathPattern,
    /// Which methods.
    pub methods: Methods,
    /// Who may enter.
    pub rule: Rule,
    /// Where to.
    pub target: Target,
    /// Origins that browsers may call from; empty: nothing is added.
    pub cors_origins: Vec<String>,
}

/// Where a route leads.
#[derive(Debug)]
pub enum Target {
    /// To an application behind the gateway.
    Upstream(UpstreamTarget),
    /// To an endpoint of the gateway itself, by its index in the endpoint table.
    Local(usize),
}

/// How a request is carried to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamTarget {
    /// The `name` of the `[[upstream]]`.
    pub upstream: Arc<str>,
    /// A prefix of whole segments that is taken off the path.
    pub strip_prefix: Option<String>,
    /// Which `Host` the upstream sees.
    pub upstream_host: UpstreamHost,
    /// Whether `%2F` may stand in the path.
    pub encoded_slash: bool,
    /// Whether the upstream gets `Authorization`.
    pub forward_token: bool,
    /// Whether a WebSocket may be opened (RFC 6455).
    pub websocket: bool,
    /// How long a request that goes on may outlive its token.
    pub outlive: Outlive,
    /// What a WebSocket is told that must end.
    pub close: CloseCode,
    /// How long the upstream may be silent: before its response header, and between two reads of the body.
    pub timeout: Duration,
    /// The largest request body in bytes; none: no limit.
    pub max_body: Option<u64>,
}

#[cfg(test)]
impl UpstreamTarget {
    /// To an upstream `app`, with nothing special about it.
    pub(crate) fn plain() -> Self {
        Self {
            upstream: "app".into(),
            strip_prefix: None,
            upstream_host: UpstreamHost::Keep,
            encoded_slash: false,
            forward_token: false,
            websocket: false,
            outlive: Outlive::Always,
            close: CloseCode::Policy,
            timeout: Duration::from_secs(60),
            max_body: None,
        }
    }
}

/// How long a request that goes on may outlive its token, with the leeway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlive {
    /// So long: a client that renews its token may connect anew before the old connection ends.
    For(Duration),
    /// As long as it likes.
    Always,
}

/// The status code of a close frame (RFC 6455 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1008: a violation of policy.
    Policy,
    /// 4401, by which many libraries know that they need a new token.
    Unauthorized,
}

/// Which `Host` the upstream sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamHost {
    /// The one that the client sent.
    Keep,
    /// The one of the server's URL.
    Upstream,
}
