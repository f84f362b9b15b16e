//! What stands before the first request is read: connections, deadlines, framing.

mod bodies;
mod conformance;
mod connections;
mod curl;
mod expectations;
mod http10;
mod http2;
mod places;
mod preface;
mod refusals;
mod tls;
