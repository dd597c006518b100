//! Reading from a body: what `StreamReader`'s coroutines do.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyTuple};

use super::buffer::Buffer;
use super::errors;
use super::incoming::{Body, End, LEAST};
use super::places::Job;
use super::reading::Outcome;
use super::runtime::attached;
use crate::raw::Owned;

/// What is wanted.
#[derive(Clone, Debug)]
pub enum Want {
    /// Everything.
    All,
    /// What there is, or comes next.
    Any,
    /// The same, so many bytes at most.
    UpTo(usize),
    /// So many bytes.
    Exactly(usize),
    /// All up to a separator and with it, so many bytes at most.
    Until(Vec<u8>, usize),
    /// A piece as it came, and whether it is all of one chunk.
    Chunk,
    /// That everything has come.
    End,
}

/// What is had of the buffer.
enum Taken {
    Nothing,
    Data(Buffer),
    /// A line that is longer than so many bytes: its start.
    TooLong(Buffer, usize),
}

/// One read.
pub struct Read {
    body: Rc<Body>,
    want: Want,
    /// What was looked at in vain for the separator.
    looked: Cell<usize>,
    /// It is this one that the body is waited for by.
    waits: Cell<bool>,
    result: RefCell<Option<PyResult<Owned>>>,
    /// Told of what was read; of nothing, if that failed or was given up.
    at_end: Option<Box<AtEnd>>,
}

