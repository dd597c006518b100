//! The HTTP client.

mod runtime;

pub use runtime::Here;
pub use rondel_http::*;
