//! Long bodies, which are received past hyper.

use std::mem::{self, MaybeUninit};
use std::task::{Context, Poll, ready};

use http::Response;

use super::{Http1, Link};
use crate::conn::Body;
use crate::conn::past::{self, Past};
use crate::error::{Error, Kind};
use crate::io::Io;
use crate::runtime::Runtime;

impl<R: Runtime> Http1<R> {
    /// Takes the connection out of hyper's hands if what is to come of the body of `answer` is long, and nothing but its
    /// length is to be minded.
    pub(super) fn go_past(&mut self, answer: &mut Response<Body>) {
        let short = |length: Option<u64>| length.is_none_or(|length| length < past::LEAST);
        if short(answer.body().length()) || self.has_written_less() {
            return;
        }
        let Some(keeps) = past::keeps(answer) else { return };
        let body = answer.body_mut();
        if short(body.look()) {
            return;
        }
        let Link::Driven(engine) = &self.link else { return };
        let Some(connection) = engine.machine.take() else { return };
        let parts = connection.into_parts();
        let Some(io) = engine.socket.take() else { return };
        let (rest, clean) = body.go_past(parts.read_buf);
        self.link = Link::Past(Box::new(Past::new(io, rest, keeps && self.keeps && clean)));
    }

    /// Whether some of the request was not sent, or may not have been.
    fn has_written_less(&self) -> bool {
        self.upload.is_unfinished() || self.gauge.is_blocked() || self.gauge.is_broken()
    }

    /// Receives some of a body that [`goes past`](Body::past) hyper into `memory`, which is not empty. Gives how many bytes
    /// from its start are initialized then: at least one.
    ///
    /// Errors: the body ends too early.
    pub fn poll_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<Result<usize, Error>> {
        self.poll_past(cx, |past, cx| past.poll_into(cx, memory))
    }

    pub(super) fn poll_past<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Past<Io<R>>, &mut Context<'_>) -> Poll<Result<T, Error>>,
    ) -> Poll<Result<T, Error>> {
        let Link::Past(past) = &mut self.link else { return Poll::Ready(Err(Error::new(Kind::Closed))) };
        let received = ready!(poll(past, cx));
        self.gauge.progress();
        if received.is_err() {
            self.link = Link::Closed;
        } else if past.is_done() {
            self.come_back();
        }
        Poll::Ready(received)
    }

    /// Behind the last byte of a body: the connection is nobody's, if it can take another request.
    fn come_back(&mut self) {
        if let Link::Past(past) = mem::replace(&mut self.link, Link::Closed)
            && past.keeps
        {
            self.link = Link::Loose(past.into_io());
        }
    }
}
