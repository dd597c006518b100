//! What awaitables that stand for a coroutine have alike.

/// Gives a class the methods of a coroutine. It has `step`, as `__next__` is to be, and an `inner` with a
/// [`Waiting`](super::waiting::Waiting).
macro_rules! awaitable {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
                slf
            }

            fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
                slf
            }

            fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
                self.step(py)
            }

            /// As a coroutine's.
            #[pyo3(signature = (value, /))]
            fn send<'py>(&self, py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                let _ = value;
                self.step(py)?.ok_or_else(|| pyo3::exceptions::PyStopIteration::new_err(()))
            }

            /// As a coroutine's: what is under way is given up, and the exception raised.
            #[pyo3(signature = (typ, val = None, tb = None, /))]
            fn throw(
                &self,
                py: Python<'_>,
                typ: &Bound<'_, PyAny>,
                val: Option<&Bound<'_, PyAny>>,
                tb: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<()> {
                self.inner.get(py).waiting.close(py);
                Err(thrown(typ, val, tb))
            }

            /// As a coroutine's: what is under way is given up.
            fn close(&self, py: Python<'_>) {
                self.inner.get(py).waiting.close(py);
            }
        }
    };
}
pub(super) use awaitable;
