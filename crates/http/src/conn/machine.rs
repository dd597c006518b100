//! hyper's half of an HTTP/1 connection, and who drives it.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hyper::client::conn::http1::Connection;

use super::gauge::Gauged;
use super::outbound::Outbound;
use crate::io::Io;
use crate::runtime::Runtime;

/// A machine that a background task may drive too.
pub(super) type Shared<R> = Rc<RefCell<Machine<R>>>;

/// hyper's future of a connection. It remembers one waker, that of who polled it last.
pub(super) struct Machine<R: Runtime> {
    /// None: closed.
    connection: Option<Connection<Gauged<Io<R>>, Outbound>>,
    /// The future has ended.
    over: bool,
    failure: Option<hyper::Error>,
    driver: Driver,
    /// Who waits for the connection while a task drives it.
    reader: Option<Waker>,
}

/// Whose waker the future has.
enum Driver {
    /// That of who waits for it.
    Reader,
    /// The same, until the background task has run for the first time.
    Starting,
    /// The background task's.
    Task(Waker),
}

impl<R: Runtime> Machine<R> {
    pub(super) fn shared(connection: Connection<Gauged<Io<R>>, Outbound>) -> Shared<R> {
        Rc::new(RefCell::new(Self {
            connection: Some(connection),
            over: false,
            failure: None,
            driver: Driver::Reader,
            reader: None,
        }))
    }

    /// Lets the connection do what it can; `cx` is woken when it can do more.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if matches!(self.driver, Driver::Reader) {
            return self.poll(cx);
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

    /// A background task will drive it beside the reader.
    pub(super) fn share(&mut self) {
        self.driver = Driver::Starting;
    }

    /// Drives it for the background task, which ends when it is not `needed` any more.
    pub(super) fn drive_beside(&mut self, cx: &mut Context<'_>, needed: impl FnOnce() -> bool) -> Poll<()> {
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

    /// Whether nothing more happens here.
    pub(super) fn is_over(&self) -> bool {
        self.over || self.connection.is_none()
    }

    /// Why it is over, if that was a failure.
    pub(super) fn failure(&mut self) -> Option<hyper::Error> {
        self.failure.take()
    }

    /// Closes the descriptor of a connection that is over.
    pub(super) fn settle(&mut self) {
        if self.over {
            self.close();
        }
    }

    /// Ends it now.
    pub(super) fn close(&mut self) {
        self.connection = None;
        if let Driver::Task(task) = std::mem::replace(&mut self.driver, Driver::Reader) {
            task.wake(); // it has nothing to do any more
        }
    }

    /// Takes what is below out of it.
    pub(super) fn take(&mut self) -> Option<Connection<Gauged<Io<R>>, Outbound>> {
        self.connection.take()
    }
}
