//! A request's body on its way to the server.

use std::cell::Cell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Body, Frame, SizeHint};

use crate::body::{BodyError, RequestBody};

/// How far the body is, as its connection sees it.
#[derive(Debug, Default)]
pub(super) struct Upload {
    state: Cell<State>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// There is none, or hyper has all of it.
    #[default]
    Done,
    /// The server must say first that it wants it (`Expect: 100-continue`).
    Held,
    /// On its way.
    Moving,
    /// It will not be sent any more: the answer came first.
    Given,
}

impl Upload {
    /// Whether hyper does not have all of it yet.
    pub(super) fn is_unfinished(&self) -> bool {
        self.state.get() != State::Done
    }

    /// Whether it will never be sent to its end.
    pub(super) fn is_given_up(&self) -> bool {
        self.state.get() == State::Given
    }

    /// The answer is there. A server that has not asked for the body by now does not want it (RFC 9110, 10.1.1).
    pub(super) fn answered(&self) {
        if self.state.get() == State::Held {
            self.state.set(State::Given);
        }
    }
}

/// What hyper takes for a body.
pub(super) struct Outbound {
    body: RequestBody,
    upload: Rc<Upload>,
    hold: Option<Hold>,
}

/// The wait for `100 Continue`.
struct Hold {
    granted: Arc<AtomicBool>,
    /// Ends when the server has had time enough to refuse.
    patience: Pin<Box<dyn Future<Output = ()>>>,
}

impl Outbound {
    /// `request`, with its body in reach of `upload`.
    pub(super) fn wrap(request: Request<RequestBody>, upload: &Rc<Upload>) -> Request<Self> {
        request.map(|body| {
            upload.state.set(State::Moving);
            Self { body, upload: Rc::clone(upload), hold: None }
        })
    }

    /// As [`wrap`](Self::wrap), but the body waits until the server has said `100 Continue`, or `patience` ends.
    pub(super) fn wrap_held(
        request: Request<RequestBody>,
        upload: &Rc<Upload>,
        patience: Pin<Box<dyn Future<Output = ()>>>,
    ) -> Request<Self> {
        let mut request = Self::wrap(request, upload);
        if request.body().is_end_stream() {
            return request;
        }
        let granted = Arc::new(AtomicBool::new(false));
        let grant = Arc::clone(&granted);
        // hyper reads, and calls this, before it asks the body: nobody need be woken.
        hyper::ext::on_informational(&mut request, move |interim| {
            if interim.status() == StatusCode::CONTINUE {
                grant.store(true, Ordering::Relaxed);
            }
        });
        upload.state.set(State::Held);
        request.body_mut().hold = Some(Hold { granted, patience });
        request
    }

    /// The request as it was.
    pub(super) fn restore(request: Request<Self>) -> Request<RequestBody> {
        request.map(|mut outbound| mem::take(&mut outbound.body))
    }

    /// Ready when the body may be sent.
    fn poll_grant(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.upload.is_given_up() {
            return Poll::Pending; // for ever; the connection ends with the answer
        }
        if let Some(hold) = &mut self.hold {
            if !hold.granted.load(Ordering::Relaxed) {
                ready!(hold.patience.as_mut().poll(cx));
            }
            self.hold = None;
            self.upload.state.set(State::Moving);
        }
        Poll::Ready(())
    }
}

impl Drop for Outbound {
    /// hyper drops the body when it has all of it.
    fn drop(&mut self) {
        if !self.upload.is_given_up() {
            self.upload.state.set(State::Done);
        }
    }
}

impl Body for Outbound {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        ready!(this.poll_grant(cx));
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
