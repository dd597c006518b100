//! Which interest stands in the driver: nothing that a user could see, but what a message costs.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rondel_engine::{Backend, Clock};
use rondel_net::Stream;

use super::{Direction, Source};
use crate::shared::Shared;

/// A runtime that the test turns by hand, a source of it, and the socket at its other end.
struct Table {
    shared: Rc<Shared>,
    source: Source,
    stream: Stream,
    peer: TcpStream,
}

impl Table {
    fn each(test: impl Fn(Self)) {
        for backend in [Backend::Poll, Backend::Epoll] {
            let shared = Shared::new(Clock::Real, backend).unwrap();
            let _entered = shared.enter();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let stream = Stream::from_std(listener.accept().unwrap().0).unwrap();
            let source = Source::new(Rc::clone(&shared), stream.as_raw_fd());
            test(Self { shared, source, stream, peer });
        }
    }

    /// Turns until the loop has seen something of the socket.
    fn turn(&self) {
        let mut events = rondel_engine::Events::new();
        let count = self.shared.begin_turn(&mut events).unwrap();
        for _ in 0..count {
            let item = self.shared.take().unwrap();
            self.shared.run_item(item);
        }
    }

    /// One read through the source; `None`, if it would wait.
    fn read(&self) -> Option<usize> {
        let receive = || self.stream.recv(&mut [0; 4]);
        let context = &mut Context::from_waker(Waker::noop());
        match self.source.poll_attempt(context, Direction::Read, receive) {
            Poll::Ready(read) => Some(read.unwrap()),
            Poll::Pending => None,
        }
    }

    fn is_watched(&self) -> bool {
        self.shared.driver.borrow().watchers(self.source.state.key).0.is_some()
    }
}

#[test]
fn interest_begins_with_the_first_wait_and_stays_from_message_to_message() {
    Table::each(|mut table| {
        assert!(!table.is_watched());
        assert_eq!(table.read(), None);
        for _ in 0..5 {
            assert!(table.is_watched());
            table.peer.write_all(b"1234").unwrap();
            table.turn();
            assert!(table.is_watched());
            assert_eq!(table.read(), Some(4));
            assert_eq!(table.read(), None);
        }
    });
}

#[test]
fn an_event_that_nobody_waits_for_takes_interest_away() {
    Table::each(|mut table| {
        assert_eq!(table.read(), None);
        table.peer.write_all(b"12345678").unwrap();
        table.turn();
        assert_eq!(table.read(), Some(4));
        // The rest lies there, and would end each wait of the loop.
        table.turn();
        assert!(!table.is_watched());
        assert_eq!(table.read(), Some(4));
        assert_eq!(table.read(), None);
        assert!(table.is_watched());
        table.peer.write_all(b"12").unwrap();
        table.turn();
        assert_eq!(table.read(), Some(2));
    });
}

#[test]
fn who_stops_waiting_leaves_no_interest_behind() {
    Table::each(|mut table| {
        assert_eq!(table.read(), None);
        table.peer.write_all(b"1").unwrap();
        table.turn();
        assert_eq!(table.read(), Some(1));
        table.source.clear(Direction::Read);
        {
            let mut ready = pin!(table.source.ready(Direction::Read));
            let context = &mut Context::from_waker(Waker::noop());
            assert!(ready.as_mut().poll(context).is_pending());
        }
        table.peer.write_all(b"2").unwrap();
        table.turn();
        assert!(!table.is_watched());
        assert_eq!(table.read(), Some(1));
    });
}

#[test]
fn once_cleared_a_read_waits_without_trying() {
    Table::each(|mut table| {
        table.source.clear(Direction::Read);
        table.peer.write_all(b"1").unwrap();
        assert_eq!(table.read(), None); // until a turn has seen it
        table.turn();
        assert_eq!(table.read(), Some(1));
    });
}

#[test]
fn what_was_seen_before_a_read_says_nothing_after_it() {
    Table::each(|mut table| {
        assert_eq!(table.read(), None);
        table.peer.write_all(b"1234").unwrap();
        let mut events = rondel_engine::Events::new();
        assert_eq!(table.shared.begin_turn(&mut events).unwrap(), 1);
        // Somebody reads between the wait and the item.
        assert_eq!(table.stream.recv(&mut [0; 4]).unwrap(), 4);
        table.source.clear(Direction::Read);
        let item = table.shared.take().unwrap();
        table.shared.run_item(item);
        assert!(!table.source.state.side(Direction::Read).maybe_ready());
        assert!(table.is_watched());
    });
}
