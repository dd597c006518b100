//! Random schedules against a simple model of the engine.
//!
//! A schedule is a string of bytes, so that a fuzzer can make it as well as proptest: `fuzz/fuzz_targets/engine.rs`
//! compiles this module, too. Time is virtual, and the descriptors are socket pairs, whose readiness the model knows
//! without asking.

mod bell;
mod op;
mod socket;

use std::collections::{BTreeMap, VecDeque};

use rondel_engine::{Backend, Clock, Driver, Events, Nanos, TimerKey, Wait};

use bell::Bell;
use op::{Op, Wanted};
use socket::Watched;

/// Sources that a schedule may have open at a time.
const SOURCES: usize = 6;

/// Plays a schedule, and panics where the engine and the model disagree.
pub fn run(schedule: &[u8], backend: Backend) {
    let mut it = Model::new(backend);
    let mut rest = schedule;
    let mut played = Played(Vec::new());
    while let Some(op) = Op::decode(&mut rest) {
        played.0.push(op);
        it.play(op);
        it.check();
    }
    it.close();
}

/// Shows the steps up to a panic.
struct Played(Vec<Op>);

impl Drop for Played {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after {:?}", self.0);
        }
    }
}

/// What the turn under way waited with, and found.
type Turn = (Option<Wait>, Vec<Found>);

struct Found {
    /// The number of the source.
    source: usize,
    readable: bool,
    writable: bool,
    /// False for an echo: a selector that was made anew meanwhile has none.
    certain: bool,
}

struct Model {
    driver: Driver<u64, u64>,
    events: Events,
    /// A turn that has begun: its wait is over, and what it found is not collected yet.
    turn: Option<Turn>,
    ready: VecDeque<u64>,
    pushed: Vec<u64>,
    timers: BTreeMap<(Nanos, u64), TimerKey>,
    /// All that were ever made, for cancelling them late.
    keys: Vec<(TimerKey, (Nanos, u64))>,
    sources: Vec<Watched>,
    /// How many descriptors may be in the selector's set without a way to take them out: the next look must end that.
    strays: usize,
    bell: Bell,
    now: Nanos,
    made: u64,
}

impl Model {
    fn new(backend: Backend) -> Self {
        Self {
            driver: Driver::new(Clock::new_virtual(), backend).unwrap(),
            events: Events::new(),
            turn: None,
            ready: VecDeque::new(),
            pushed: Vec::new(),
            timers: BTreeMap::new(),
            keys: Vec::new(),
            sources: Vec::new(),
            strays: 0,
            bell: Bell::Awake,
            now: 0,
            made: 0,
        }
    }

    /// A number that no other item has.
    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn play(&mut self, op: Op) {
        match op {
            Op::Push => {
                let item = self.next();
                self.driver.push(item);
                self.ready.push_back(item);
            }
            Op::RemotePush => {
                let item = self.next();
                assert_eq!(self.driver.remote().push(item), Ok(()));
                self.pushed.push(item);
                self.bell.ring();
            }
            Op::Wake => {
                self.driver.remote().wake();
                self.bell.ring();
            }
            Op::Schedule(delay) => {
                let entry = (self.now.saturating_add(delay), self.next());
                let key = self.driver.schedule(entry.0, entry.1);
                self.timers.insert(entry, key);
                self.keys.push((key, entry));
            }
            Op::Cancel(which) => {
                if let Some(&(key, entry)) = self.keys.get(which) {
                    let expected = self.timers.remove(&entry).map(|_| entry.1);
                    assert_eq!(self.driver.cancel(key), expected);
                }
            }
            Op::Begin { look } => self.begin(look),
            Op::End { take } => self.end(take),
            op => self.play_on_sources(op),
        }
    }

    fn play_on_sources(&mut self, op: Op) {
        match op {
            Op::Add if self.open_sources() < SOURCES => self.sources.push(Watched::open(&mut self.driver)),
            Op::SetReader(which, wanted) => self.set(which, false, wanted),
            Op::SetWriter(which, wanted) => self.set(which, true, wanted),
            Op::Remove(which) => {
                if let Some(source) = self.sources.get_mut(which) {
                    source.remove(&mut self.driver);
                }
            }
            Op::Replace { which, duplicate } => {
                let reader = self.next();
                if let Some(old) = self.sources.get_mut(which)
                    && let Some(next) = old.replace(&mut self.driver, reader, duplicate)
                {
                    self.sources.push(next);
                    self.strays += usize::from(duplicate);
                    self.bell.ring_if_asleep();
                }
            }
            Op::Peer(which, action) => {
                if let Some(source) = self.sources.get_mut(which) {
                    source.play(action);
                }
            }
            _ => {}
        }
    }

