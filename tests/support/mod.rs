//! What the tests start and speak with: the gateway, an upstream that records, an issuer with faults, tokens and
//! keys of every kind, and a client that sends bytes as they are.

pub mod der;
pub mod gateway;
pub mod grpc;
pub mod h2;
pub mod house;
pub mod http;
pub mod issuer;
pub mod keys;
pub mod log;
pub mod number;
pub mod patience;
pub mod raw;
pub mod recorder;
pub mod setup;
pub mod signature;
pub mod sink;
pub mod socket;
pub mod tls;
pub mod token;
pub mod users;
pub mod websocket;
pub mod words;
