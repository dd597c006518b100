//! Takes the steps of a TLS connection, one after the other, until it has to wait.
//!
//! Nothing is borrowed while a step runs: the library's callbacks, the application and the transport may all come back
//! here, and find what they need.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rondel_net::tls::{BATCH, Outcome, Step};

use super::engine::{Called, Engine};
use super::{Below, Tls};
use crate::errors::ends_the_loop;
use crate::raw::{Owned, call_method};
use crate::stream::{self, Stream};

/// What asyncio says of errors after the handshake.
pub const FATAL: &str = "Fatal error on SSL protocol";

impl Tls {
    /// Does what is to be done.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`. All others are reported, and end the connection.
    pub fn pump(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        loop {
            match this.with(py, |state| state.machine.next_step()) {
                Step::Wait => return Ok(()),
                Step::Handshake => {
                    if !this.handshake(py)? {
                        return Ok(());
                    }
                }
                Step::Read => this.read(py)?,
                Step::Encrypt => this.encrypt(py)?,
                Step::Send => this.send(py)?,
                Step::Shutdown => this.shut_down(py)?,
                Step::TellEnd => {
                    let told = this.call_owner(intern!(py, "_tell_end"));
                    this.with(py, |state| state.machine.delivered());
                    this.check(py, told)?;
                }
                Step::StartTimer => this.tell_owner(py, intern!(py, "_start_shutdown_timer"))?,
                Step::PauseWriting => this.tell_owner(py, intern!(py, "_pause_writing"))?,
                Step::ResumeWriting => this.tell_owner(py, intern!(py, "_resume_writing"))?,
                Step::PauseReceiving => this.tell_owner(py, intern!(py, "_pause_receiving"))?,
                Step::ResumeReceiving => this.tell_owner(py, intern!(py, "_resume_receiving"))?,
                Step::Finish => this.tell_owner(py, intern!(py, "_finish"))?,
            }
        }
    }

    /// The library; `None` once the connection is lost, and then there is no next step either.
    fn engine(&self, py: Python<'_>) -> Option<Engine> {
        self.with(py, |state| state.engine.clone())
    }

    /// Goes on with the handshake. Whether the steps after it follow at once.
    fn handshake(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(engine) = self.engine(py) else { return Ok(true) };
        let called = engine.handshake(py);
        let outcome = match called.and_then(|called| Ok((called, engine.incoming(py)?, engine.outgoing(py)?))) {
            Ok((Called::Done(()), incoming, outgoing)) => (Outcome::Done, incoming, outgoing),
            Ok((Called::Wanting, incoming, outgoing)) => (Outcome::Wanting, incoming, outgoing),
            Err(error) => return self.fail(py, &engine, error, "_handshake_failed", None).map(|()| true),
        };
        let opens = self.with(py, |state| state.machine.handshake_ended(outcome.0, outcome.1, outcome.2));
        if !opens {
            return Ok(true);
        }
        let told = self.ask_owner(intern!(py, "_handshake_done"));
        self.with(py, |state| state.machine.delivered());
        let goes_on = told.as_ref().copied().unwrap_or(true);
        self.check(py, told.map(drop))?;
        Ok(goes_on)
    }

    fn encrypt(&self, py: Python<'_>) -> PyResult<()> {
        let Some(engine) = self.engine(py) else { return Ok(()) };
        let (mut done, mut outcome) = (0, Outcome::Done);
        while done < BATCH {
            // Taken out, as a callback may abort the connection meanwhile.
            let next = self.with(py, |state| Some((state.backlog.pop_front()?, std::mem::take(&mut state.encrypted))));
            let Some((chunk, start)) = next else { break };
            let taken = match engine.encrypt(py, &chunk, start) {
                Ok(Called::Done(taken)) => taken,
                Ok(Called::Wanting) => {
                    outcome = Outcome::Wanting;
                    0
                }
                Err(error) => return self.fail(py, &engine, error, "_fatal_error", Some(FATAL)),
            };
            done += taken;
            if start + taken < chunk.as_ref().len() {
                let stale = self.with(py, |state| state.put_back(chunk, start + taken));
                drop(stale);
            }
            if outcome == Outcome::Wanting {
                break;
            }
        }
        match engine.outgoing(py) {
            Ok(outgoing) => {
                self.with(py, |state| state.machine.encrypt_ended(outcome, done, outgoing));
                Ok(())
            }
            Err(error) => self.fail(py, &engine, error, "_fatal_error", Some(FATAL)),
        }
    }

    fn send(&self, py: Python<'_>) -> PyResult<()> {
        let Some(engine) = self.engine(py) else { return Ok(()) };
        let given = self.give_outgoing(py, &engine);
        self.with(py, |state| state.machine.sent());
        self.check(py, given)
    }

    fn give_outgoing(&self, py: Python<'_>, engine: &Engine) -> PyResult<()> {
        let data = engine.take_outgoing(py)?;
        let below = self.with(py, |state| state.below.clone());
        match below {
            Some(below) if !data.as_bytes().is_empty() => below.write(py, &data),
            _ => Ok(()),
        }
    }

