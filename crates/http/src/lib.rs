//! The HTTP client, with no Python in it, and on no particular loop: [`Runtime`] says what it needs.
#![forbid(unsafe_code)]

mod body;
mod client;
pub mod conn;
pub mod connect;
mod cookies;
pub mod decode;
mod error;
pub mod io;
pub mod pool;
mod redirect;
mod request;
mod response;
mod retry;
mod runtime;
mod timeouts;
mod url;
#[cfg(test)]
mod world;
pub mod ws;

pub use self::url::{Scheme, Target};
pub use body::{BodyError, BodySender, Receiver, Refused, RequestBody, channel};
pub use client::{Client, Settings};
pub use cookies::{CookieError, CookieStore, Jar};
pub use error::{Error, Kind, Origin, Phase};
pub use redirect::{Hop, Redirect, is_redirect};
pub use request::{Failure, Options, Outgoing, Sending, basic_authorization};
pub use response::{Head, Incoming, Switched};
pub use retry::{Budget, Retry};
pub use runtime::{Background, Direction, Family, Runtime, Source};
pub use timeouts::Timeouts;
