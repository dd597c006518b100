//! Whom a connection trusts: the argument `ssl` of connectors and requests.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyType, PyWeakrefMethods, PyWeakrefReference};
use rondel_http::connect::TlsChoice;

use crate::raw::Owned;

/// Whom.
#[derive(Clone, Debug)]
pub enum Trust {
    /// As the platform does; of a request: as its connector does.
    Usual,
    /// Anybody.
    Anybody,
    /// Whoever has the certificate of this SHA-256.
    Fingerprint([u8; 32]),
    /// As an `ssl.SSLContext` says.
    Context(Owned),
}

impl Trust {
    /// Errors: `TypeError`, and `ValueError` for a digest of another length.
    pub fn of_python(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        static CONTEXT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        if let Ok(verify) = given.cast::<PyBool>() {
            return Ok(if verify.is_true() { Self::Usual } else { Self::Anybody });
        }
        if let Ok(digest) = given.cast::<PyBytes>() {
            let digest = digest.as_bytes().try_into().map_err(|_| {
                PyValueError::new_err("tls: the digest of a certificate is one of SHA-256, which has 32 bytes")
            })?;
            return Ok(Self::Fingerprint(digest));
        }
        if given.is_instance(CONTEXT.import(given.py(), "ssl", "SSLContext")?)? {
            return Ok(Self::Context(given.clone().into()));
        }
        Err(PyTypeError::new_err(format!(
            "tls: expected True, False, an ssl.SSLContext or the bytes of a fingerprint, got {}",
            given.repr()?
        )))
    }

    /// The context, if it is one.
    pub fn context(&self) -> Option<&Owned> {
        if let Self::Context(context) = self { Some(context) } else { None }
    }

    /// The digest, if it is one.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        if let Self::Fingerprint(digest) = self { Some(*digest) } else { None }
    }

    /// As it was given.
    pub fn to_python(&self, py: Python<'_>) -> Owned {
        match self {
            Self::Usual => PyBool::new(py, true).to_owned().into_any().into(),
            Self::Anybody => PyBool::new(py, false).to_owned().into_any().into(),
            Self::Fingerprint(digest) => PyBytes::new(py, digest).into_any().into(),
            Self::Context(context) => context.clone(),
        }
    }

    /// The same for the client. `None`: as usual.
    pub fn choice(&self, py: Python<'_>, contexts: &Contexts) -> PyResult<Option<TlsChoice>> {
        Ok(match self {
            Self::Usual => None,
            Self::Anybody => Some(TlsChoice::NoVerify),
            Self::Fingerprint(digest) => Some(TlsChoice::Fingerprint(*digest)),
            Self::Context(context) => Some(TlsChoice::Foreign(contexts.number(context.bind(py))?)),
        })
    }
}

/// Numbers of contexts, which stand for them in the pool: connections of one must not serve another, and a context that is
/// gone must not be taken for a later one at the same address.
#[derive(Clone, Default)]
pub struct Contexts(Rc<RefCell<Vec<(u64, Owned)>>>);

impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contexts").finish_non_exhaustive()
    }
}

impl Contexts {
    /// Those that are alive. Looking at them runs no Python code; letting go of them may.
    fn alive<'py>(&self, py: Python<'py>) -> Vec<(u64, Bound<'py, PyAny>)> {
        let known = self.0.borrow().clone();
        known
            .iter()
            .filter_map(|(number, reference)| {
                let reference = reference.bind(py).cast::<PyWeakrefReference>().ok()?;
                Some((*number, reference.upgrade()?))
            })
            .collect()
    }

    fn number(&self, context: &Bound<'_, PyAny>) -> PyResult<u64> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let alive = self.alive(context.py());
        if let Some((number, _)) = alive.iter().find(|(_, known)| known.is(context)) {
            return Ok(*number);
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let reference: Owned = PyWeakrefReference::new(context)?.into_any().into();
        let stale: Vec<_> = {
            let mut known = self.0.borrow_mut();
            let (kept, stale) = std::mem::take(&mut *known)
                .into_iter()
                .partition(|(number, _)| alive.iter().any(|(living, _)| living == number));
            *known = kept;
            known.push((number, reference));
            stale
        };
        drop(stale);
        Ok(number)
    }

    /// The context of that number, if it is still alive.
    pub fn find<'py>(&self, py: Python<'py>, number: u64) -> Option<Bound<'py, PyAny>> {
        self.alive(py).into_iter().find_map(|(known, context)| (known == number).then_some(context))
    }
}
