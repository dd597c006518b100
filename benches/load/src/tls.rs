//! TLS by rustls, from the certificates of one authority, with a new session for each connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::channel::Channel;
use crate::problem::{During, Problem, Result};

/// A configuration that trusts the authority whose certificate is in `file`. No session is taken up again: each
/// connection pays for a handshake of its own.
pub fn config(file: &Path) -> Result<Arc<ClientConfig>> {
    let problem = |error: &dyn std::fmt::Display| Problem::new(format!("{}: {error}", file.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| problem(&error))? {
        roots.add(certificate.map_err(|error| problem(&error))?).map_err(|error| problem(&error))?;
    }
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Connects and shakes hands; blocks until that is done, and ever after.
pub fn blocking(at: SocketAddr, config: &Arc<ClientConfig>) -> Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut socket = TcpStream::connect(at).during("connect")?;
    socket.set_nodelay(true).during("setsockopt")?;
    let mut tls = ClientConnection::new(Arc::clone(config), ServerName::IpAddress(at.ip().into()))
        .map_err(|error| Problem::new(format!("TLS: {error}")))?;
    while tls.is_handshaking() {
        tls.complete_io(&mut socket).during("handshake")?;
    }
    Ok(StreamOwned::new(tls, socket))
}

/// Connects and shakes hands, and does not block any more.
pub fn connect(at: SocketAddr, config: &Arc<ClientConfig>) -> Result<TlsChannel> {
    let StreamOwned { conn, sock } = blocking(at, config)?;
    sock.set_nonblocking(true).during("fcntl")?;
    Ok(TlsChannel { socket: sock, tls: conn })
}

/// A connection whose handshake is done.
pub struct TlsChannel {
    socket: TcpStream,
    tls: ClientConnection,
}

impl AsFd for TlsChannel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Channel for TlsChannel {
    const SHORT_MEANS_EMPTY: bool = false;

    fn send(&mut self, data: &[u8]) -> io::Result<usize> {
        // rustls takes 64 KiB at most before some of it is sent.
        self.flush()?;
        self.tls.writer().write(data)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            if self.tls.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            self.tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}
