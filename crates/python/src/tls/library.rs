//! The functions of the module `_ssl` that run once a record, looked up once.
//!
//! Its classes cannot be changed, so that what is found stays what it is.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::raw::{Owned, call};

/// Methods as functions: the object comes first.
pub struct Library {
    bio: Owned,
    socket: Owned,
    bio_write: Owned,
    bio_read: Owned,
    bio_pending: Owned,
    read: Owned,
    write: Owned,
}

static LIBRARY: PyOnceLock<Library> = PyOnceLock::new();

impl Library {
    /// Errors: those of the import, `AttributeError`, `TypeError` where the module is none that we know.
    pub fn get(py: Python<'_>) -> PyResult<&'static Self> {
        LIBRARY.get_or_try_init(py, || Self::new(py))
    }

    fn new(py: Python<'_>) -> PyResult<Self> {
        let module = py.import("_ssl")?;
        let (bio, socket) = (module.getattr("MemoryBIO")?, module.getattr("_SSLSocket")?);
        let bio_pending = bio.getattr("pending")?;
        // SAFETY: the object is alive, and a static type lives as long as the interpreter.
        if unsafe { ffi::Py_TYPE(bio_pending.as_ptr()) != &raw mut ffi::PyGetSetDescr_Type } {
            return Err(PyTypeError::new_err("_ssl.MemoryBIO.pending is no attribute of a C class"));
        }
        Ok(Self {
            bio_write: bio.getattr("write")?.into(),
            bio_read: bio.getattr("read")?.into(),
            bio_pending: bio_pending.into(),
            read: socket.getattr("read")?.into(),
            write: socket.getattr("write")?.into(),
            bio: bio.into(),
            socket: socket.into(),
        })
    }

    /// Whether `object` is a `MemoryBIO`, and of no class derived from it.
    pub fn is_bio(&self, object: &Bound<'_, PyAny>) -> bool {
        object.get_type().is(self.bio.bind(object.py()))
    }

    /// The same for the C object inside of an `SSLObject`.
    pub fn is_socket(&self, object: &Bound<'_, PyAny>) -> bool {
        object.get_type().is(self.socket.bind(object.py()))
    }

    /// Appends bytes-like `data`.
    #[inline]
    pub fn bio_write(&self, bio: &Bound<'_, PyAny>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        function(&self.bio_write, [bio, data]).map(drop)
    }

    /// Takes all, as bytes.
    #[inline]
    pub fn bio_read(&self, bio: &Bound<'_, PyAny>) -> PyResult<Owned> {
        function(&self.bio_read, [bio])
    }

    /// Bytes in it.
    #[inline]
    pub fn bio_pending(&self, bio: &Bound<'_, PyAny>) -> PyResult<usize> {
        let descriptor = self.bio_pending.as_ptr();
        // SAFETY: the GIL is held and the objects are alive; `new` has seen that it is a descriptor of that type, which
        // has this slot, and checks the class of the object itself.
        let count = unsafe {
            let class = ffi::Py_TYPE(bio.as_ptr());
            let count = ffi::PyGetSetDescr_Type
                .tp_descr_get
                .map_or(std::ptr::null_mut(), |get| get(descriptor, bio.as_ptr(), class.cast()));
            Owned::from_new(bio.py(), count)
        }?;
        count.bind(bio.py()).extract()
    }

    /// Up to `most` bytes of plaintext as bytes, or into `buffer`; then gives how many.
    #[inline]
    pub fn read(&self, socket: &Bound<'_, PyAny>, most: &Bound<'_, PyAny>) -> PyResult<Owned> {
        function(&self.read, [socket, most])
    }

    /// As `read`, into the buffer of an object. Gives how many bytes it has filled.
    #[inline]
    pub fn read_into(
        &self,
        socket: &Bound<'_, PyAny>,
        most: &Bound<'_, PyAny>,
        buffer: &Bound<'_, PyAny>,
    ) -> PyResult<usize> {
        function(&self.read, [socket, most, buffer])?.bind(socket.py()).extract()
    }

    /// Encrypts of bytes-like `data` what goes into one record. Gives how many bytes that was.
    #[inline]
    pub fn write(&self, socket: &Bound<'_, PyAny>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        function(&self.write, [socket, data])?.bind(socket.py()).extract()
    }
}

/// Calls a function of C. It may run the callbacks of an `SSLContext`, and let other threads run.
#[inline]
fn function<const N: usize>(function: &Owned, args: [&Bound<'_, PyAny>; N]) -> PyResult<Owned> {
    const MOST: usize = 3;
    const { assert!(N <= MOST) };
    // The first is scratch space for the one called.
    let mut values = [std::ptr::null_mut(); MOST + 1];
    for (place, value) in values[1..].iter_mut().zip(args) {
        *place = value.as_ptr();
    }
    // SAFETY: the arguments are live objects, borrowed until it returns.
    unsafe { call(args[0].py(), function.as_ptr(), &mut values[..=N], None) }
}
