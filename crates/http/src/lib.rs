//! The HTTP client, with no Python in it, and on no particular loop: [`Runtime`] says what it needs.
#![forbid(unsafe_code)]

mod body;
pub mod conn;
mod cookies;
pub mod decode;
mod error;
pub mod io;
mod retry;
mod runtime;
mod timeouts;

pub use body::{BodyError, BodySender, Receiver, Refused, RequestBody, channel};
pub use cookies::{CookieStore, Jar};
pub use error::{Error, Kind, Origin, Phase};
pub use retry::{Budget, Retry};
pub use runtime::{Background, Direction, Family, Runtime, Source};
pub use timeouts::Timeouts;
