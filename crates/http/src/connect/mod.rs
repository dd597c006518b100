//! New connections: names looked up, addresses tried, proxies asked, TLS spoken.

mod connector;
mod dns;
mod lease;
mod observe;
mod race;
mod route;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use rustls::RootCertStore;

use crate::conn;
use crate::io::ForeignTls;
use crate::runtime::{Family, Runtime};

pub use connector::Connector;
pub use dns::{DnsCache, Looking, Resolve};
pub use lease::lease;
pub use observe::{Notice, Observer};
pub use race::ConnectFailed;
pub use route::{Proxy, Route, TlsChoice};

/// When HTTP/2 is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2 {
    /// Where the server agrees to it over TLS (ALPN, RFC 7301).
    #[default]
    Alpn,
    /// Without asking, also without TLS (RFC 9113, section 3.3).
    PriorKnowledge,
    /// Never.
    Off,
}

/// Who makes sockets, in place of this crate.
pub trait MakeSocket {
    /// A stream socket to connect to `peer` with: unconnected, non-blocking.
    fn socket(&self, peer: &SocketAddr) -> io::Result<OwnedFd>;
}

/// How connections are made.
pub struct ConnectSettings<R: Runtime> {
    /// Which addresses are wanted.
    pub family: Family,
    /// From which address; with port 0, from any port of it.
    pub local_addr: Option<SocketAddr>,
    /// How long one address may take before the next is tried beside it; none: each is tried when the one before it has
    /// failed.
    pub happy_eyeballs_delay: Option<Duration>,
    /// How many addresses of the family that comes first are tried before one of the other; none: one, if addresses are
    /// tried beside each other, and the order of the resolver if not.
    pub interleave: Option<usize>,
    /// How long addresses are remembered.
    pub dns: DnsCache,
    /// Of how many names they are.
    pub dns_cache_size: usize,
    /// The Unix socket to connect to, whatever the URL's host is.
    pub unix: Option<PathBuf>,
    /// When HTTP/2 is spoken.
    pub http2: Http2,
    /// Whom to trust, unless a request says otherwise.
    pub tls: TlsChoice,
    /// Who vouches for servers; none: those whom the platform trusts.
    pub roots: Option<RootCertStore>,
    /// Speaks TLS where [`TlsChoice::Foreign`] is chosen.
    pub foreign_tls: Option<Rc<dyn ForeignTls<R>>>,
    /// Looks names up, in place of the runtime.
    pub resolver: Option<Rc<dyn Resolve>>,
    /// Makes sockets, in place of this crate.
    pub sockets: Option<Rc<dyn MakeSocket>>,
    /// How much the heads of answers may be.
    pub limits: conn::Limits,
}

impl<R: Runtime> Default for ConnectSettings<R> {
    /// Both families, a quarter of a second for each address, and addresses that are remembered for ten.
    fn default() -> Self {
        Self {
            family: Family::Any,
            local_addr: None,
            happy_eyeballs_delay: Some(Duration::from_millis(250)),
            interleave: None,
            dns: DnsCache::For(Duration::from_secs(10)),
            dns_cache_size: 1000,
            unix: None,
            http2: Http2::Alpn,
            tls: TlsChoice::Verify,
            roots: None,
            foreign_tls: None,
            resolver: None,
            sockets: None,
            limits: conn::Limits::default(),
        }
    }
}

impl<R: Runtime> fmt::Debug for ConnectSettings<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectSettings")
            .field("family", &self.family)
            .field("local_addr", &self.local_addr)
            .field("unix", &self.unix)
            .field("http2", &self.http2)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
