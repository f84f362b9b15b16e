//! Three gateways, a real Keycloak and a real PostgreSQL under constant load, while sessions end one by one and everything
//! fails in turn: who is dead stays out, who is alive stays in. `tools/test` and `tools/campaign` run it by itself, as it
//! wants the whole machine: `LONG=1` for the long forms, `ONLY=` for one scene, `REQUESTS=` for how many come after the end
//! where nothing fails.

mod bell;
mod ends;
mod faults;
mod load;
mod node;
mod scenes;
mod sessions;
mod stage;
mod upstream;
mod verdict;
