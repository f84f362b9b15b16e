//! How a request travels to the upstream and the answer back.

mod addresses;
mod bodies;
mod connect;
mod faults;
mod grpc;
mod health;
mod names;
mod secure;
mod servers;
mod told;
mod websocket;
