//! The HTTP client, with no Python in it, and on no particular loop: [`Runtime`] says what it needs.
#![forbid(unsafe_code)]

mod body;
pub mod conn;
mod error;
pub mod io;
mod runtime;

pub use body::RequestBody;
pub use error::{Error, Kind, Origin, Phase};
pub use runtime::{Background, Direction, Family, Runtime, Source};
