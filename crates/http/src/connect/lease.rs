//! A connection for a request: one that is there, or a new one.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use super::Connector;
use super::observe::{Notice, Observer, tell};
use super::route::Route;
use crate::conn::Connection;
use crate::error::{Error, Kind};
use crate::pool::{Acquired, Key, Lease, Pool};
use crate::runtime::Runtime;
use crate::timeouts::Timeouts;
use crate::url::Target;

/// What came first.
enum Came<R: Runtime> {
    /// The new connection.
    Own(Connection<R>),
    /// A share of somebody else's.
    Shared(Lease<R, Connection<R>>),
}

/// A connection to where `target` is, by `route`. Waits for a slot of the pool if need be, and connects.
///
/// Errors: those of [`Connector::connect`], and [`Kind::Closed`].
pub async fn lease<R: Runtime>(
    pool: &Pool<R, Connection<R>>,
    connector: &Connector<R>,
    target: &Target,
    route: Option<&Rc<Route>>,
    timeouts: &Timeouts,
    observer: Option<&dyn Observer>,
) -> Result<Lease<R, Connection<R>>, Error> {
    let key = Key::new(target, route);
    let mut acquire = pool.acquire(&key);
    let at_once = poll_fn(|cx| Poll::Ready(Pin::new(&mut acquire).poll(cx))).await;
    let acquired = match at_once {
        Poll::Ready(acquired) => acquired?,
        Poll::Pending => {
            tell(observer, Notice::QueuedStart);
            let acquired = acquire.await?;
            tell(observer, Notice::QueuedEnd);
            acquired
        }
    };
    let mut permit = match acquired {
        Acquired::Permit(permit) => permit,
        Acquired::Lease(lease) => {
            tell(observer, Notice::Reused);
            return Ok(lease);
        }
    };
    tell(observer, Notice::CreateStart);
    // Boxed, as each request would have room for it otherwise, and few connect.
    let mut connecting = Box::pin(connector.connect(&key, timeouts, observer));
    let came = poll_fn(|cx| {
        if permit.is_void() {
            return Poll::Ready(Err(Error::new(Kind::Closed).at(&key.origin())));
        }
        if let Poll::Ready(lease) = permit.poll_shared(cx) {
            return Poll::Ready(Ok(Came::Shared(lease)));
        }
        connecting.as_mut().poll(cx).map_ok(Came::Own)
    })
    .await?;
    Ok(match came {
        Came::Own(connection) => {
            tell(observer, Notice::CreateEnd);
            permit.fill(connection)
        }
        Came::Shared(lease) => lease,
    })
}
