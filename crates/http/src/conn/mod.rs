//! Connections that speak HTTP.

mod http1;

pub use http1::{Http1, NotSent};
