//! The addresses of a name: looked up once for all who ask at a time, and remembered.

mod cache;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rondel_engine::Nanos;
use slab::Slab;

use self::cache::{Cache, Name};
use super::observe::{Notice, Observer, tell};
use crate::error::{Error, Kind, Origin};
use crate::runtime::{Family, Runtime};

/// How long the addresses of a name are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsCache {
    /// Not at all. Each request looks up for itself.
    Off,
    /// Until they are to be forgotten.
    Forever,
    /// As long as this.
    For(Duration),
}

/// A name being looked up.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>>>>;

/// Who looks names up, in place of the runtime.
pub trait Resolve {
    /// The addresses of `host`, as [`Runtime::lookup`] gives them. What it gives is dropped when nobody wants them any more.
    fn lookup(&self, host: &str, port: u16, family: Family) -> Looking;
}

/// Looks names up. Clones are the same.
pub(super) struct Dns<R: Runtime>(Rc<Inner<R>>);

struct Inner<R: Runtime> {
    runtime: R,
    resolver: Option<Rc<dyn Resolve>>,
    family: Family,
    /// None: nothing is remembered.
    cache: Option<RefCell<Cache>>,
    asking: RefCell<HashMap<Name, Rc<Asking>>>,
}

/// A question whose answer several may wait for.
#[derive(Default)]
struct Asking {
    answer: RefCell<Option<Result<Vec<SocketAddr>, Error>>>,
    wakers: RefCell<Slab<Waker>>,
    /// There will be no answer: the client is closed.
    given_up: Cell<bool>,
    /// Who asks.
    worker: RefCell<Option<Waker>>,
}

/// One of those who wait. Dropped, it leaves nothing behind: a look-up may hang for ever, while requests come and go.
struct Waiting<'a> {
    asking: &'a Asking,
    /// Where its waker is.
    place: Option<usize>,
}

impl<R: Runtime> Dns<R> {
    /// `capacity`: names that are remembered.
    pub(super) fn new(
        runtime: R,
        resolver: Option<Rc<dyn Resolve>>,
        family: Family,
        cache: DnsCache,
        capacity: usize,
    ) -> Self {
        let nanos = |ttl: Duration| Nanos::try_from(ttl.as_nanos()).unwrap_or(Nanos::MAX);
        let cache = match cache {
            DnsCache::Off => None,
            DnsCache::Forever => Some(Cache::new(None, capacity)),
            DnsCache::For(ttl) => Some(Cache::new(Some(nanos(ttl)), capacity)),
        };
        let cache = cache.map(RefCell::new);
        Self(Rc::new(Inner { runtime, resolver, family, cache, asking: RefCell::default() }))
    }

