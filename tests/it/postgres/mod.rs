//! The users database in PostgreSQL: rights that hold on every node, and what becomes of requests without it.

mod commands;
mod leaks;
mod migrations;
mod outage;
mod refused;
mod rights;
mod rows;
pub mod valve;
pub mod world;

/// What docs/users.md says that the gateway's user needs where another user migrates.
pub const PRIVILEGES: &str = "
grant usage on schema doorward to gateway;
grant select, insert, update, delete on all tables in schema doorward to gateway;
grant execute on all functions in schema doorward to gateway;
";

#[test]
fn the_page_grants_what_is_needed() {
    let page = include_str!("../../../docs/users.md");
    assert!(page.contains(PRIVILEGES.trim()), "docs/users.md");
}