    fn open_sources(&self) -> usize {
        self.sources.iter().filter(|source| source.is_open()).count()
    }

    fn set(&mut self, which: usize, writer: bool, wanted: Wanted) {
        let watcher = self.next();
        let Some(source) = self.sources.get_mut(which) else { return };
        if source.set(&mut self.driver, writer, wanted, watcher) {
            self.bell.ring_if_asleep();
        }
    }

    /// Begins a turn and waits, but never without end.
    fn begin(&mut self, look: bool) {
        if self.turn.is_some() {
            return;
        }
        let idle = self.ready.is_empty();
        let sleeps = idle && self.timers.is_empty() && self.bell.try_sleep();
        let looks = idle && !self.timers.is_empty() || self.sources.iter().any(Watched::is_registered);
        let wait = self.driver.prepare();
        assert_eq!(wait.as_ref().map(Wait::may_sleep), if sleeps { Some(true) } else { looks.then_some(false) });

        let mut found = Vec::new();
        let wait = wait.filter(|_| look);
        if let Some(wait) = &wait {
            for (number, source) in self.sources.iter_mut().enumerate() {
                let (readable, writable) = source.reported();
                if readable || writable {
                    found.push(Found { source: number, readable, writable, certain: source.is_registered() });
                    source.was_reported();
                }
            }
            if wait.may_sleep() && !found.iter().any(|found| found.certain) {
                self.play(Op::Wake);
            }
            wait.block(&mut self.events).unwrap();
            let waker = 1;
            assert!(self.events.iter().count() <= found.len() + waker + std::mem::take(&mut self.strays));
        }
        self.turn = Some((wait, found));
    }

    /// Ends the turn, and takes out at most `take` of its items.
    fn end(&mut self, take: usize) {
        if self.turn.is_none() {
            self.begin(true);
        }
        let Some((wait, found)) = self.turn.take() else { return };
        let count = self.driver.collect(wait.map(|_| &self.events));
        self.bell = Bell::Awake;

        self.ready.extend(self.pushed.drain(..));
        let actual: Vec<u64> = self.driver.ready().copied().collect();
        let mut events: Vec<Vec<u64>> = Vec::new();
        for Found { source, readable, writable, certain } in found {
            let source = &mut self.sources[source];
            // Who hears an echo has asked during this turn: nobody else has that number.
            if source.is_registered() && (certain || source.watchers().any(|watcher| actual.contains(&watcher))) {
                events.push(source.tell(readable, writable));
            }
        }
        // The system may report the sources in any order.
        let mut expected: Vec<u64> = self.ready.iter().copied().collect();
        while let Some(next) = actual.get(expected.len())
            && let Some(place) = events.iter().position(|items| items.first() == Some(next))
        {
            expected.extend(events.swap_remove(place));
        }
        assert!(events.iter().all(Vec::is_empty), "not queued: {events:?}");

        if expected.is_empty()
            && let Some((&(first, _), _)) = self.timers.first_key_value()
        {
            self.now = self.now.max(first);
        }
        while let Some(timer) = self.timers.first_entry().filter(|timer| timer.key().0 <= self.now) {
            expected.push(timer.remove_entry().0.1);
        }
        assert_eq!(actual, expected);
        assert_eq!(count, expected.len());
        self.ready = expected.into();
        for _ in 0..count.min(take) {
            assert_eq!(self.driver.take(), self.ready.pop_front());
        }
    }

    fn check(&self) {
        assert_eq!(self.driver.now(), self.now);
        assert_eq!(self.driver.ready_len(), self.ready.len());
        assert_eq!(self.driver.timers_len(), self.timers.len());
        let (items, watchers) = self.driver.held();
        assert_eq!(items.count(), self.ready.len() + self.timers.len());
        assert_eq!(watchers.count(), self.sources.iter().flat_map(Watched::watchers).count());
    }

    fn close(mut self) {
        let mut drained = self.driver.close();
        let mut items: Vec<u64> = self.ready.into_iter().chain(self.pushed).collect();
        items.extend(self.timers.into_keys().map(|(_, item)| item));
        let mut watchers: Vec<u64> = self.sources.iter().flat_map(Watched::watchers).collect();
        for list in [&mut drained.items, &mut drained.watchers, &mut items, &mut watchers] {
            list.sort_unstable();
        }
        assert_eq!(drained.items, items);
        assert_eq!(drained.watchers, watchers);
        assert_eq!(self.driver.remote().push(0), Err(0));
    }
}
