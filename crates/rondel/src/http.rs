//! An HTTP client: a pool of connections, HTTP/1.1 and HTTP/2, TLS, redirects, retries, cookies, timeouts.
//!
//! ```no_run
//! use rondel::http::Client;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     rondel::run(async {
//!         let client = Client::new();
//!         let response = client.get("https://example.org/").await?.error_for_status()?;
//!         println!("{} bytes", response.bytes().await?.len());
//!         Ok(())
//!     })?
//! }
//! ```
//!
//! One [`Client`] serves a whole program: it is cheap to clone, and its clones share connections and cookies. A request
//! is built with the methods of [`RequestBuilder`], and sent when it is awaited. To drop it is to cancel it; no
//! connection is lost by that. Errors ([`Error`]) name the URL, the host and the cause.
//!
//! Nothing of this is shared with other threads, as all tasks of a runtime live on one.

mod builder;
mod client;
mod error;
mod request;
mod response;
mod runtime;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
pub use rondel_http::{
    BodySender, Budget, CookieError, CookieStore, Head, Jar, Kind, Origin, Phase, Redirect, Refused, RequestBody,
    Retry, Target, Timeouts, channel, connect::Http2, pool::Statistics,
};

pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
pub use request::{RequestBuilder, Sending};
pub use response::Response;
use runtime::Here;
