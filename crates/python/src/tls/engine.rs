//! The TLS library as Python has it: `ssl.SSLObject` between two `ssl.MemoryBIO`.
//!
//! The user's `SSLContext` decides everything, so it is that library and no other. It is entered seldom, and with much at
//! once. Each call may run Python code (callbacks of the context) and other threads (it releases the GIL).

use std::mem::MaybeUninit;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;
use pyo3::{PyTraverseError, PyVisit};
use rondel_net::tls::{BATCH, Left};

use super::library::Library;
use super::window::Window;
use crate::raw::{Owned, call_method, new_bytes};
use crate::stream::Chunk;

/// The plaintext of one record at most (RFC 8446, 5.1).
const RECORD: usize = 16 * 1024;
/// So much is decrypted at once at most.
const ROOM: usize = 256 * 1024;

/// The objects of one connection.
#[derive(Clone)]
pub struct Engine {
    library: &'static Library,
    /// The `SSLObject`.
    object: Owned,
    /// What reads and writes: the C object inside of it, or itself where its class has methods of its own.
    data: Owned,
    /// Whether `data` is the C object, which keeps no buffer that it is given.
    direct: bool,
    incoming: Owned,
    outgoing: Owned,
    /// A [`Window`].
    window: Owned,
}

/// What a call gave.
pub enum Called<T> {
    Done(T),
    /// Nothing before more ciphertext comes.
    Wanting,
}

/// What a read gave.
pub struct Decrypted {
    /// A bytes object that is not empty.
    pub data: Option<Owned>,
    pub end: Ending,
}

/// Why a read ended.
pub enum Ending {
    /// As it says.
    Left(Left),
    /// There is a part of a record that the library has taken already.
    Partial,
    /// There was no more room: the library may hold what is left of a record.
    Full,
    Failed(PyErr),
}

impl Engine {
    /// `direct`: the C object inside of `object`, if that reads and writes by it.
    ///
    /// Errors: `TypeError` if one of them is not what it should be.
    pub fn new(
        object: &Bound<'_, PyAny>,
        direct: Option<&Bound<'_, PyAny>>,
        incoming: &Bound<'_, PyAny>,
        outgoing: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = object.py();
        let library = Library::get(py)?;
        let fits = [incoming, outgoing].iter().all(|bio| library.is_bio(bio));
        if !fits || direct.is_some_and(|direct| !library.is_socket(direct)) {
            return Err(PyTypeError::new_err("expected objects of the module _ssl"));
        }
        Ok(Self {
            library,
            object: object.clone().into(),
            data: direct.unwrap_or(object).clone().into(),
            direct: direct.is_some(),
            incoming: incoming.clone().into(),
            outgoing: outgoing.clone().into(),
            window: Window::new(py)?.into_any().into(),
        })
    }

    /// Puts ciphertext that came into the library's buffer.
    #[inline]
    pub fn feed(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        // SAFETY: a MemoryBIO reads what it is given, and keeps no buffer of it; the data is borrowed until then.
        unsafe {
            Window::show(self.window(py)?, data.as_ptr(), data.len(), false, |window| {
                self.library.bio_write(self.incoming.bind(py), window)
            })
        }
    }

    /// Bytes that came and were not taken.
    #[inline]
    pub fn incoming(&self, py: Python<'_>) -> PyResult<usize> {
        self.library.bio_pending(self.incoming.bind(py))
    }

    /// Bytes that are to go out.
    #[inline]
    pub fn outgoing(&self, py: Python<'_>) -> PyResult<usize> {
        self.library.bio_pending(self.outgoing.bind(py))
    }

