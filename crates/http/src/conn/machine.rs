//! hyper's half of an HTTP/1 connection, and who drives it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hyper::client::conn::http1::Connection;

use super::outbound::Outbound;
use super::plug::Plug;
use crate::runtime::{Background, Runtime};

/// hyper's future of a connection, which a background task may drive too.
///
/// Driving it may run code of the embedder's, in its TLS, and that may come back here: then nothing is done.
pub(super) struct Machine<R: Runtime>(Rc<RefCell<State<R>>>);

struct State<R: Runtime> {
    /// None: closed.
    connection: Option<Connection<Plug<R>, Outbound>>,
    /// The future has ended.
    over: bool,
    failure: Option<hyper::Error>,
    driver: Driver,
    /// Who waits for the connection while a task drives it.
    reader: Option<Waker>,
}

/// Whose waker the future has: it remembers that of who polled it last.
enum Driver {
    /// That of who waits for it.
    Reader,
    /// The same, until the background task has run for the first time.
    Starting,
    /// The background task's.
    Task(Waker),
}

impl Driver {
    /// The task has nothing to do any more.
    fn end(self) {
        if let Self::Task(task) = self {
            task.wake();
        }
    }
}

impl<R: Runtime> Machine<R> {
    pub(super) fn new(connection: Connection<Plug<R>, Outbound>) -> Self {
        Self(Rc::new(RefCell::new(State {
            connection: Some(connection),
            over: false,
            failure: None,
            driver: Driver::Reader,
            reader: None,
        })))
    }

    /// Lets the connection do what it can; `cx` is woken when it can do more.
    pub(super) fn drive(&self, cx: &mut Context<'_>) {
        match self.0.try_borrow_mut() {
            Ok(mut state) => state.drive(cx),
            Err(_) => cx.waker().wake_by_ref(), // later
        }
    }

    /// Lets go of whoever waits for the connection, which has nothing under way. Whether it is good for another exchange,
    /// of whomever.
    pub(super) fn rest(&self) -> bool {
        let Ok(mut state) = self.0.try_borrow_mut() else { return false };
        if !matches!(state.driver, Driver::Reader) {
            return false;
        }
        state.poll(&mut Context::from_waker(Waker::noop()));
        let reader = state.reader.take();
        let good = !state.is_over();
        drop(state);
        drop(reader);
        good
    }

    /// Whether nothing more happens here.
    pub(super) fn is_over(&self) -> bool {
        self.0.try_borrow().is_ok_and(|state| state.is_over())
    }

    /// Why it is over, if that was a failure. Said once.
    pub(super) fn take_failure(&self) -> Option<hyper::Error> {
        self.0.try_borrow_mut().ok()?.failure.take()
    }

    /// Ends it now.
    pub(super) fn close(&self) {
        let Ok(mut state) = self.0.try_borrow_mut() else { return };
        let connection = state.connection.take();
        let driver = std::mem::replace(&mut state.driver, Driver::Reader);
        drop(state);
        drop(connection); // this may run code of the embedder's, too
        driver.end();
    }

    /// Takes what is below out of it.
    pub(super) fn take(&self) -> Option<Connection<Plug<R>, Outbound>> {
        let mut state = self.0.try_borrow_mut().ok()?;
        let connection = state.connection.take();
        let driver = std::mem::replace(&mut state.driver, Driver::Reader);
        drop(state);
        driver.end();
        connection
    }

    /// A task that drives it beside the reader, for as long as that is `needed`, and the connection is there.
    pub(super) fn task(&self, needed: impl Fn() -> bool + 'static) -> Background {
        if let Ok(mut state) = self.0.try_borrow_mut() {
            state.driver = Driver::Starting;
        }
        let state = Rc::downgrade(&self.0);
        Box::pin(poll_fn(move |cx| {
            let Some(state) = state.upgrade() else { return Poll::Ready(()) };
            let driven = if let Ok(mut state) = state.try_borrow_mut() {
                state.drive_beside(cx, &needed)
            } else {
                cx.waker().wake_by_ref(); // later
                Poll::Pending
            };
            // Its owner may have gone meanwhile.
            if Rc::strong_count(&state) == 1 { Poll::Ready(()) } else { driven }
        }))
    }
}

impl<R: Runtime> State<R> {
    fn drive(&mut self, cx: &mut Context<'_>) {
        if matches!(self.driver, Driver::Reader) {
            self.poll(cx);
            return;
        }
        match &mut self.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            None => self.reader = Some(cx.waker().clone()),
        }
        if let Driver::Task(task) = &self.driver {
            let task = task.clone();
            self.poll(&mut Context::from_waker(&task));
        } else {
            self.poll(cx);
        }
    }

    fn drive_beside(&mut self, cx: &mut Context<'_>, needed: impl FnOnce() -> bool) -> Poll<()> {
        match &mut self.driver {
            Driver::Task(task) => task.clone_from(cx.waker()),
            Driver::Reader | Driver::Starting => self.driver = Driver::Task(cx.waker().clone()),
        }
        self.poll(cx);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        if !self.is_over() && needed() {
            return Poll::Pending;
        }
        self.driver = Driver::Reader;
        Poll::Ready(())
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.over {
            return;
        }
        if let Some(connection) = &mut self.connection
            && let Poll::Ready(ended) = connection.poll_without_shutdown(cx)
        {
            // Whoever waits for an answer, or for its body, hears it too.
            self.over = true;
            self.failure = ended.err();
        }
    }

    fn is_over(&self) -> bool {
        self.over || self.connection.is_none()
    }
}
