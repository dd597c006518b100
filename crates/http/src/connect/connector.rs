//! How a connection comes about.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http::HeaderMap;
use rondel_engine::Nanos;
use rondel_net::Connect;

use super::dns::Dns;
use super::observe::Observer;
use super::race::{Attempt, ConnectFailed, interleave, next_round, race};
use super::route::{Proxy, Route, TlsChoice};
use super::{ConnectSettings, Http2};
use crate::conn::{self, Connection};
use crate::error::{Error, Kind, Origin, Phase};
use crate::io::{Io, Socket, TlsConfigs, handshake};
use crate::pool::Key;
use crate::runtime::Runtime;
use crate::timeouts::{Clock, Timeouts};

/// While a server's queue is full: how long to wait first, and at most, before it is tried again, in nanoseconds.
const BACKOFF: (Nanos, Nanos) = (1_000_000, 64_000_000);

/// Makes connections.
pub struct Connector<R: Runtime> {
    runtime: R,
    settings: ConnectSettings<R>,
    dns: Dns<R>,
    tls: TlsConfigs,
    spares: conn::Spares<R>,
}

/// Whom the socket is connected to: the server, or the proxy before it.
struct Hop<'a> {
    host: &'a str,
    port: u16,
    tls: Option<Secure<'a>>,
}

/// TLS with somebody.
struct Secure<'a> {
    choice: &'a TlsChoice,
    /// For whom the certificate must be.
    name: &'a str,
    http2: bool,
}

/// Why an address is not to be talked to.
enum Fault {
    /// All addresses were tried, and none took the connection.
    Nobody(Error),
    /// One did, but then something else went wrong.
    Other(Error),
}

impl<R: Runtime> Connector<R> {
    /// Nothing is done yet.
    pub fn new(runtime: R, mut settings: ConnectSettings<R>) -> Self {
        let tls = settings.roots.take().map_or_else(TlsConfigs::default, TlsConfigs::trusting);
        let (dns, size) = (settings.dns, settings.dns_cache_size);
        let dns = Dns::new(runtime.clone(), settings.resolver.take(), settings.family, dns, size);
        let spares = conn::Spares::new(settings.limits);
        Self { runtime, settings, dns, tls, spares }
    }

    /// A new connection for `key`. `timeouts`: of them `sock_connect` counts here, for the addresses that are tried beside
    /// each other, TLS included; then it begins anew.
    ///
    /// Errors: [`Kind::Lookup`], [`Kind::Connect`], [`Kind::Certificate`], [`Kind::Tls`], [`Kind::Proxy`],
    /// [`Kind::Timeout`], [`Kind::Malformed`] (the proxy).
    pub async fn connect(
        &self,
        key: &Key,
        timeouts: &Timeouts,
        observer: Option<&dyn Observer>,
    ) -> Result<Connection<R>, Error> {
        let origin = key.origin();
        let limits = Timeouts {
            sock_connect: timeouts.sock_connect,
            ceil_threshold: timeouts.ceil_threshold,
            ..Timeouts::none()
        };
        let mut clock = Clock::start(self.runtime.clone(), &limits);
        let protocol = conn::Settings {
            limits: self.settings.limits,
            prior_knowledge: self.settings.http2 == Http2::PriorKnowledge && !key.is_http1(),
        };
        let io = match key.route().and_then(|route| Some((route, route.proxy.as_deref()?))) {
            None => {
                let tls = key.is_tls().then(|| self.secure_server(key));
                let hop = Hop { host: key.host(), port: key.port(), tls };
                self.reach(&hop, &origin, &mut clock, observer).await?
            }
            Some((route, proxy)) => {
                let io = self.reach_proxy(route, proxy, &mut clock, observer).await?;
                if !key.is_tls() {
                    return Connection::open(&self.runtime, io, &protocol, &self.spares)
                        .await
                        .map_err(|error| error.at(&origin));
                }
                let connected = async {
                    let protocol = conn::Settings { prior_knowledge: false, ..protocol };
                    let headers = route.tunnel_headers().map(|(name, value)| (name.clone(), value.clone()));
                    let headers: HeaderMap = headers.collect();
                    let io = conn::tunnel(&self.runtime, io, &authority(key), headers, &protocol).await?;
                    clock.bound(Phase::SockConnect, self.secure(io, &self.secure_server(key))).await?
                };
                connected.await.map_err(|error| error.at(&origin))?
            }
        };
        Connection::open(&self.runtime, io, &protocol, &self.spares).await.map_err(|error| error.at(&origin))
    }

    /// Forgets the addresses of a name and port; of all, if none is given.
    pub fn clear_dns_cache(&self, only: Option<(&str, u16)>) {
        self.dns.clear(only);
    }

    /// Gives up all look-ups that are under way.
    pub fn close(&self) {
        self.dns.close();
    }

    /// TLS with the server itself.
    fn secure_server<'a>(&'a self, key: &'a Key) -> Secure<'a> {
        let name = key.route().and_then(|route| route.server_name.as_deref()).unwrap_or(key.host());
        let http2 = self.settings.http2 != Http2::Off && !key.is_http1();
        Secure { choice: self.choice(key.route()), name, http2 }
    }

    /// Whom to trust: what the request says counts more than what the client was made with.
    fn choice<'a>(&'a self, route: Option<&'a Route>) -> &'a TlsChoice {
        route.map(|route| &route.tls).filter(|choice| **choice != TlsChoice::Verify).unwrap_or(&self.settings.tls)
    }

