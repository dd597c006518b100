//! A body that is produced piece by piece, no faster than it is sent.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::{BodyError, RequestBody};

/// A body, and the end that its pieces are put in.
///
/// At most `window` bytes wait to be sent, and one piece beyond, as pieces are not divided. `length`, in bytes, is
/// announced as `Content-Length`; without one the body is sent in chunks.
///
/// ```
/// use bytes::Bytes;
///
/// let (sender, body) = rondel_http::channel(1024, Some(11));
/// sender.try_send(Bytes::from_static(b"hello, "))?;
/// sender.try_send(Bytes::from_static(b"body"))?;
/// sender.finish();
/// assert_eq!(body.length(), Some(11));
/// # Ok::<(), rondel_http::Refused>(())
/// ```
pub fn channel(window: usize, length: Option<u64>) -> (BodySender, RequestBody) {
    let state = Rc::new(RefCell::new(State {
        pieces: VecDeque::new(),
        waiting: 0,
        window: window.max(1),
        announced: length,
        end: End::Open,
        consumer: None,
        producer: None,
        watcher: None,
        gone: false,
    }));
    (BodySender { state: Rc::clone(&state) }, RequestBody::Channel(Receiver { state }))
}

/// The producer's end of a [`channel`]. Dropped before [`finish`](Self::finish), it fails the request: the server must
/// not take half a body for a whole one.
pub struct BodySender {
    state: Rc<RefCell<State>>,
}

/// The consumer's end of a [`channel`]: the connection has it.
pub struct Receiver {
    state: Rc<RefCell<State>>,
}

struct State {
    pieces: VecDeque<Bytes>,
    /// Bytes in `pieces`.
    waiting: usize,
    window: usize,
    /// Bytes of the announced length that have not been put in.
    announced: Option<u64>,
    end: End,
    consumer: Option<Waker>,
    producer: Option<Waker>,
    /// Who waits for the consumer's end.
    watcher: Option<Waker>,
    /// The consumer wants no more.
    gone: bool,
}

enum End {
    Open,
    Finished,
    Failed(BodyError),
}

/// Why a piece was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The request is over: answered in full, failed, or cancelled.
    Gone,
    /// The body was finished or failed before.
    Ended,
    /// The piece goes so many bytes beyond the announced length.
    TooLong(u64),
}

impl BodySender {
    /// Ready when fewer bytes wait than the window has. The waker of the last call is woken.
    ///
    /// Errors: [`Refused::Gone`] when nobody will send what is put in.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut state = self.state.borrow_mut();
        if state.gone {
            return Poll::Ready(Err(Refused::Gone));
        }
        if state.waiting < state.window {
            return Poll::Ready(Ok(()));
        }
        let before = state.producer.replace(cx.waker().clone());
        drop(state); // a waker's drop may come back here
        drop(before);
        Poll::Pending
    }

    /// Ready when nobody sends what is put in any more: the connection has taken the last piece, or the request is
    /// over. The waker of the last call is woken, whatever [`poll_ready`](Self::poll_ready) waits for.
    pub fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.gone {
            return Poll::Ready(());
        }
        let before = state.watcher.replace(cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// Puts a piece in, whether or not there is room: who waits for [`poll_ready`](Self::poll_ready) before keeps the
    /// body within its window.
    pub fn try_send(&self, piece: Bytes) -> Result<(), Refused> {
        let mut state = self.state.borrow_mut();
        if state.gone {
            return Err(Refused::Gone);
        }
        if !matches!(state.end, End::Open) {
            return Err(Refused::Ended);
        }
        if piece.is_empty() {
            return Ok(()); // an empty chunk would be the end of a chunked body
        }
        if let Some(announced) = &mut state.announced {
            let size = piece.len() as u64;
            let left = announced.checked_sub(size).ok_or_else(|| Refused::TooLong(size - *announced))?;
            *announced = left;
        }
        state.waiting += piece.len();
        state.pieces.push_back(piece);
        wake(state, |state| state.consumer.take());
        Ok(())
    }

    /// That was all. With an announced length that is not reached, the request fails.
    pub fn finish(&self) {
        let missing = self.state.borrow().announced.filter(|&missing| missing > 0);
        self.end(missing.map_or(End::Finished, |missing| End::Failed(BodyError::Short(missing))));
    }

    /// The rest can't be had: the request fails with `cause`.
    pub fn fail(&self, cause: impl Into<Box<dyn StdError + Send + Sync>>) {
        self.end(End::Failed(BodyError::Failed(cause.into())));
    }

    /// Whether pieces are still wanted.
    pub fn is_open(&self) -> bool {
        let state = self.state.borrow();
        !state.gone && matches!(state.end, End::Open)
    }

    fn end(&self, end: End) {
        let mut state = self.state.borrow_mut();
        if matches!(state.end, End::Open) {
            // What went wrong may hold the embedder's objects: nobody keeps it who does not tell of it.
            state.end = if state.gone { End::Finished } else { end };
            wake(state, |state| state.consumer.take());
        }
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        self.end(End::Failed(BodyError::Abandoned));
    }
}

impl Receiver {
    /// The next piece. A failure is heard at once, before what was put in ahead of it: it would be sent in vain.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let mut state = self.state.borrow_mut();
        if let End::Failed(_) = state.end
            && let End::Failed(error) = std::mem::replace(&mut state.end, End::Finished)
        {
            state.pieces.clear();
            state.waiting = 0;
            return Poll::Ready(Some(Err(error)));
        }
        if let Some(piece) = state.pieces.pop_front() {
            state.waiting -= piece.len();
            if state.waiting < state.window {
                wake(state, |state| state.producer.take());
            }
            return Poll::Ready(Some(Ok(piece)));
        }
        if let End::Finished = state.end {
            return Poll::Ready(None);
        }
        let before = state.consumer.replace(cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }

    pub(super) fn is_at_end(&self) -> bool {
        let state = self.state.borrow();
        state.pieces.is_empty() && matches!(state.end, End::Finished)
    }

    pub(super) fn length(&self) -> Option<u64> {
        let state = self.state.borrow();
        match state.end {
            End::Finished => Some(state.waiting as u64),
            _ => state.announced.map(|announced| announced + state.waiting as u64),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.gone = true;
        state.waiting = 0;
        // All three may lead to somebody whose code runs now.
        let pieces = std::mem::take(&mut state.pieces);
        let failed = matches!(state.end, End::Failed(_)).then(|| std::mem::replace(&mut state.end, End::Finished));
        let wakers = [state.producer.take(), state.watcher.take()];
        drop(state);
        drop((pieces, failed));
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// Wakes one end with nothing borrowed, as that end may come back at once.
fn wake(mut state: std::cell::RefMut<'_, State>, end: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = end(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the request is over: nobody will send this"),
            Self::Ended => f.write_str("the body has ended already"),
            Self::TooLong(beyond) => write!(f, "the body goes {beyond} bytes beyond its announced length"),
        }
    }
}

impl StdError for Refused {}
