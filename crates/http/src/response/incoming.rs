//! An answer whose body is read piece by piece.

use std::fmt;
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use super::{Head, Wire};
use crate::conn::{Body, Connection, Upgraded};
use crate::decode::Decoder;
use crate::error::{Error, Kind};
use crate::io::Endpoints;
use crate::pool::Place;
use crate::runtime::Runtime;
use crate::timeouts::Clock;

/// Bytes after which a reader who never has to wait is asked whether his time is over.
const UNTIMED: usize = 1 << 20;

/// An answer. Its connection goes back to the pool with the last byte of the body.
pub struct Incoming<R: Runtime> {
    /// All but the body.
    pub head: Head,
    /// The redirects that led here, first one first.
    pub history: Vec<Head>,
    /// How often it was asked for, redirects not counted.
    pub attempts: u32,
    stream: Stream<R>,
    clock: Clock<R>,
    decoder: Option<Box<Decoder>>,
    endpoints: Rc<Endpoints>,
    trailers: Option<Box<HeaderMap>>,
    state: State,
    /// Bytes that came without waiting since the time was looked at.
    untimed: usize,
}

/// Where the body comes from.
struct Stream<R: Runtime> {
    body: Body,
    wire: Wire<R>,
    /// The connection does not speak HTTP any more.
    switched: bool,
}

enum State {
    /// More may come from the connection.
    Open,
    /// All has come; some of it may still be in the decoder.
    Received,
    /// All is read.
    Finished,
    Failed(Error),
}

/// A connection that speaks another protocol from now on.
pub struct Switched<R: Runtime> {
    /// The bytes.
    pub io: Upgraded<R>,
    /// Its place in the pool, which counts as taken while this lives.
    pub place: Place<R, Connection<R>>,
}

/// What makes an answer.
pub(crate) struct Arrived<R: Runtime> {
    pub(crate) head: Head,
    pub(crate) history: Vec<Head>,
    pub(crate) attempts: u32,
    pub(crate) body: Body,
    pub(crate) wire: Wire<R>,
    pub(crate) clock: Clock<R>,
    pub(crate) decoder: Option<Box<Decoder>>,
    pub(crate) endpoints: Rc<Endpoints>,
}

impl<R: Runtime> Incoming<R> {
    pub(crate) fn new(arrived: Arrived<R>) -> Self {
        let Arrived { head, history, attempts, body, wire, mut clock, decoder, endpoints } = arrived;
        if wire.is_gone() {
            clock.stop(); // all is here
        }
        let switched = head.is_switch();
        let state = if switched || !body.is_end_stream() { State::Open } else { State::Finished };
        let stream = Stream { body, wire, switched };
        Self { head, history, attempts, stream, clock, decoder, endpoints, trailers: None, state, untimed: 0 }
    }

