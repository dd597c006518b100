//! `Handle` and `TimerHandle`: a callback that is scheduled, with its arguments and its context.
//!
//! One is made for each callback, so they are objects of the raw C API, subclasses of asyncio's own
//! classes (programs ask `isinstance`), taken from a list of free ones where there are any. What the
//! base classes say in Python (`__repr__`, `__eq__`, `when`, ...) they inherit; the attributes that
//! those look at (`_callback`, `_args`, `_when`, ...) are computed from the native fields.

mod attributes;
mod class;
mod context;
mod fields;
mod free_list;
mod nesting;
mod pending;
mod run;

pub use class::{Kind, check, init, make, make_shown};
pub use context::{Context, forget_contexts};
pub use fields::{Fields, Timer};
pub use pending::Pending;
pub use run::run;
