//! The limit: echo servers of one thread that do what any must, and nothing more.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::problem::{During, Problem, Result};

/// Holds the largest message of the bench; a larger one only costs cache.
const BUFFER: usize = 128 * 1024;
const BATCH: usize = 256;
const BACKLOG: i32 = 1024;
/// The number of the listener among the sources; connections count from 0.
const LISTENER: u64 = u64::MAX;

/// Serves at `place`: `tcp` and `udp` on a free port of 127.0.0.1, `unix:PATH`. Prints the address as a load wants it.
pub fn serve(place: &str) -> Result<()> {
    match place.split_once(':') {
        None if place == "tcp" => {
            let listener = TcpListener::bind("127.0.0.1:0").during("bind")?;
            rustix::net::listen(&listener, BACKLOG).during("listen")?;
            listener.set_nonblocking(true).during("fcntl")?;
            println!("tcp:{}", listener.local_addr().during("getsockname")?);
            streams(&listener)
        }
        None if place == "udp" => {
            let socket = UdpSocket::bind("127.0.0.1:0").during("bind")?;
            println!("udp:{}", socket.local_addr().during("getsockname")?);
            datagrams(&socket)
        }
        Some(("unix", path)) => {
            let listener = UnixListener::bind(path).during("bind")?;
            rustix::net::listen(&listener, BACKLOG).during("listen")?;
            listener.set_nonblocking(true).during("fcntl")?;
            println!("unix:{path}");
            streams(&listener)
        }
        _ => Err(Problem::new(format!("{place}: not tcp, udp or unix:PATH"))),
    }
}

fn datagrams(socket: &UdpSocket) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let (length, sender) = socket.recv_from(&mut buffer).during("recvfrom")?;
        // A client that has left is no matter of the server's.
        _ = socket.send_to(&buffer[..length], sender);
    }
}

trait Listener: AsFd {
    type Stream: Read + Write + AsFd;

    fn accept(&self) -> io::Result<Self::Stream>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = TcpListener::accept(self)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    fn accept(&self) -> io::Result<UnixStream> {
        let (stream, _) = UnixListener::accept(self)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

/// What the kernel did not take yet waits in `unsent`; meanwhile nothing is read from this connection.
struct Connection<S> {
    stream: S,
    unsent: Vec<u8>,
}

fn streams<L: Listener>(listener: &L) -> Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC).during("epoll_create1")?;
    epoll::add(&epoll, listener, EventData::new_u64(LISTENER), EventFlags::IN).during("epoll_ctl")?;
    let mut events = vec![Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; BATCH];
    let mut connections: Vec<Option<Connection<L::Stream>>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match epoll::wait(&epoll, &mut events[..], None) {
            Err(Errno::INTR) => 0,
            other => other.during("epoll_wait")?,
        };
        for event in &events[..count] {
            if event.data.u64() == LISTENER {
                // Whoever left before we came is no error of ours.
                let Ok(stream) = listener.accept() else { continue };
                let number = free.pop().unwrap_or(connections.len());
                epoll::add(&epoll, &stream, EventData::new_u64(number as u64), EventFlags::IN).during("epoll_ctl")?;
                if number == connections.len() {
                    connections.push(None);
                }
                connections[number] = Some(Connection { stream, unsent: Vec::new() });
                continue;
            }
            let number = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            let Some(connection) = &mut connections[number] else { continue };
            let before = connection.unsent.is_empty();
            let goes_on = if before { connection.readable(&mut buffer) } else { connection.writable() };
            if goes_on.is_err() {
                connections[number] = None; // which closes it
                free.push(number);
            } else if connection.unsent.is_empty() != before {
                connection.watch(&epoll, number)?;
            }
        }
    }
}

impl<S: Read + Write + AsFd> Connection<S> {
    /// An error ends the connection.
    fn readable(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let length = match self.stream.read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            other => other?,
        };
        let sent = self.send(&buffer[..length])?;
        self.unsent.extend_from_slice(&buffer[sent..length]);
        Ok(())
    }

    fn writable(&mut self) -> io::Result<()> {
        let unsent = std::mem::take(&mut self.unsent);
        let sent = self.send(&unsent)?;
        self.unsent.extend_from_slice(&unsent[sent..]);
        Ok(())
    }

    /// How much the kernel took.
    fn send(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.stream.write(data) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }

    fn watch(&self, epoll: &OwnedFd, number: usize) -> Result<()> {
        let flags = if self.unsent.is_empty() { EventFlags::IN } else { EventFlags::OUT };
        epoll::modify(epoll, &self.stream, EventData::new_u64(number as u64), flags).during("epoll_ctl")
    }
}
