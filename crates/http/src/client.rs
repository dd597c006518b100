//! The client: what all requests of one session share.

use std::fmt;
use std::rc::Rc;

use crate::conn::Connection;
use crate::connect::{self, ConnectSettings, Connector};
use crate::decode::Bound;
use crate::error::Error;
use crate::pool::{Lease, Pool, PoolSettings, Statistics};
use crate::request::{Options, Outgoing, Sending};
use crate::runtime::Runtime;
use crate::url::Target;

/// A client, with a pool of connections. Clones are the same client.
pub struct Client<R: Runtime>(Rc<Shared<R>>);

struct Shared<R: Runtime> {
    runtime: R,
    pool: Pool<R, Connection<R>>,
    connector: Rc<Connector<R>>,
    decode: Bound,
    keep: bool,
}

/// What a client is made with.
pub struct Settings<R: Runtime> {
    /// How many connections there may be, and for how long.
    pub pool: PoolSettings,
    /// How they are made.
    pub connect: ConnectSettings<R>,
    /// How much a compressed body may expand.
    pub decode: Bound,
}

impl<R: Runtime> Default for Settings<R> {
    fn default() -> Self {
        Self { pool: PoolSettings::default(), connect: ConnectSettings::default(), decode: Bound::default() }
    }
}

impl<R: Runtime> Client<R> {
    /// A client without a connection so far.
    pub fn new(runtime: R, settings: Settings<R>) -> Self {
        let Settings { pool, connect, decode } = settings;
        Self(Rc::new(Shared {
            keep: !pool.force_close,
            pool: Pool::new(runtime.clone(), pool),
            connector: Rc::new(Connector::new(runtime.clone(), connect)),
            decode,
            runtime,
        }))
    }

    /// A request, which begins when it is first polled. Dropped, it is cancelled.
    pub fn send(&self, request: Outgoing, options: Rc<Options>) -> Sending<R> {
        Sending::new(self.clone(), request, options)
    }

    /// Closes all connections. What is under way on them, and what is begun from now on, fails with
    /// [`Kind::Closed`](crate::Kind::Closed).
    pub fn close(&self) {
        self.0.pool.close();
        self.0.connector.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.pool.is_closed()
    }

    /// How many connections there are now.
    pub fn statistics(&self) -> Statistics {
        self.0.pool.statistics()
    }

    /// Forgets the addresses of a name and port; of all, if none is given.
    pub fn clear_dns_cache(&self, only: Option<(&str, u16)>) {
        self.0.connector.clear_dns_cache(only);
    }

    /// Where it lives.
    pub fn runtime(&self) -> &R {
        &self.0.runtime
    }

    /// A connection to where `url` is.
    pub(crate) async fn lease(&self, url: &Target, options: &Options) -> Result<Lease<R, Connection<R>>, Error> {
        let Shared { pool, connector, .. } = &*self.0;
        let (route, observer) = (options.route.as_ref(), options.observer.as_deref());
        connect::lease(pool, connector, url, route, &options.timeouts, observer).await
    }

    /// Whether connections are used more than once.
    pub(crate) fn keeps_connections(&self) -> bool {
        self.0.keep
    }

    pub(crate) fn decode_bound(&self) -> Bound {
        self.0.decode
    }
}

impl<R: Runtime> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Runtime> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<R: Runtime> fmt::Debug for Settings<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("decode", &self.decode).finish_non_exhaustive()
    }
}
