//! How a request travels to the upstream and the answer back.

mod addresses;
mod bodies;
mod servers;
mod websocket;
