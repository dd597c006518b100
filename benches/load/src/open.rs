//! Open loop: messages are due at an absolute rate, whatever the server does. A latency counts from when its message was
//! due, not from when it could be sent, so that a server that stalls can't hide the messages that would have been sent
//! meanwhile (coordinated omission).
//!
//! A connection has one message under way at most, as that of a request and its answer; those that become due meanwhile
//! wait, and their wait counts.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::arguments::Arguments;
use crate::channel::Channel;
use crate::connection::{Connection, Shared};
use crate::poll::Poll;
use crate::problem::{Problem, Result};
use crate::schedule::Schedule;

/// How long answers may take after the last message was due. What is missing then counts as if it came at that time.
const WIND_UP: Duration = Duration::from_secs(1);
/// The kernel wakes a sleeper late by some microseconds: so short before a message is due, this program does not sleep.
const AWAKE: Duration = Duration::from_millis(2);
const LONGEST_NAP: Duration = Duration::from_millis(50);
/// Of the histogram, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;
const DIGITS: u8 = 3;

/// Runs the load and prints `{"messages": N, "seconds": S, "unanswered": N, "p50": S, "p99": S, "p99.9": S, "max": S}`.
pub fn run<C: Channel>(channels: Vec<C>, arguments: &Arguments, rate: f64) -> Result<()> {
    let mut load = Load::new(channels, arguments, rate)?;
    load.prove()?;
    println!("running");
    let report = load.run(arguments.warm_up())?;
    println!("{report}");
    Ok(())
}

struct Line<C> {
    connection: Connection<C>,
    /// Messages that were begun.
    begun: u64,
    /// Messages that are due and wait for the one under way.
    waiting: u64,
}

struct Load<C> {
    lines: Vec<Line<C>>,
    shared: Shared,
    poll: Poll,
    schedule: Schedule,
    latencies: Histogram<u64>,
    start: Instant,
    /// Messages due before that are not counted.
    counted_from: Duration,
    /// When the last answer came.
    last: Instant,
}

impl<C: Channel> Load<C> {
    fn new(channels: Vec<C>, arguments: &Arguments, rate: f64) -> Result<Self> {
        let poll = Poll::new()?;
        let latencies =
            Histogram::new_with_max(LONGEST, DIGITS).map_err(|error| Problem::new(format!("histogram: {error}")))?;
        let schedule = Schedule::new(rate, arguments.warm_up() + arguments.time, channels.len());
        let line = |channel| Line { connection: Connection::new(channel), begun: 0, waiting: 0 };
        let lines: Vec<_> = channels.into_iter().map(line).collect();
        for (number, line) in lines.iter().enumerate() {
            poll.add(line.connection.channel().as_fd(), number)?;
        }
        let now = Instant::now();
        let shared = Shared::new(arguments.bytes);
        Ok(Self { lines, shared, poll, schedule, latencies, start: now, counted_from: Duration::ZERO, last: now })
    }

    /// One message there and back on each connection.
    fn prove(&mut self) -> Result<()> {
        for line in &mut self.lines {
            line.connection.begin(&mut self.shared)?;
        }
        while self.lines.iter().any(|line| line.connection.busy) {
            self.answers(LONGEST_NAP)?;
        }
        Ok(())
    }

    fn run(&mut self, warm_up: Duration) -> Result<String> {
        self.start = Instant::now();
        self.counted_from = warm_up;
        let end = self.schedule.due(self.schedule.messages) + WIND_UP;
        let (mut next, mut answered) = (0, 0);
        while answered < self.schedule.messages {
            let now = self.start.elapsed();
            if now >= end {
                break;
            }
            while next < self.schedule.messages && self.schedule.due(next) <= now {
                self.lines[self.schedule.connection(next)].waiting += 1;
                self.begin(self.schedule.connection(next))?;
                next += 1;
            }
            let nap = self.schedule.due(next).saturating_sub(now).min(LONGEST_NAP);
            answered += self.listen(if nap < AWAKE && next < self.schedule.messages { Duration::ZERO } else { nap })?;
        }
        self.count_the_missing();
        Ok(self.report(self.schedule.messages - answered))
    }

    /// Sends the connection's next message, if one is due and none under way.
    fn begin(&mut self, number: usize) -> Result<()> {
        let line = &mut self.lines[number];
        if line.waiting > 0 && !line.connection.busy {
            line.waiting -= 1;
            line.begun += 1;
            line.connection.begin(&mut self.shared)?;
        }
        Ok(())
    }

    /// Waits for answers for `nap` at most, notes their latencies, and sends what waited for them. Returns how many.
    fn listen(&mut self, nap: Duration) -> Result<u64> {
        let answers = self.answers(nap)?;
        for (number, at) in &answers {
            self.note(*number, *at - self.start);
            self.last = *at;
            self.begin(*number)?;
        }
        Ok(answers.len() as u64)
    }

    /// The connections whose message came back, and when.
    fn answers(&mut self, nap: Duration) -> Result<Vec<(usize, Instant)>> {
        let Self { lines, shared, poll, .. } = self;
        let mut answers = Vec::new();
        for ready in poll.wait(nap)? {
            let connection = &mut lines[ready.number].connection;
            if ready.writable {
                connection.fill(shared)?;
            }
            let mut more = ready.readable;
            while more {
                let received = connection.receive(shared)?;
                if received.complete {
                    answers.push((ready.number, Instant::now()));
                }
                more = !received.empty;
            }
        }
        Ok(answers)
    }

    /// The message of a connection that was begun last is back, or given up, at that time.
    fn note(&mut self, number: usize, at: Duration) {
        let turn = self.lines[number].begun - 1;
        let due = self.schedule.due(self.schedule.message(number, turn));
        if due >= self.counted_from {
            let latency = at.saturating_sub(due).as_nanos();
            self.latencies.saturating_record(u64::try_from(latency).unwrap_or(LONGEST));
        }
    }

    /// A message that was never answered took as long as was waited for it, at least.
    fn count_the_missing(&mut self) {
        let now = self.start.elapsed();
        for number in 0..self.lines.len() {
            if self.lines[number].connection.busy {
                self.note(number, now);
            }
            for _ in 0..self.lines[number].waiting {
                self.lines[number].begun += 1;
                self.note(number, now);
            }
        }
    }

    fn report(&self, unanswered: u64) -> String {
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        let quantile = |quantile| seconds(self.latencies.value_at_quantile(quantile));
        format!(
            "{{\"messages\": {}, \"seconds\": {:.6}, \"unanswered\": {unanswered}, \"p50\": {:.9}, \"p99\": {:.9}, \
             \"p99.9\": {:.9}, \"max\": {:.9}}}",
            self.latencies.len(),
            (self.last - self.start).saturating_sub(self.counted_from).as_secs_f64(),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
            seconds(self.latencies.max()),
        )
    }
}
