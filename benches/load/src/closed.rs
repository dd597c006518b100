//! Closed loop: each connection sends its next message when the last one is back. Tells what a server can do at most.

use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::channel::Channel;
use crate::connection::{Connection, Shared};
use crate::poll::Poll;
use crate::problem::Result;

/// How long the last messages may take, which the server shall not find cut short.
const WIND_UP: Duration = Duration::from_secs(2);
/// A datagram that has not come back by then is lost.
const LOST_AFTER: Duration = Duration::from_millis(100);
const LOOKS_UP: Duration = Duration::from_millis(50);

/// Runs the load and prints `{"messages": N, "seconds": S, "lost": N}`.
pub fn run<C: Channel>(channels: Vec<C>, arguments: &Arguments) -> Result<()> {
    let mut load = Load::new(channels, arguments)?;
    load.run(None, |load| load.unproven == 0)?;
    load.begin_all()?;
    println!("running");
    let begun = load.run(Some(Instant::now() + arguments.warm_up()), |_| false)?;
    (load.messages, load.lost) = (0, 0);
    let ended = load.run(Some(begun + arguments.time), |_| false)?;
    let seconds = (ended - begun).as_secs_f64();
    println!("{{\"messages\": {}, \"seconds\": {seconds:.6}, \"lost\": {}}}", load.messages, load.lost);
    load.ending = true;
    load.run(Some(ended + WIND_UP), |load| load.under_way == 0)?;
    Ok(())
}

struct Load<C> {
    connections: Vec<(Connection<C>, Instant)>,
    shared: Shared,
    poll: Poll,
    /// Connections on which no message has come back yet.
    unproven: usize,
    under_way: usize,
    messages: u64,
    lost: u64,
    /// A connection that works waits for the others. Else a server that accepts one connection a turn, as those on
    /// libuv do, has to serve all it has before the next: a thousand connections would take half a million messages.
    proving: bool,
    /// No message is begun any more.
    ending: bool,
}

impl<C: Channel> Load<C> {
    fn new(channels: Vec<C>, arguments: &Arguments) -> Result<Self> {
        let poll = Poll::new()?;
        let now = Instant::now();
        let connections: Vec<_> = channels.into_iter().map(|channel| (Connection::new(channel), now)).collect();
        let count = connections.len();
        let mut load = Self {
            connections,
            shared: Shared::new(arguments.bytes),
            poll,
            unproven: count,
            under_way: count,
            messages: 0,
            lost: 0,
            proving: true,
            ending: false,
        };
        for (number, (connection, _)) in load.connections.iter_mut().enumerate() {
            load.poll.add(connection.channel().as_fd(), number)?;
            connection.begin(&mut load.shared)?;
        }
        Ok(load)
    }

    /// All connections work: the load itself begins.
    fn begin_all(&mut self) -> Result<()> {
        self.proving = false;
        let now = Instant::now();
        for (connection, begun) in &mut self.connections {
            connection.begin(&mut self.shared)?;
            *begun = now;
        }
        Ok(())
    }

    /// Goes on until `deadline`, or until `enough`. Returns the time.
    fn run(&mut self, deadline: Option<Instant>, enough: impl Fn(&Self) -> bool) -> Result<Instant> {
        let mut looked = Instant::now();
        loop {
            let now = Instant::now();
            if deadline.is_some_and(|deadline| now >= deadline) || enough(self) {
                return Ok(now);
            }
            if C::DATAGRAMS && now - looked >= LOOKS_UP {
                looked = now;
                self.send_lost_again(now)?;
            }
            let Self { connections, shared, poll, .. } = self;
            let (mut completed, mut proven) = (0, 0);
            for ready in poll.wait(LOOKS_UP)? {
                let (connection, begun) = &mut connections[ready.number];
                if ready.writable {
                    connection.fill(shared)?;
                }
                let mut more = ready.readable;
                while more {
                    let worked = connection.works();
                    let received = connection.receive(shared)?;
                    if received.complete {
                        completed += 1;
                        proven += usize::from(!worked);
                        if self.ending {
                            self.under_way -= 1;
                        } else if !self.proving {
                            connection.begin(shared)?;
                            *begun = now;
                        }
                    }
                    more = !received.empty;
                }
            }
            self.messages += completed;
            self.unproven -= proven;
        }
    }

    fn send_lost_again(&mut self, now: Instant) -> Result<()> {
        for (connection, begun) in &mut self.connections {
            if connection.busy && now - *begun >= LOST_AFTER {
                self.lost += 1;
                *begun = now;
                connection.again(&mut self.shared)?;
            }
        }
        Ok(())
    }
}
