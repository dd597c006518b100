use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;

use rondel_engine::Nanos;

use super::{ConnectFailed, race};
use crate::world::World;

const DELAY: Nanos = 250_000_000;

/// The addresses that are being tried, by port; how that ends, if it has.
#[derive(Clone, Default)]
struct Net(Rc<RefCell<HashMap<u16, Option<bool>>>>);

/// Ends the attempt when it is dropped.
struct Trying(Net, u16);

impl Drop for Trying {
    fn drop(&mut self) {
        self.0.0.borrow_mut().remove(&self.1);
    }
}

impl Net {
    fn begin(&self, peer: &SocketAddr) -> io::Result<impl Future<Output = io::Result<u16>> + Unpin + use<>> {
        let port = peer.port();
        if port == 9 {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        self.0.borrow_mut().insert(port, None);
        let trying = Trying(self.clone(), port);
        Ok(poll_fn(move |_| match trying.0.0.borrow().get(&trying.1) {
            Some(Some(true)) => Poll::Ready(Ok(trying.1)),
            Some(Some(false)) => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
            _ => Poll::Pending,
        }))
    }

    fn end(&self, port: u16, well: bool) {
        self.0.borrow_mut().insert(port, Some(well));
    }

    fn trying(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.0.borrow().keys().copied().collect();
        ports.sort_unstable();
        ports
    }
}

fn peers(ports: &[u16]) -> Vec<SocketAddr> {
    ports.iter().map(|port| SocketAddr::from(([10, 0, 0, 1], *port))).collect()
}

/// A race for these ports, and what it is run with.
macro_rules! race {
    ($world:ident, $net:ident, $race:ident = $ports:expr, $delay:expr) => {
        let ($world, $net) = (World::default(), Net::default());
        let peers = peers(&$ports);
        let mut $race = Box::pin(race(&$world, &peers, $delay, |peer| $net.begin(peer)));
        assert!($world.poll(&mut $race).is_pending());
    };
}

fn ports_of(failed: &ConnectFailed) -> Vec<u16> {
    failed.attempts.iter().map(|(peer, _)| peer.port()).collect()
}

#[test]
fn the_next_begins_after_the_delay() {
    race!(world, net, race = [1, 2, 3], Some(DELAY));
    assert_eq!(net.trying(), [1]);
    world.pass(249);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [1]);
    world.pass(1);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [1, 2]);
    net.end(1, true);
    let Poll::Ready(Ok(1)) = world.poll(&mut race) else { panic!("the first wins after all") };
    assert!(net.trying().is_empty());
}

#[test]
fn the_next_begins_at_once_when_the_latest_fails() {
    race!(world, net, race = [1, 2, 3], Some(DELAY));
    net.end(1, false);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [2]);
    world.pass(250);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [2, 3]);
    // An earlier one that fails changes nothing for the latest.
    net.end(2, false);
    assert!(world.poll(&mut race).is_pending());
    net.end(3, false);
    let Poll::Ready(Err(failed)) = world.poll(&mut race) else { panic!("all have failed") };
    assert_eq!(ports_of(&failed), [1, 2, 3]);
    assert_eq!(
        failed.to_string(),
        "10.0.0.1:1: connection refused; 10.0.0.1:2: connection refused; 10.0.0.1:3: connection refused"
    );
}

#[test]
fn without_delay_one_after_the_other() {
    race!(world, net, race = [1, 2], None);
    world.pass(3_600_000);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [1]);
    net.end(1, false);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [2]);
    net.end(2, true);
    assert!(matches!(world.poll(&mut race), Poll::Ready(Ok(2))));
}

#[test]
fn one_that_cannot_even_begin() {
    race!(world, net, race = [9, 1, 9], Some(DELAY));
    assert_eq!(net.trying(), [1]);
    net.end(1, false);
    let Poll::Ready(Err(failed)) = world.poll(&mut race) else { panic!("all have failed") };
    assert_eq!(ports_of(&failed), [9, 1, 9]);
}

#[test]
fn giving_up_ends_all_attempts() {
    race!(world, net, race = [1, 2], Some(DELAY));
    world.pass(250);
    assert!(world.poll(&mut race).is_pending());
    assert_eq!(net.trying(), [1, 2]);
    drop(race);
    assert!(net.trying().is_empty());
}