    fn shut_down(&self, py: Python<'_>) -> PyResult<()> {
        let Some(engine) = self.engine(py) else { return Ok(()) };
        let called = engine.shut_down(py);
        let (incoming, outgoing) = match (engine.incoming(py), engine.outgoing(py)) {
            (Ok(incoming), Ok(outgoing)) => (incoming, outgoing),
            (Err(error), _) | (_, Err(error)) => return self.fail(py, &engine, error, "_fatal_error", None),
        };
        let outcome = match called {
            Ok(Called::Done(())) => Some(Outcome::Done),
            Ok(Called::Wanting) => Some(Outcome::Wanting),
            Err(error) if met_data(py, &error) => None,
            Err(error) => return self.fail(py, &engine, error, "_fatal_error", None),
        };
        self.with(py, |state| match outcome {
            Some(outcome) => state.machine.shutdown_ended(outcome, incoming, outgoing),
            None => state.machine.shutdown_met_data(incoming, outgoing),
        });
        Ok(())
    }

    /// The library has failed. What it has to say to the peer (an alert) is sent, which asyncio leaves out; then the
    /// connection ends.
    pub(super) fn fail(
        &self,
        py: Python<'_>,
        engine: &Engine,
        error: PyErr,
        method: &str,
        message: Option<&str>,
    ) -> PyResult<()> {
        let owner = self.with(py, |state| {
            state.machine.fail();
            state.owner.clone()
        });
        // Nothing is to be done if that fails, too: the first error is the one to tell.
        let _alert = self.give_outgoing(py, engine);
        Self::report(py, owner, error, method, message)
    }

    /// Tells the Python half of an error, which ends the connection.
    #[cold]
    fn report(py: Python<'_>, owner: Option<Owned>, error: PyErr, method: &str, message: Option<&str>) -> PyResult<()> {
        let passes = ends_the_loop(py, &error).then(|| error.clone_ref(py));
        if let Some(owner) = owner {
            let method = PyString::new(py, method);
            let error = error.into_value(py).into_bound(py).into_any();
            match message {
                Some(message) => {
                    let message = PyString::new(py, message).into_any();
                    call_method(&method, [owner.bind(py), &error, &message])?;
                }
                None => drop(call_method(&method, [owner.bind(py), &error])?),
            }
        }
        passes.map_or(Ok(()), Err)
    }

    /// Reports what the application or the transport below has raised, which ends the connection.
    #[inline]
    pub(super) fn check(&self, py: Python<'_>, result: PyResult<()>) -> PyResult<()> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if ends_the_loop(py, &error) => Err(error),
            Err(error) => {
                let owner = self.with(py, |state| state.owner.clone());
                Self::report(py, owner, error, "_fatal_error", Some(FATAL))
            }
        }
    }

    fn call_owner(&self, method: &Bound<'_, PyString>) -> PyResult<()> {
        let owner = self.with(method.py(), |state| state.owner.clone());
        owner.map_or(Ok(()), |owner| call_method(method, [owner.bind(method.py())]).map(drop))
    }

    /// As `call_owner`, with what the method says.
    fn ask_owner(&self, method: &Bound<'_, PyString>) -> PyResult<bool> {
        let owner = self.with(method.py(), |state| state.owner.clone());
        let Some(owner) = owner else { return Ok(true) };
        call_method(method, [owner.bind(method.py())])?.bind(method.py()).extract()
    }

    fn tell_owner(&self, py: Python<'_>, method: &Bound<'_, PyString>) -> PyResult<()> {
        let told = self.call_owner(method);
        self.check(py, told)
    }
}

impl super::State {
    /// Returns the first chunk to its place, or to the caller if nobody waits for it any more.
    fn put_back(&mut self, chunk: super::Chunk, encrypted: usize) -> Option<super::Chunk> {
        if self.engine.is_none() || self.machine.phase() == rondel_net::tls::Phase::Closed {
            return Some(chunk);
        }
        self.encrypted = encrypted;
        self.backlog.push_front(chunk);
        None
    }
}

impl Below {
    #[inline]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyBytes>) -> PyResult<()> {
        match self {
            Self::Stream(stream) => stream::write_shared(stream.bind(py).cast::<Stream>()?, data),
            Self::Transport(transport) => {
                call_method(intern!(py, "write"), [transport.bind(py), data.as_any()]).map(drop)
            }
        }
    }
}

/// Whether a shutdown failed because the peer went on sending. `OpenSSL` has no error class for it.
fn met_data(py: Python<'_>, error: &PyErr) -> bool {
    let reason = error.value(py).getattr(intern!(py, "reason"));
    reason.is_ok_and(|reason| reason.eq("APPLICATION_DATA_AFTER_CLOSE_NOTIFY").unwrap_or(false))
}