    async fn reach_proxy(
        &self,
        route: &Route,
        proxy: &Proxy,
        clock: &mut Clock<R>,
        observer: Option<&dyn Observer>,
    ) -> Result<Io<R>, Error> {
        let choice = match self.choice(Some(route)) {
            TlsChoice::Fingerprint(_) => &TlsChoice::Verify, // the server's, not the proxy's
            choice => choice,
        };
        let tls = proxy.url.is_tls().then(|| Secure { choice, name: proxy.url.host(), http2: false });
        let hop = Hop { host: proxy.url.host(), port: proxy.url.port(), tls };
        self.reach(&hop, &proxy.url.origin(), clock, observer).await
    }

    /// Connects to `hop`, by whichever of its addresses is best.
    async fn reach(
        &self,
        hop: &Hop<'_>,
        origin: &Origin,
        clock: &mut Clock<R>,
        observer: Option<&dyn Observer>,
    ) -> Result<Io<R>, Error> {
        if let Some(path) = &self.settings.unix {
            let connected = clock.bound(Phase::SockConnect, self.reach_unix(path, hop)).await;
            return connected.and_then(|io| io).map_err(|error| error.at(origin));
        }
        // More dots than the one that ends a full name say no more.
        let host = hop.host.trim_end_matches('.');
        let full = hop.host.get(..=host.len()).unwrap_or(host);
        let mut addresses = self.dns.lookup(full, hop.port, origin, observer).await?;
        loop {
            let error = match clock.bound(Phase::SockConnect, self.reach_any(&addresses, hop)).await {
                Ok(Ok(io)) => return Ok(io),
                Ok(Err(Fault::Nobody(error))) => return Err(error.at(origin)),
                Ok(Err(Fault::Other(error))) | Err(error) => error,
            };
            next_round(&mut addresses, self.settings.interleave.unwrap_or(1));
            if addresses.is_empty() {
                return Err(error.at(origin));
            }
        }
    }

    async fn reach_any(&self, addresses: &[SocketAddr], hop: &Hop<'_>) -> Result<Io<R>, Fault> {
        let nanos = |delay: Duration| Nanos::try_from(delay.as_nanos()).unwrap_or(Nanos::MAX);
        let delay = self.settings.happy_eyeballs_delay.map(nanos);
        let ordered = match (self.settings.interleave, delay) {
            (Some(first), _) if first != 0 => interleave(addresses.to_vec(), first),
            (None, Some(_)) => interleave(addresses.to_vec(), 1),
            _ => addresses.to_vec(),
        };
        let connected = race(&self.runtime, &ordered, delay, |peer| self.begin(peer)).await;
        let stream =
            connected.map_err(|failed: ConnectFailed| Fault::Nobody(Error::from_source(Kind::Connect, failed)))?;
        // What is sent is sent as a whole, and is to leave at once. A socket that can't do that works all the same.
        let _ = stream.set_nodelay(true);
        let io = Io::Plain(Socket::new(&self.runtime, stream));
        match &hop.tls {
            Some(tls) => self.secure(io, tls).await.map_err(Fault::Other),
            None => Ok(io),
        }
    }

    fn begin(&self, peer: &SocketAddr) -> io::Result<Attempt<R>> {
        let local = self.settings.local_addr.as_ref();
        if local.is_some_and(|local| local.is_ipv4() != peer.is_ipv4()) {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "no local address of the same family"));
        }
        let connect = match &self.settings.sockets {
            Some(sockets) => Connect::start_on(sockets.socket(peer)?, local, peer)?,
            None => Connect::start_from(local, peer)?,
        };
        Ok(Attempt::new(&self.runtime, connect))
    }

    async fn reach_unix(&self, path: &Path, hop: &Hop<'_>) -> Result<Io<R>, Error> {
        let (mut pause, longest) = BACKOFF;
        let socket = loop {
            match rondel_net::Socket::connect_unix(path) {
                Ok(socket) => break socket,
                // The queue of those who are not yet accepted is full, and the system does not tell when it is not.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.runtime.sleep_until(self.runtime.now().saturating_add(pause)).await;
                    pause = longest.min(pause * 2);
                }
                Err(error) => return Err(Error::from_source(Kind::Connect, error)),
            }
        };
        let io = Io::Plain(Socket::new(&self.runtime, socket));
        match &hop.tls {
            Some(tls) => self.secure(io, tls).await,
            None => Ok(io),
        }
    }

    async fn secure(&self, io: Io<R>, tls: &Secure<'_>) -> Result<Io<R>, Error> {
        let TlsChoice::Foreign(context) = tls.choice else {
            return handshake(self.tls.get(tls.choice, tls.http2)?, tls.name, io).await;
        };
        let Some(foreign) = &self.settings.foreign_tls else {
            return Err(Error::from_source(Kind::Tls, "a context of the embedder, who has not said how to use it"));
        };
        foreign.handshake(*context, tls.name.trim_end_matches('.'), tls.http2, io).await.map(Io::Foreign)
    }
}

/// What a proxy is asked to connect to: always with the port (RFC 9110, 9.3.6).
fn authority(key: &Key) -> String {
    let brackets = if key.host().contains(':') { ["[", "]"] } else { ["", ""] };
    format!("{}{}{}:{}", brackets[0], key.host(), brackets[1], key.port())
}

impl<R: Runtime> fmt::Debug for Connector<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("settings", &self.settings).finish_non_exhaustive()
    }
}