type AtEnd = dyn Fn(Python<'_>, Option<&Owned>);

impl Read {
    pub fn new(body: Rc<Body>, want: Want) -> Self {
        Self { body, want, looked: Cell::new(0), waits: Cell::new(false), result: RefCell::default(), at_end: None }
    }

    /// As `new`; `at_end` is told what comes of it.
    pub fn telling(body: Rc<Body>, want: Want, at_end: impl Fn(Python<'_>, Option<&Owned>) + 'static) -> Self {
        let mut read = Self::new(body, want);
        read.at_end = Some(Box::new(at_end));
        read
    }

    /// What can be had of what has come. `None`: too little.
    fn take_now(&self, py: Python<'_>) -> Option<PyResult<Owned>> {
        if matches!(self.want, Want::UpTo(0) | Want::Exactly(0)) {
            return Some(Ok(PyBytes::new(py, b"").into_any().into()));
        }
        if let Some(error) = self.body.raised(py) {
            return Some(Err(error));
        }
        let end = self.body.end();
        if let Want::End = self.want {
            return end.map(|_| Ok(py.None().into_bound(py).into()));
        }
        if let (Want::All, Some(End::Eof)) = (&self.want, &end)
            && let Some(whole) = self.body.take_whole(py)
        {
            return Some(whole.finish(py));
        }
        match self.split(end.as_ref()) {
            Taken::Data(taken) => {
                self.body.has_read();
                let data = taken.into_object(py);
                Some(if matches!(self.want, Want::Chunk) { data.and_then(|data| self.chunk(py, &data)) } else { data })
            }
            Taken::TooLong(start, most) => Some(Err(too_long(py, start, most))),
            Taken::Nothing if end.is_some() => Some(self.at_the_end(py)),
            Taken::Nothing => None,
        }
    }

    /// Takes what is wanted out of the buffer.
    fn split(&self, end: Option<&End>) -> Taken {
        let mut buffer = self.body.buffer.borrow_mut();
        let some = !buffer.is_empty();
        let count = match &self.want {
            Want::All => matches!(end, Some(End::Eof)).then_some(usize::MAX),
            Want::Any => some.then_some(usize::MAX),
            Want::UpTo(most) => some.then_some(*most),
            Want::Exactly(count) => (buffer.len() >= *count).then_some(*count),
            Want::Chunk => return buffer.pop().map_or(Taken::Nothing, |piece| Taken::Data(piece.into())),
            Want::Until(separator, most) => {
                let found = buffer.find(separator, self.looked.get());
                if found.unwrap_or(buffer.len()) > *most {
                    return Taken::TooLong(buffer.split(100), *most);
                }
                self.looked.set(buffer.len());
                found
            }
            Want::End => None,
        };
        count.map_or(Taken::Nothing, |count| Taken::Data(buffer.split(count)))
    }

    fn chunk(&self, py: Python<'_>, data: &Owned) -> PyResult<Owned> {
        let whole = PyBool::new(py, self.body.chunked).to_owned().into_any();
        Ok(PyTuple::new(py, [data.bind(py), &whole])?.into_any().into())
    }

    /// No more comes than there is.
    fn at_the_end(&self, py: Python<'_>) -> PyResult<Owned> {
        if let Some(error) = self.body.error(py) {
            return Err(error);
        }
        let rest = self.body.buffer.take().into_object(py)?;
        match &self.want {
            Want::Exactly(count) => Err(incomplete(py, &rest, *count)),
            Want::Chunk => {
                let no = PyBool::new(py, false).to_owned().into_any();
                Ok(PyTuple::new(py, [rest.bind(py), &no])?.into_any().into())
            }
            _ => Ok(rest),
        }
    }

    fn go_on(&self, py: Python<'_>, cx: &mut Context<'_>) -> Poll<PyResult<Owned>> {
        if !self.waits.get() {
            if self.body.waited_for.replace(true) {
                return Poll::Ready(Err(PyRuntimeError::new_err(
                    "another coroutine is already waiting for incoming data of this body",
                )));
            }
            self.waits.set(true);
        }
        loop {
            if let Some(result) = self.take_now(py) {
                return Poll::Ready(result);
            }
            match (&self.want, self.body.direct()) {
                (Want::Any | Want::UpTo(LEAST..), Some(rest)) => {
                    let most = if let Want::UpTo(most) = self.want { most } else { rest };
                    if let Some(piece) = ready!(self.body.poll_object(py, cx, rest, most))? {
                        return Poll::Ready(Ok(piece));
                    }
                }
                (Want::All, Some(rest)) => ready!(self.body.poll_whole(py, cx, rest))?,
                (Want::End, _) => ready!(self.body.poll_towards_end(py, cx)),
                _ => ready!(self.body.poll_more(py, cx)),
            }
        }
    }

    /// Lets others wait.
    fn leave(&self) {
        if self.waits.replace(false) {
            self.body.waited_for.set(false);
            self.body.settle(attached());
        }
    }
}

impl Job for Read {
    fn poll(&self, py: Python<'_>, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(result) = self.go_on(py, cx) else { return Poll::Pending };
        self.leave();
        if let Some(tell) = &self.at_end {
            tell(py, result.as_ref().ok());
        }
        self.result.replace(Some(result));
        Poll::Ready(())
    }

    fn cancel(&self, py: Python<'_>) {
        let begun = self.waits.get();
        self.leave();
        if let (true, Some(tell)) = (begun, &self.at_end) {
            tell(py, None);
        }
    }
}

impl Outcome for Read {
    fn take(&self, _py: Python<'_>) -> PyResult<Owned> {
        let result = self.result.take();
        result.unwrap_or_else(|| Err(PyRuntimeError::new_err("this read was cancelled")))
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        self.leave();
    }
}

/// `asyncio.IncompleteReadError`
#[cold]
fn incomplete(py: Python<'_>, partial: &Owned, expected: usize) -> PyErr {
    py.import(intern!(py, "asyncio"))
        .and_then(|asyncio| asyncio.getattr(intern!(py, "IncompleteReadError")))
        .and_then(|class| class.call1((partial.bind(py), expected)))
        .map_or_else(|error| error, PyErr::from_value)
}

/// A line is longer than allowed; `start` is the beginning of it.
#[cold]
fn too_long(py: Python<'_>, start: Buffer, most: usize) -> PyErr {
    match start.into_object(py) {
        Ok(start) => errors::line_too_long(py, &start, most),
        Err(error) => error,
    }
}
