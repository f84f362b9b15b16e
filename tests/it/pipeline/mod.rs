//! A request is checked, enriched and forwarded, or refused.

mod identity;
mod refusals;
mod routes;
mod steps;