    /// The next piece of the body, decoded. None: that was all. The waker of the last call is woken.
    ///
    /// Errors: [`Kind::Payload`], [`Kind::Bomb`], [`Kind::Timeout`], [`Kind::Io`], [`Kind::Closed`]; the connection is
    /// closed then, and each further call gives the same.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        match &self.state {
            State::Finished => return Poll::Ready(None),
            State::Failed(error) => return Poll::Ready(Some(Err(error.clone()))),
            State::Open | State::Received => {}
        }
        match ready!(self.poll_decoded(cx)) {
            Ok(Some(piece)) => {
                if self.decoder.is_none() && matches!(self.state, State::Received) {
                    self.state = State::Finished;
                }
                Poll::Ready(Some(Ok(piece)))
            }
            Ok(None) => {
                self.state = State::Finished;
                self.decoder = None;
                Poll::Ready(None)
            }
            Err(error) => Poll::Ready(Some(Err(self.fail(error)))),
        }
    }

    /// Bytes of the body that are still to come, if [`poll_into`](Self::poll_into) may be used: they come as they are, and
    /// nothing that came before them waits to be read.
    pub fn direct(&self) -> Option<u64> {
        let open = matches!(self.state, State::Open) && self.decoder.is_none();
        self.stream.body.past().filter(|_| open && !self.stream.wire.is_gone())
    }

    /// Receives what comes next straight into `memory`, which is not empty. Gives how many bytes from its start are
    /// initialized then: at least one. To be called only while [`direct`](Self::direct) is not none.
    ///
    /// Errors: as [`poll_data`](Self::poll_data).
    pub fn poll_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<Result<usize, Error>> {
        if let State::Failed(error) = &self.state {
            return Poll::Ready(Err(error.clone()));
        }
        Poll::Ready(match ready!(self.poll_direct(cx, memory)) {
            Ok(count) => {
                if matches!(self.state, State::Received) {
                    self.state = State::Finished;
                }
                Ok(count)
            }
            Err(error) => Err(self.fail(error)),
        })
    }

    fn fail(&mut self, error: Error) -> Error {
        let error = error.at(&self.head.url.origin());
        self.stream.wire.close();
        self.clock.stop();
        self.decoder = None;
        self.state = State::Failed(error.clone());
        error
    }

    /// As [`poll_data`](Self::poll_data), for those who can await.
    pub async fn data(&mut self) -> Option<Result<Bytes, Error>> {
        std::future::poll_fn(|cx| self.poll_data(cx)).await
    }

    /// Whether all of the body has been read.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// Whether the connection is still this answer's own.
    pub fn is_connected(&self) -> bool {
        !self.stream.wire.is_gone()
    }

    /// Bytes of the body that are still to come, encoded as they are. None: nobody knows.
    pub fn length(&self) -> Option<u64> {
        self.stream.body.length()
    }

    /// What came after the body (RFC 9110, 6.5).
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// Both ends of the connection, and what TLS knows of the server.
    pub fn endpoints(&self) -> &Rc<Endpoints> {
        &self.endpoints
    }

    /// Reads no further, as dropping does: the connection is kept if the rest of the body is here already.
    pub fn release(self) {
        drop(self);
    }

    /// Reads no further, and closes the connection.
    pub fn close(mut self) {
        self.stream.wire.close();
    }

    /// The bytes below, after an answer of 101, or of 2xx to CONNECT. None after all others, and on HTTP/2.
    pub fn upgrade(mut self) -> Option<Switched<R>> {
        if !self.stream.switched {
            return None;
        }
        let (connection, place) = self.stream.wire.take()?.detach();
        Some(Switched { io: connection.into_upgrade()?, place })
    }

    fn poll_decoded(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            if let Some(decoder) = &mut self.decoder
                && let Some(piece) = decoder.next_piece()?
            {
                return Poll::Ready(Ok(Some(piece)));
            }
            let data = ready!(self.poll_received(cx))?;
            let Some(decoder) = &mut self.decoder else { return Poll::Ready(Ok(data)) };
            match data {
                Some(data) => decoder.push(data),
                None => return Poll::Ready(decoder.finish().map(|()| None)),
            }
        }
    }

    /// The next bytes from the connection.
    fn poll_received(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        while matches!(self.state, State::Open) {
            let Poll::Ready(frame) = self.stream.poll_frame(cx) else {
                return self.poll_silence(cx).map(Err);
            };
            self.clock.heard();
            let Some(frame) = frame.transpose()? else {
                self.received();
                break;
            };
            match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    self.count(data.len())?;
                    return Poll::Ready(Ok(Some(data)));
                }
                Err(frame) => self.trailers = frame.into_trailers().ok().map(Box::new),
            }
        }
        Poll::Ready(Ok(None))
    }

    fn poll_direct(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<Result<usize, Error>> {
        let Poll::Ready(received) = self.stream.wire.poll_into(cx, memory) else {
            return self.poll_silence(cx).map(Err);
        };
        self.clock.heard();
        let count = received?;
        self.count(count)?;
        Poll::Ready(Ok(count))
    }

    /// Ready when there is no use in waiting for the server any longer.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if self.stream.wire.poll_closed(cx).is_ready() {
            return Poll::Ready(Error::new(Kind::Closed));
        }
        let error = ready!(self.clock.poll_silence(cx));
        self.stream.wire.doubt(&error);
        Poll::Ready(error)
    }

    /// So many bytes have come.
    fn count(&mut self, length: usize) -> Result<(), Error> {
        if self.stream.body.is_end_stream() {
            self.received();
            return Ok(());
        }
        self.check_time(length)
    }

    /// The connection is of no use to this answer any more.
    fn received(&mut self) {
        self.state = State::Received;
        self.clock.stop();
        if self.stream.switched {
            self.stream.wire.close();
        } else {
            self.stream.wire.release();
        }
    }

    /// A reader is timed when he has to wait; and every now and then if he never has to.
    fn check_time(&mut self, length: usize) -> Result<(), Error> {
        self.untimed += length;
        if self.untimed < UNTIMED {
            return Ok(());
        }
        self.untimed = 0;
        self.clock.overrun().map_or(Ok(()), Err)
    }
}

impl<R: Runtime> Stream<R> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.wire.poll_frame(cx, &mut self.body)
    }
}

impl<R: Runtime> Drop for Stream<R> {
    fn drop(&mut self) {
        if !self.switched {
            self.wire.discard(&mut self.body);
        }
    }
}

impl<R: Runtime> fmt::Debug for Incoming<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("head", &self.head)
            .field("connected", &self.is_connected())
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
