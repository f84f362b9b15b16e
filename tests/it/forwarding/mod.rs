//! How a request travels to the upstream and the answer back.

mod addresses;
mod bodies;
mod faults;
mod grpc;
mod health;
mod servers;
mod websocket;