    /// The addresses of `host`: at least one, best first. Those who ask for the same at a time are answered together, and
    /// when one of them goes away, the others wait on.
    ///
    /// Errors: [`Kind::Lookup`]; [`Kind::InvalidUrl`] for numbers that are no address, although the system takes them for
    /// one (`127.1`): who allows and forbids addresses would be deceived.
    pub(super) async fn lookup(
        &self,
        host: &str,
        port: u16,
        origin: &Origin,
        observer: Option<&dyn Observer>,
    ) -> Result<Vec<SocketAddr>, Error> {
        if let Some(address) = self.literal(host).map_err(|error| error.at(origin))? {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let Some(cache) = &self.0.cache else {
            tell(observer, Notice::DnsStart(host));
            let found = self.0.ask(host, port).await;
            tell(observer, Notice::DnsEnd(host));
            return self.answer(found, origin);
        };
        let name = (host.to_owned(), port);
        let known = cache.borrow_mut().get(&name, self.0.runtime.now());
        if let Some(addresses) = known {
            tell(observer, Notice::DnsHit(host));
            return Ok(addresses);
        }
        let asked = self.0.asking.borrow().get(&name).cloned();
        if let Some(asking) = asked {
            tell(observer, Notice::DnsHit(host));
            let found = asking.wait().await;
            return self.0.in_turn(&name, found);
        }
        let asking = self.begin(name.clone(), origin);
        tell(observer, Notice::DnsMiss(host));
        tell(observer, Notice::DnsStart(host));
        let found = asking.wait().await;
        tell(observer, Notice::DnsEnd(host));
        self.0.in_turn(&name, found)
    }

    /// The address that `host` is, if it is one.
    fn literal(&self, host: &str) -> Result<Option<IpAddr>, Error> {
        let Ok(address) = host.parse::<IpAddr>() else {
            let numbers = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            return if numbers {
                let why = "is not a canonical IPv4 address";
                Err(Error::from_source(Kind::InvalidUrl(host.to_owned()), why))
            } else {
                Ok(None)
            };
        };
        if self.is_wanted(address) {
            Ok(Some(address))
        } else {
            Err(Error::from_source(Kind::Lookup, "no address of the wanted family"))
        }
    }

    fn is_wanted(&self, address: IpAddr) -> bool {
        match self.0.family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }

    /// What is to be said of what was `found`.
    fn answer(&self, found: io::Result<Vec<SocketAddr>>, origin: &Origin) -> Result<Vec<SocketAddr>, Error> {
        let wanted = |address: &SocketAddr| self.is_wanted(address.ip());
        match found {
            Ok(addresses) if addresses.iter().any(wanted) => Ok(addresses.into_iter().filter(wanted).collect()),
            Ok(_) => Err(Error::from_source(Kind::Lookup, "the name has no address of the wanted family").at(origin)),
            Err(error) => Err(Error::from_source(Kind::Lookup, error).at(origin)),
        }
    }

    /// Asks in the background, so that it goes on when whoever began it goes away.
    fn begin(&self, name: Name, origin: &Origin) -> Rc<Asking> {
        let asking = Rc::new(Asking::default());
        self.0.asking.borrow_mut().insert(name.clone(), Rc::clone(&asking));
        let task = Task { dns: Self(Rc::clone(&self.0)), name, asking: Rc::clone(&asking) };
        let origin = origin.clone();
        let looking = self.0.ask(&task.name.0, task.name.1);
        self.0.runtime.spawn(Box::pin(async move {
            let mut looking = pin!(looking);
            let found = poll_fn(|cx| {
                if task.asking.is_given_up(cx) {
                    return Poll::Ready(None);
                }
                looking.as_mut().poll(cx).map(Some)
            });
            if let Some(found) = found.await {
                task.found(task.dns.answer(found, &origin));
            }
        }));
        asking
    }

    /// Gives up all that is being asked in the background.
    pub(super) fn close(&self) {
        let all: Vec<Rc<Asking>> = self.0.asking.borrow().values().cloned().collect();
        for asking in &all {
            asking.give_up();
        }
    }

    /// Forgets the addresses of a name and port; of all, if none is given.
    pub(super) fn clear(&self, only: Option<(&str, u16)>) {
        if let Some(cache) = &self.0.cache {
            let name = only.map(|(host, port)| (host.to_owned(), port));
            cache.borrow_mut().clear(name.as_ref());
        }
    }
}

impl<R: Runtime> Inner<R> {
    /// What was found, with another address first for each who asks.
    fn in_turn(&self, name: &Name, found: Result<Vec<SocketAddr>, Error>) -> Result<Vec<SocketAddr>, Error> {
        let known = self.cache.as_ref().and_then(|cache| cache.borrow_mut().get(name, self.runtime.now()));
        found.map(|found| known.unwrap_or(found))
    }

    fn ask(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + use<R> {
        let looking = match &self.resolver {
            Some(resolver) => Ok(resolver.lookup(host, port, self.family)),
            None => Err(self.runtime.lookup(host, port, self.family)),
        };
        async move {
            match looking {
                Ok(looking) => looking.await,
                Err(looking) => looking.await,
            }
        }
    }
}

impl Asking {
    /// If not, the task is woken when it is.
    fn is_given_up(&self, cx: &mut Context<'_>) -> bool {
        let before = self.worker.replace(Some(cx.waker().clone()));
        drop(before);
        self.given_up.get()
    }

    fn give_up(&self) {
        self.given_up.set(true);
        let worker = self.worker.take();
        if let Some(worker) = worker {
            worker.wake();
        }
    }

    fn wait(&self) -> Waiting<'_> {
        Waiting { asking: self, place: None }
    }
}

impl Future for Waiting<'_> {
    type Output = Result<Vec<SocketAddr>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { asking, place } = self.get_mut();
        if let Some(answer) = &*asking.answer.borrow() {
            return Poll::Ready(answer.clone());
        }
        let waker = cx.waker().clone();
        let mut wakers = asking.wakers.borrow_mut();
        let before = if let Some(known) = place.and_then(|place| wakers.get_mut(place)) {
            Some(std::mem::replace(known, waker))
        } else {
            *place = Some(wakers.insert(waker));
            None
        };
        drop(wakers); // a waker's drop may come back here
        drop(before);
        Poll::Pending
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waker = self.place.and_then(|place| self.asking.wakers.borrow_mut().try_remove(place));
        drop(waker);
    }
}

/// The background task of a question. If it is dropped before its end, the question has failed.
struct Task<R: Runtime> {
    dns: Dns<R>,
    name: Name,
    asking: Rc<Asking>,
}

impl<R: Runtime> Task<R> {
    fn found(&self, found: Result<Vec<SocketAddr>, Error>) {
        if let (Some(cache), Ok(addresses)) = (&self.dns.0.cache, &found) {
            cache.borrow_mut().insert(self.name.clone(), addresses.clone(), self.dns.0.runtime.now());
        }
        self.asking.answer.replace(Some(found));
    }
}

impl<R: Runtime> Drop for Task<R> {
    fn drop(&mut self) {
        self.dns.0.asking.borrow_mut().remove(&self.name);
        self.asking.answer.borrow_mut().get_or_insert_with(|| Err(Error::new(Kind::Closed)));
        let wakers = self.asking.wakers.take();
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}
