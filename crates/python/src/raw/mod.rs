//! The raw C API, behind names that state their contract.
//!
//! `PyO3` serves whatever runs once a connection or once a loop. What runs once a callback or once
//! a packet goes through here: methods in the vectorcall convention without an argument object, and
//! references without the bookkeeping that `Py` needs to be droppable without the GIL.

mod bytes;
mod call;
mod context;
mod growing;
mod method;
mod owned;
mod same_context;
mod slot;

pub use bytes::{Lent, SpareBytes, new_bytes};
pub use call::{call, call_keywords, call_method, call_tuple, call_with_all};
pub use context::{Entered, copy_context, copy_of};
pub use growing::Growing;
pub use method::{Args, Method, fast, noargs, one_arg};
pub use owned::Owned;
pub use same_context::{find as find_contexts, hold_the_same, holds_what_is_current};
pub use slot::NativeSlot;
