//! Threads of one node in every order that shuttle thinks of: requests that verify, cache, enrich and confirm, against
//! whatever ends what they rest on. The code is that which serves; what it shares is watched (`sync`). Orders of memory
//! weaker than one after the other are not explored.
//!
//! `INTERLEAVINGS` says how many orders each test tries. `tools/mutants` shows that each of these tests finds a fault.

mod exploration;
mod log;
mod node;
mod rights;
mod sessions;
mod streams;
mod tokens;