    /// Takes what is to go out.
    #[inline]
    pub fn take_outgoing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let data = self.library.bio_read(self.outgoing.bind(py))?;
        Ok(data.bind(py).clone().cast_into()?)
    }

    #[inline]
    fn window<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, Window>> {
        Ok(self.window.bind(py).cast::<Window>()?)
    }

    /// Goes on with the handshake.
    pub fn handshake(&self, py: Python<'_>) -> PyResult<Called<()>> {
        Self::called(py, call_method(intern!(py, "do_handshake"), [self.object.bind(py)]).map(drop))
    }

    /// Says that nothing follows, and looks whether the peer has said so.
    pub fn shut_down(&self, py: Python<'_>) -> PyResult<Called<()>> {
        Self::called(py, call_method(intern!(py, "unwrap"), [self.object.bind(py)]).map(drop))
    }

    fn called<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Called<T>> {
        match result {
            Ok(value) => Ok(Called::Done(value)),
            Err(error) if is_wanting(py, &error)? => Ok(Called::Wanting),
            Err(error) => Err(error),
        }
    }

    /// Encrypts bytes of `chunk` from `start` on, of which there must be some, [`BATCH`] at most: the library takes all
    /// that it is given. Gives how many it took.
    #[inline]
    pub fn encrypt(&self, py: Python<'_>, chunk: &Chunk, start: usize) -> PyResult<Called<usize>> {
        let rest = &chunk.as_ref()[start..];
        let rest = &rest[..rest.len().min(BATCH)];
        let result = match chunk.object() {
            Some(whole) if rest.len() == chunk.as_ref().len() => self.encrypt_object(py, whole.bind(py)),
            // SAFETY: the C object reads what it is given before it returns, and keeps no buffer of it; the chunk is
            // borrowed until then.
            _ if self.direct => unsafe {
                Window::show(self.window(py)?, rest.as_ptr(), rest.len(), false, |window| {
                    self.library.write(self.data.bind(py), window)
                })
            },
            _ => self.encrypt_object(py, &PyBytes::new(py, rest)),
        };
        Ok(match Self::called(py, result)? {
            // A class of the user's may say what it likes.
            Called::Done(taken) => Called::Done(taken.min(rest.len())),
            Called::Wanting => Called::Wanting,
        })
    }

    #[inline]
    fn encrypt_object(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        if self.direct {
            return self.library.write(self.data.bind(py), data);
        }
        call_method(intern!(py, "write"), [self.data.bind(py), data])?.bind(py).extract()
    }

    /// Decrypts what is there. `incoming`: bytes that have come; `partial`: the library has a part of a record besides;
    /// `single`: what has come looks like exactly one record.
    #[inline]
    pub fn decrypt(&self, py: Python<'_>, incoming: usize, partial: bool, single: bool) -> Decrypted {
        if single && self.direct && incoming < RECORD {
            return self.decrypt_one(py, incoming);
        }
        let room = (incoming + if partial { RECORD } else { 0 }).clamp(1, ROOM);
        let mut end = Ending::Left(Left::Nothing);
        let data = new_bytes(py, room, |memory| {
            let (filled, ending) = self.decrypt_into(py, memory);
            end = ending;
            filled
        });
        match data {
            Ok(data) => Decrypted { data, end },
            Err(error) => Decrypted { data: None, end: Ending::Failed(error) },
        }
    }

    /// The plaintext of one record, which is shorter than its ciphertext.
    #[inline]
    fn decrypt_one(&self, py: Python<'_>, incoming: usize) -> Decrypted {
        let data = match incoming
            .into_pyobject(py)
            .map_err(PyErr::from)
            .and_then(|most| self.library.read(self.data.bind(py), most.as_any()))
        {
            Ok(data) => data,
            Err(error) => return Decrypted { data: None, end: ending(py, error) },
        };
        let len = data.bind(py).cast::<PyBytes>().map_or(0, |bytes| bytes.as_bytes().len());
        if len == 0 {
            return Decrypted { data: None, end: Ending::Left(Left::End) };
        }
        Decrypted { data: Some(data), end: self.what_is_left(py, len < incoming) }
    }

    /// Decrypts as many records as there are, or as fit. Gives how many bytes it has filled.
    pub fn decrypt_into(&self, py: Python<'_>, memory: &mut [MaybeUninit<u8>]) -> (usize, Ending) {
        let mut filled = 0;
        loop {
            let room = &mut memory[filled..];
            let most = room.len();
            if most == 0 {
                return (filled, Ending::Full);
            }
            match self.decrypt_some(py, room) {
                Ok(0) => return (filled, Ending::Left(Left::End)),
                Ok(count) => filled += count,
                Err(error) => return (filled, ending(py, error)),
            }
            // One call gives one record at most, so this is its end if there was room for more.
            match self.what_is_left(py, memory.len() > filled) {
                Ending::Left(Left::Perhaps) => {}
                end => return (filled, end),
            }
        }
    }

    /// Errors: those of `SSLObject.read`, among them that there is nothing to read.
    fn decrypt_some(&self, py: Python<'_>, room: &mut [MaybeUninit<u8>]) -> PyResult<usize> {
        let most = room.len().into_pyobject(py)?;
        if self.direct {
            // SAFETY: the C object has filled what it is given before it returns, and keeps no buffer of it; the memory
            // is borrowed until then.
            let count = unsafe {
                Window::show(self.window(py)?, room.as_mut_ptr().cast(), room.len(), true, |window| {
                    self.library.read_into(self.data.bind(py), most.as_any(), window)
                })
            }?;
            return Ok(count.min(room.len()));
        }
        let data = call_method(intern!(py, "read"), [self.data.bind(py), most.as_any()])?;
        let data = data.bind(py).cast::<PyBytes>()?.as_bytes();
        let count = data.len().min(room.len());
        room[..count].write_copy_of_slice(&data[..count]);
        Ok(count)
    }

    /// Whether another read could give anything: an error that says no costs more than to ask.
    #[inline]
    fn what_is_left(&self, py: Python<'_>, record_ended: bool) -> Ending {
        match self.incoming(py) {
            Ok(0) if record_ended && self.direct => Ending::Left(Left::Nothing),
            Ok(_) => Ending::Left(Left::Perhaps),
            Err(error) => Ending::Failed(error),
        }
    }

    /// For the garbage collector.
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        [&self.object, &self.data, &self.incoming, &self.outgoing].into_iter().try_for_each(|it| it.visit(visit))
    }
}

fn ending(py: Python<'_>, error: PyErr) -> Ending {
    let known = || {
        if is_wanting(py, &error)? {
            return Ok(Some(Ending::Partial));
        }
        let ended = error.is_instance(py, &class(py, &ZERO_RETURN, "SSLZeroReturnError")?);
        Ok(ended.then_some(Ending::Left(Left::End)))
    };
    match known() {
        Ok(Some(ending)) => ending,
        Ok(None) => Ending::Failed(error),
        Err(error) => Ending::Failed(error),
    }
}

static WANT_READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static SYSCALL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static ZERO_RETURN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// A class of the module `ssl`.
fn class<'py>(py: Python<'py>, place: &PyOnceLock<Py<PyAny>>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    place.get_or_try_init(py, || Ok(py.import("ssl")?.getattr(name)?.unbind())).map(|class| class.bind(py).clone())
}

/// Whether an error says that more ciphertext must come first (`SSLAgainErrors` in `asyncio/sslproto.py`).
fn is_wanting(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    Ok(error.is_instance(py, &class(py, &WANT_READ, "SSLWantReadError")?)
        || error.is_instance(py, &class(py, &SYSCALL, "SSLSyscallError")?))
}
