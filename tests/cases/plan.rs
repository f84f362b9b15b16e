//! Which cases are run already, and why the others are not.

use crate::case::Case;

/// What a run is about.
pub struct Plan {
    /// Whether the file is another than the one in the repository: only its tokens and requests can be run.
    pub foreign: bool,
    /// Whether classes of later issues are tried too.
    pub all: bool,
}

impl Plan {
    /// Why a case is not run, if so.
    pub fn reason_against(&self, case: &Case) -> Option<String> {
        if !case.is_single() && self.foreign {
            return Some("scripted by hand for the repository's own file only".into());
        }
        if let Some((_, reason)) = DECIDED.iter().find(|(id, _)| *id == case.id() && !self.foreign) {
            return Some((*reason).into());
        }
        let later = LATER.iter().find(|(class, _)| case.class().starts_with(class)).filter(|_| !self.all);
        later.map(|(_, issue)| format!("comes with the issue: {issue}"))
    }
}

/// Classes that wait for the issue that brings what they attack.
const LATER: [(&str, &str); 11] = [
    ("api.users", "user management"),
    ("oidc.callback", "browser login"),
    ("oidc.error", "browser login"),
    ("oidc.id-token", "browser login"),
    ("oidc.logout", "browser login"),
    ("oidc.open-redirect", "browser login"),
    ("oidc.redirect-uri", "browser login"),
    ("oidc.refresh", "browser login"),
    ("oidc.token-endpoint", "browser login"),
    ("session.", "browser login"),
    ("fault", "proof under load"),
];

/// Cases of the repository's file that need a part that comes later, or that the design decides otherwise.
const DECIDED: [(&str, &str); 22] = [
    ("CORPUS-005", "the vectors of primitives are run by the maker of aws-lc; ours are those of JOSE"),
    ("CORPUS-006", "comes with the issue: browser login (nothing redirects yet)"),
    ("CORPUS-007", "run by itself: `cargo test --test differential`, 100,000 requests in `make campaign`"),
    ("CORPUS-008", "run by itself: `tools/conformance`"),
    ("CORPUS-009", "run by itself: `tools/conformance`, with WebSocket clients of other makers"),
    ("CORPUS-010", "its attacks are run one by one: RES and DOS cases, tests/it/listener"),
    ("CORPUS-011", "run by itself: `tools/conformance`"),
    ("CORPUS-012", "comes with the issue: user management, with an API that is worth it"),
    ("CORPUS-013", "run by itself: `make fuzz`; the corpora are run by `fuzzing::tests`"),
    ("CORPUS-014", "comes with the issue: proof under load"),
    ("HDR-092", "comes with the issue: browser login (there is no session cookie yet)"),
    ("HDR-094", "comes with the issue: browser login (there is no session cookie yet)"),
    (
        "CACHE-013",
        "decided otherwise: what an application says of caching is the application's; our own answers are no-store",
    ),
    ("WS-009", "comes with the issue: browser login (there is no session cookie yet)"),
    ("WS-013", "run by itself: `cargo test --test it streams::stay`; it ends 10 s after the token and the leeway"),
    ("WS-017", "run by itself: `cargo bench --bench revocation` (10,000 sockets want a release build)"),
    ("DOS-017", "comes with the issue: browser login"),
    ("DOS-021", "comes with the issue: proof under load"),
    ("TLS-012", "decided otherwise: no certificate is asked of clients, so there is no policy that could change"),
    ("H2-040", "comes with the issue: browser login (there is no session cookie yet)"),
    ("H2-043", "decided otherwise: the HTTP library drops pseudo-fields of trailers, and no trailer goes any further"),
    ("CFG-009", "comes with the issue: browser login (there is no cookie secret yet)"),
];
