//! One wrapper for all of the client that is not `Send`.

use std::mem::ManuallyDrop;

use pyo3::Python;

use super::runtime::Loop;

/// A value of the client's, inside of a Python object.
///
/// The client knows one thread (`Rc`, `Cell`), while the interpreter may move its objects to any: a loop is made in one
/// thread, run in a second and closed in a third, and the garbage collector destroys objects wherever it happens to run.
///
/// So two rules stand in for the types' own. The value is reached only with the GIL held; and whatever of the client has a
/// borrow or a count under way finishes it before the GIL can change hands, as it calls into Python with nothing borrowed.
/// And it is dropped in the loop's thread, outside of all that the loop polls: [`Loop::discard`] sees to that.
pub struct Local<T: 'static>(ManuallyDrop<(Loop, T)>);

// SAFETY: see above. The GIL, which each use needs, orders what different threads do, counts of `Rc` included.
unsafe impl<T: 'static> Send for Local<T> {}
// SAFETY: as above.
unsafe impl<T: 'static> Sync for Local<T> {}

impl<T: 'static> Local<T> {
    /// Binds `value` to `home`.
    pub fn new(home: Loop, value: T) -> Self {
        Self(ManuallyDrop::new((home, value)))
    }

    /// The value.
    #[inline]
    pub fn get<'a>(&'a self, _py: Python<'_>) -> &'a T {
        &self.0.1
    }

    /// The loop that it belongs to.
    #[inline]
    pub fn home<'a>(&'a self, _py: Python<'_>) -> &'a Loop {
        &self.0.0
    }
}

impl<T: 'static> Drop for Local<T> {
    fn drop(&mut self) {
        // SAFETY: the values of Python objects are dropped with them, by a thread that holds the GIL; and each once.
        let (py, (home, value)) = unsafe { (Python::assume_attached(), ManuallyDrop::take(&mut self.0)) };
        home.discard(py, value);
    }
}
