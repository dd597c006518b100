//! What hyper's errors mean.

use std::error::Error as StdError;
use std::io;

use http::Request;

use super::gauge::{Chatter, Gauge};
use super::outbound::Outbound;
use crate::body::{BodyError, RequestBody};
use crate::error::{Error, Kind};

/// What hyper says of a request without answer.
pub(super) type NotSent = hyper::client::conn::TrySendError<Request<Outbound>>;

/// A request without answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: Error,
    /// The request, if nothing of it was sent.
    pub request: Option<Request<RequestBody>>,
    /// The server has surely not worked on it: nothing was sent, or it says so (`REFUSED_STREAM`, `GOAWAY`; RFC 9113,
    /// 8.7). On another connection any method may be tried anew.
    pub untouched: bool,
    /// Not one byte has come since the request was begun. On a connection that had served before, the server has most
    /// likely closed it just then, and has not seen the request (RFC 9112, 9.3.1).
    pub silent: bool,
}

/// Why a request was not sent, or not to its end.
#[derive(Debug)]
pub(super) enum Unsent {
    /// The server has closed the connection before.
    Closed,
    /// It has sent something before it was asked.
    Unasked,
    /// The connection had failed before.
    Failed(io::Error),
    /// It failed while the request was being sent.
    Broken(io::Error),
}

impl Unanswered {
    /// What could not be sent, on an HTTP/1 connection with this `gauge`.
    pub(super) fn unsent(why: Unsent, request: Request<RequestBody>, gauge: &Gauge) -> Self {
        let untouched = !matches!(why, Unsent::Broken(_));
        let error = match why {
            Unsent::Closed => Error::new(Kind::Disconnected),
            Unsent::Unasked => Error::new(Kind::Malformed("received unexpected message from connection".to_owned())),
            Unsent::Failed(error) | Unsent::Broken(error) => of_io(&error),
        };
        Self { error, request: untouched.then_some(request), untouched, silent: !gauge.has_heard() }
    }

    /// What has `failed`, on an HTTP/1 connection with this `gauge`, which has ended with this `connection` error.
    pub(super) fn http1(failed: NotSent, gauge: &Gauge, connection: Option<&hyper::Error>) -> Self {
        let silent = !gauge.has_heard();
        Self::new(failed, silent, |failure| of_head(failure, connection, gauge.take_broken()))
    }

    /// What has `failed`, on an HTTP/2 connection with this `gauge`. What was heard on it need not have been meant for this
    /// request; but if hyper has let go of it the server went away while it was the first to wait for a stream.
    pub(super) fn http2(failed: NotSent, gauge: &Gauge) -> Self {
        let silent = failed.error().is_user();
        Self::new(failed, silent, |failure| of_head(failure, None, gauge.failure()))
    }

    fn new(mut failed: NotSent, silent: bool, explain: impl FnOnce(hyper::Error) -> Error) -> Self {
        let request = failed.take_message().map(Outbound::restore);
        let failure = failed.into_error();
        let untouched = request.is_some() || http2(&failure).is_some_and(is_untouched);
        Self { error: explain(failure), request, untouched, silent }
    }

    /// An answer that is refused.
    pub(super) fn refused(error: Error) -> Self {
        Self { error, request: None, untouched: false, silent: false }
    }
}

/// Why there is no answer: hyper's reason, how the `connection` has ended, and why the request couldn't be sent, as far as
/// that is known.
pub(super) fn of_head(failure: hyper::Error, connection: Option<&hyper::Error>, broken: Option<io::Error>) -> Error {
    if is_of_body(&failure) {
        return Error::from_source(Kind::Body, failure);
    }
    let error = no_answer(&failure, connection);
    match broken {
        Some(broken) if is_vague(&error) => Error::from_source(Kind::Io, broken),
        _ => error,
    }
}

/// Whether it says less than the system has said. What comes through h2 has lost its number.
fn is_vague(error: &Error) -> bool {
    match error.kind() {
        Kind::Disconnected => true,
        Kind::Io => error.io().is_some_and(|io| io.raw_os_error().is_none()),
        _ => false,
    }
}

fn no_answer(failure: &hyper::Error, connection: Option<&hyper::Error>) -> Error {
    if let Some(cause) = find::<h2::Error>(failure) {
        return of_http2(cause);
    }
    // Of a request that was never begun, hyper says why the connection ended, if it knew of the request by then.
    let within = failure.source().and_then(|source| source.downcast_ref::<hyper::Error>());
    let cause = within.or(connection.filter(|_| failure.is_canceled())).unwrap_or(failure);
    if cause.is_parse() {
        return Error::new(Kind::Malformed(cause.to_string()));
    }
    if let Some(io) = find::<io::Error>(cause) {
        return of_io(io);
    }
    // The last: whatever drove it is gone.
    if cause.is_incomplete_message() || cause.is_closed() || cause.is_canceled() || cause.is_user() {
        return Error::new(Kind::Disconnected);
    }
    // Bytes that nobody asked for.
    Error::new(Kind::Malformed(cause.to_string()))
}

fn of_io(error: &io::Error) -> Error {
    match error.kind() {
        // By its words: h2 keeps nothing else of an error.
        io::ErrorKind::InvalidData if error.to_string() == Chatter.to_string() => {
            Error::new(Kind::Malformed(error.to_string()))
        }
        // TLS ended without goodbye; HTTP/2 ended with streams open.
        io::ErrorKind::UnexpectedEof => Error::new(Kind::Disconnected),
        io::ErrorKind::BrokenPipe if error.raw_os_error().is_none() => Error::new(Kind::Disconnected),
        _ => Error::from_source(Kind::Io, again(error)),
    }
}

fn of_http2(error: &h2::Error) -> Error {
    match error.get_io() {
        Some(io) => of_io(io),
        None if error.is_remote() => Error::from_source(Kind::Disconnected, error.to_string()),
        None => Error::new(Kind::Malformed(error.to_string())),
    }
}

/// Whether the server says that it has not begun to work on the request.
fn is_untouched(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// Whether it is the request's own body that failed.
fn is_of_body(failure: &hyper::Error) -> bool {
    failure.is_body_write_aborted() || find::<BodyError>(failure).is_some()
}

/// Why an answer's body has ended too early: hyper's reason, and why the `connection` ended, if it has.
pub(super) fn of_body(failure: &hyper::Error, connection: &mut Option<hyper::Error>) -> Error {
    if let Some(error) = connection.take_if(|error| is_of_body(error)) {
        return Error::from_source(Kind::Body, error);
    }
    let connection = connection.as_ref();
    let io = find::<io::Error>(failure).or_else(|| http2(failure)?.get_io()).or_else(|| find::<io::Error>(connection?));
    if let Some(error) = io {
        return match error.raw_os_error() {
            Some(_) => Error::from_source(Kind::Payload("the connection failed".to_owned()), again(error)),
            None => Error::new(Kind::Payload(error.to_string())),
        };
    }
    let cause = match http2(failure) {
        Some(error) => error.to_string(),
        None => connection.unwrap_or(failure).to_string(),
    };
    Error::new(Kind::Payload(cause))
}

fn http2(error: &hyper::Error) -> Option<&h2::Error> {
    find(error)
}

/// The first of the causes that is a `T`.
fn find<T: StdError + 'static>(error: &hyper::Error) -> Option<&T> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

/// The same error once more.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
