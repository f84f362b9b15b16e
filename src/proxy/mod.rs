//! Pingora's hooks: carries requests and responses, and writes the log line.

mod answer;
mod body;
mod carrier;
mod caught;
mod expectation;
mod failure;
mod health;
mod passage;
mod peer;
mod reception;
mod request_head;
mod resend;
mod response_head;
mod road;

pub use carrier::Carrier;
pub use health::HealthChecks;
pub use passage::Passage;
