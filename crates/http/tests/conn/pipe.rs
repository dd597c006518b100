//! Two ends of a connection in memory: the client's, as a connection takes it, and the server's, as a test plays it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hyper::rt::{Read, ReadBufCursor, Write};
use rondel_http::io::{Endpoints, ForeignIo, Io};

use crate::bench::Bench;

/// One direction.
#[derive(Default)]
struct Way {
    bytes: VecDeque<u8>,
    /// No more follow.
    ended: bool,
    /// How the next read or write fails, and each one after it.
    failure: Option<io::ErrorKind>,
    /// Bytes that fit in. None: any number.
    room: Option<usize>,
    /// How often something was written.
    writes: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Way {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.bytes.is_empty() {
            let length = self.bytes.len().min(buffer.len());
            for (place, byte) in buffer.iter_mut().zip(self.bytes.drain(..length)) {
                *place = byte;
            }
            if let Some(writer) = self.writer.take() {
                writer.wake();
            }
            return Poll::Ready(Ok(length));
        }
        if let Some(kind) = self.failure {
            return Poll::Ready(Err(kind.into()));
        }
        if self.ended {
            return Poll::Ready(Ok(0));
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(kind) = self.failure {
            return Poll::Ready(Err(kind.into()));
        }
        let room = self.room.map_or(data.len(), |room| room.saturating_sub(self.bytes.len()));
        if room == 0 && !data.is_empty() {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let length = data.len().min(room);
        self.bytes.extend(&data[..length]);
        self.writes += 1;
        self.notify();
        Poll::Ready(Ok(length))
    }

    fn notify(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

#[derive(Default)]
struct Ways {
    to_client: Way,
    to_server: Way,
    client_is_gone: bool,
}

/// The client's end.
pub struct Client {
    ways: Rc<RefCell<Ways>>,
    alpn: Option<&'static [u8]>,
}

/// The server's end.
#[derive(Clone)]
pub struct Server(Rc<RefCell<Ways>>);

/// A connection, on which both ends have agreed on `alpn`.
pub fn pipe(alpn: Option<&'static [u8]>) -> (Io<Bench>, Server) {
    let ways = Rc::new(RefCell::new(Ways::default()));
    let client = Client { ways: Rc::clone(&ways), alpn };
    (Io::Foreign(Box::new(client)), Server(ways))
}

impl Server {
    /// Sends `data`.
    pub fn send(&self, data: impl AsRef<[u8]>) {
        let way = &mut self.0.borrow_mut().to_client;
        way.bytes.extend(data.as_ref());
        way.notify();
    }

    /// Says that no more follows.
    pub fn end(&self) {
        let way = &mut self.0.borrow_mut().to_client;
        way.ended = true;
        way.notify();
    }

    /// Fails the connection: what was sent before can still be read.
    pub fn reset(&self) {
        let ways = &mut *self.0.borrow_mut();
        for way in [&mut ways.to_client, &mut ways.to_server] {
            way.failure = Some(io::ErrorKind::ConnectionReset);
            way.notify();
            if let Some(writer) = way.writer.take() {
                writer.wake();
            }
        }
    }

    /// Ends both directions, whatever the server itself goes on to do.
    pub fn cut(&self) {
        let ways = &mut *self.0.borrow_mut();
        ways.to_client.ended = true;
        ways.to_client.notify();
        ways.to_client.room = Some(0);
        ways.to_server.ended = true;
        ways.to_server.notify();
    }

    /// Takes no more than `room` bytes that were not read yet.
    pub fn room(&self, room: usize) {
        self.0.borrow_mut().to_server.room = Some(room);
    }

    /// What the client has sent since the last call.
    pub fn received(&self) -> String {
        let way = &mut self.0.borrow_mut().to_server;
        if let Some(writer) = way.writer.take() {
            writer.wake();
        }
        let bytes: Vec<u8> = way.bytes.drain(..).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The same, as bytes.
    pub fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().to_server.bytes.drain(..).collect()
    }

    /// Has `data` arrive here, as if the client had sent it.
    pub fn arrive(&self, data: &[u8]) {
        let way = &mut self.0.borrow_mut().to_server;
        way.bytes.extend(data);
        way.notify();
    }

    /// What was sent to the client, taken on its way.
    pub fn leave(&self) -> Vec<u8> {
        self.0.borrow_mut().to_client.bytes.drain(..).collect()
    }

    /// Whether the client has sent something that was not looked at yet.
    pub fn is_asked(&self) -> bool {
        !self.0.borrow().to_server.bytes.is_empty()
    }

    /// How often the client has written.
    pub fn writes(&self) -> usize {
        self.0.borrow().to_server.writes
    }

    /// Bytes that the client has not read yet.
    pub fn unread(&self) -> usize {
        self.0.borrow().to_client.bytes.len()
    }

    /// Whether the client has closed the connection.
    pub fn is_left(&self) -> bool {
        self.0.borrow().client_is_gone
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let ways = &mut *self.ways.borrow_mut();
        ways.client_is_gone = true;
        ways.to_server.ended = true;
        ways.to_server.notify();
    }
}

impl ForeignIo for Client {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.ways.borrow_mut().to_client.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.ways.borrow_mut().to_server.poll_write(cx, data)
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ways.borrow_mut().to_server.ended = true;
        Poll::Ready(Ok(()))
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.alpn
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints { alpn: self.alpn.map(<[u8]>::to_vec), ..Endpoints::default() }
    }
}

impl Read for Server {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut buffer = vec![0; cursor.remaining()];
        self.0.borrow_mut().to_server.poll_read(cx, &mut buffer).map_ok(|length| cursor.put_slice(&buffer[..length]))
    }
}

impl Write for Server {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().to_client.poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}
