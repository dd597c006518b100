//! The HTTP client (crates/http) in this embedding: `rondel.http` is its Python half.
//!
//! [`runtime`] is the loop as the client sees it. What a Python task waits for is a [`places::Job`], polled first by the
//! task itself and then by the loop, until it is done ([`waiting`], [`settle`]). All else are the classes that Python
//! sees, and what translates between their objects and the client's values.
//!
//! Two rules keep this sound, and have their places: what is not `Send` is inside of a [`Local`], and whatever may run a
//! program's code, the client's wakers and drops included, runs with nothing borrowed.

mod address;
mod awaitable;
mod body;
mod buffer;
mod chore;
mod client;
mod content;
mod cookies;
mod errors;
mod exchange;
mod headers;
mod incoming;
mod inside;
mod link;
mod local;
mod lookup;
mod observer;
mod options;
mod places;
mod policy;
mod read;
mod reading;
mod response;
mod runtime;
mod session;
mod settings;
mod settle;
mod sleep;
mod source;
mod tls;
mod trust;
mod upgraded;
mod waiting;
mod ws;

use pyo3::prelude::*;

pub use self::chore::{Chore, run};
pub use self::local::Local;
pub use self::runtime::Loop;

/// Adds the client's classes and functions to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    response::init(module.py())?;
    session::init(module.py())?;
    module.add_class::<body::HttpBody>()?;
    module.add_class::<client::HttpClient>()?;
    module.add_class::<content::HttpContent>()?;
    module.add_class::<content::HttpPieces>()?;
    module.add_class::<exchange::Exchange>()?;
    module.add_class::<options::HttpOptions>()?;
    module.add_class::<reading::HttpReading>()?;
    module.add_class::<response::HttpResponse>()?;
    module.add_class::<session::HttpSession>()?;
    module.add_class::<upgraded::HttpUpgraded>()?;
    module.add_class::<ws::HttpWsDecoder>()?;
    module.add_class::<ws::HttpWsEncoder>()?;
    module.add_function(wrap_pyfunction!(policy::http_redirect, module)?)?;
    module.add_function(wrap_pyfunction!(policy::http_retry, module)?)?;
    Ok(())
}
