//! What the loop watches for a stream.

use pyo3::prelude::*;

use super::Stream;
use super::descriptor::Descriptor;
use crate::errors::os_error;
use crate::event_loop::{Core, Direction, Watch};
use crate::raw::copy_context;

impl Stream {
    /// Watches the descriptor in one direction, or ends that.
    pub(super) fn watch(slf: &Bound<'_, Self>, direction: Direction, on: bool) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let (descriptor, entry) = this.with(py, |state| (state.descriptor, state.entry));
        let Some(Descriptor { fd, .. }) = descriptor else { return Ok(()) };
        if on {
            this.with_core(py, Core::check_open)?;
        }
        let context = if on { Some(copy_context(py)?) } else { None };
        let old_context = this.with(py, |state| match direction {
            Direction::Read => {
                state.watching = on;
                std::mem::replace(&mut state.read_context, context)
            }
            Direction::Write => std::mem::replace(&mut state.write_context, context),
        });
        drop(old_context);
        let stream = slf.clone().into_any().into();
        let watch = match direction {
            Direction::Read => Watch::Read(stream),
            Direction::Write => Watch::Write(stream),
        };
        let old = this.with_core(py, |core| {
            let old = core.with(py, |state| {
                if on && entry.is_none_or(|key| state.is_transport(fd, key)) {
                    state.watch(fd, direction, Some(watch.clone()))
                } else if !on && state.stands_for(fd, direction, &watch) {
                    state.watch(fd, direction, None)
                } else {
                    // Somebody else's by now: `add_reader`, or a number that serves another file.
                    Ok(None)
                }
            });
            // A closed loop watches nothing.
            old.unwrap_or(Ok(None)).map_err(|error| os_error(py, &error))
        })?;
        drop(old);
        Ok(())
    }
}
