//! One connection, whatever it goes over. None of its calls blocks.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::problem::{During, Result};

/// What messages go through; errors with `WouldBlock` mean later.
pub trait Channel: AsFd {
    /// Each message is a datagram: whole, and possibly lost.
    const DATAGRAMS: bool = false;
    /// What came was less than there was room for: so nothing is left.
    const SHORT_MEANS_EMPTY: bool = true;

    /// Sends a part of `data`; returns how much.
    fn send(&mut self, data: &[u8]) -> io::Result<usize>;
    /// Receives into `buffer`; returns how much, 0 at the end.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Sends what the channel itself held back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Channel for TcpStream {
    fn send(&mut self, data: &[u8]) -> io::Result<usize> {
        self.write(data)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer)
    }
}

impl Channel for UnixStream {
    fn send(&mut self, data: &[u8]) -> io::Result<usize> {
        self.write(data)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer)
    }
}

impl Channel for UdpSocket {
    const DATAGRAMS: bool = true;
    const SHORT_MEANS_EMPTY: bool = false;

    fn send(&mut self, data: &[u8]) -> io::Result<usize> {
        UdpSocket::send(self, data)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer)
    }
}

/// `count` of what `connect` makes.
pub fn all<C>(count: usize, connect: impl Fn() -> Result<C>) -> Result<Vec<C>> {
    (0..count).map(|_| connect()).collect()
}

/// Connects over TCP.
pub fn tcp(at: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(at).during("connect")?;
    stream.set_nodelay(true).during("setsockopt")?;
    stream.set_nonblocking(true).during("fcntl")?;
    Ok(stream)
}

/// Connects to a Unix socket.
pub fn unix(path: &Path) -> Result<UnixStream> {
    let stream = UnixStream::connect(path).during("connect")?;
    stream.set_nonblocking(true).during("fcntl")?;
    Ok(stream)
}

/// A UDP socket that hears its server alone.
pub fn udp(at: SocketAddr) -> Result<UdpSocket> {
    let any = if at.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).during("bind")?;
    socket.connect(at).during("connect")?;
    socket.set_nonblocking(true).during("fcntl")?;
    Ok(socket)
}
