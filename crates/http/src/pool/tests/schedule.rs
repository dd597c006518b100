//! Random schedules of everything that can happen to a pool.

use std::collections::HashSet;
use std::task::Poll;

use proptest::prelude::*;

use super::fake::{Fake, key};
use super::{Leased, Scene, standing};
use crate::pool::{Acquire, Acquired, Permit, Pool, PoolSettings};
use crate::world::World;

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire {
        host: usize,
    },
    /// Somebody who waits looks whether he has something.
    Look(usize),
    /// Somebody who waits goes away.
    Cancel(usize),
    /// A connection stands, for so many requests at a time; 0: one, and never shared.
    Open {
        which: usize,
        capacity: usize,
    },
    /// A connection can't be opened.
    Fail(usize),
    /// Somebody who opens a connection looks whether he can share one.
    LookForShared(usize),
    /// A request is done.
    Done(usize),
    /// A request has failed, or was cancelled.
    Break(usize),
    /// The server closes a connection that is in use.
    Hangup(usize),
    /// The server says anew how many requests it takes at a time.
    Allow {
        which: usize,
        capacity: usize,
    },
    Pass {
        seconds: u64,
    },
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    let some = any::<usize>;
    prop_oneof![
        6 => (0..3usize).prop_map(|host| Step::Acquire { host }),
        3 => some().prop_map(Step::Look),
        2 => some().prop_map(Step::Cancel),
        4 => (some(), 0..4usize).prop_map(|(which, capacity)| Step::Open { which, capacity }),
        1 => some().prop_map(Step::Fail),
        1 => some().prop_map(Step::LookForShared),
        5 => some().prop_map(Step::Done),
        1 => some().prop_map(Step::Break),
        1 => some().prop_map(Step::Hangup),
        1 => (some(), 0..4usize).prop_map(|(which, capacity)| Step::Allow { which, capacity }),
        1 => (1..20u64).prop_map(|seconds| Step::Pass { seconds }),
        1 => Just(Step::Run),
    ]
}

struct Players {
    world: Scene,
    pool: Pool<World, Fake>,
    limit: usize,
    limit_per_host: usize,
    waiting: Vec<Acquire<World, Fake>>,
    permits: Vec<Permit<World, Fake>>,
    leases: Vec<Leased>,
}

/// One of them, if there are any.
fn pick<T>(all: &mut Vec<T>, which: usize) -> Option<T> {
    if all.is_empty() { None } else { Some(all.remove(which % all.len())) }
}

impl Players {
    fn new(limit: usize, limit_per_host: usize) -> Self {
        let world = Scene::default();
        let pool = super::pool(&world, limit, limit_per_host);
        Self { world, pool, limit, limit_per_host, waiting: Vec::new(), permits: Vec::new(), leases: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Acquire { host } => {
                let acquire = self.pool.acquire(&key(host));
                self.look(acquire, usize::MAX);
            }
            Step::Look(which) => {
                let at = which % self.waiting.len().max(1);
                if let Some(acquire) = pick(&mut self.waiting, which) {
                    self.look(acquire, at);
                }
            }
            Step::Cancel(which) => drop(pick(&mut self.waiting, which)),
            Step::Open { which, capacity } => {
                if let Some(permit) = pick(&mut self.permits, which) {
                    let connection = if capacity == 0 {
                        self.world.network.connect()
                    } else {
                        self.world.network.connect_shared(capacity)
                    };
                    self.leases.push(permit.fill(connection));
                }
            }
            Step::Fail(which) => drop(pick(&mut self.permits, which)),
            Step::LookForShared(which) => {
                if let Some(mut permit) = pick(&mut self.permits, which) {
                    match self.world.with(|cx| permit.poll_shared(cx)) {
                        Poll::Ready(lease) => self.leases.push(lease),
                        Poll::Pending => self.permits.push(permit),
                    }
                }
            }
            Step::Done(which) => drop(pick(&mut self.leases, which)),
            Step::Break(which) => {
                if let Some(lease) = pick(&mut self.leases, which) {
                    lease.close();
                }
            }
            Step::Hangup(which) => {
                if let Some(lease) = pick(&mut self.leases, which) {
                    lease.server().close();
                    self.leases.push(lease);
                }
            }
            Step::Allow { which, capacity } => {
                if let Some(lease) = pick(&mut self.leases, which) {
                    lease.server().allow(capacity);
                    self.leases.push(lease);
                }
            }
            Step::Pass { seconds } => self.world.sleep_through(seconds),
            Step::Run => self.world.run(),
        }
    }

    /// Polls one who waits; he stays where he was if there is nothing for him.
    fn look(&mut self, mut acquire: Acquire<World, Fake>, at: usize) -> bool {
        match self.world.poll(&mut acquire) {
            Poll::Pending => {
                let at = at.min(self.waiting.len());
                self.waiting.insert(at, acquire);
                return false;
            }
            Poll::Ready(Ok(Acquired::Lease(lease))) => self.leases.push(lease),
            Poll::Ready(Ok(Acquired::Permit(permit))) => self.permits.push(permit),
            Poll::Ready(Err(error)) => panic!("the pool is open: {error}"),
        }
        true
    }

    /// Has everybody look who waits.
    fn settle(&mut self) {
        let mut served = true;
        while served {
            served = false;
            let mut at = 0;
            while at < self.waiting.len() {
                let acquire = self.waiting.remove(at);
                let got = self.look(acquire, at);
                at += usize::from(!got);
                served |= got;
            }
        }
    }

    fn check(&self, settled: bool) -> Result<(), TestCaseError> {
        let statistics = self.pool.statistics();
        prop_assert!(self.limit == 0 || statistics.in_use <= self.limit);
        let used: HashSet<usize> = self.leases.iter().map(|lease| lease.id()).collect();
        prop_assert!(self.world.network.open() >= statistics.idle + used.len());
        if settled {
            prop_assert_eq!(statistics.in_use, self.permits.len() + used.len());
            prop_assert_eq!(self.world.network.open(), statistics.idle + used.len());
            let exclusive = self.leases.iter().filter(|lease| !lease.is_handle()).count();
            prop_assert!(exclusive <= used.len());
            prop_assert_eq!(statistics.waiting, self.waiting.len());
            // Nobody waits while a slot is free, but for a connection that is on its way.
            let full = self.limit != 0 && statistics.in_use == self.limit;
            let hopeful = !self.permits.is_empty();
            prop_assert!(statistics.waiting == 0 || full || hopeful || self.limit_per_host != 0);
        }
        Ok(())
    }

    /// Everybody goes home.
    fn end(mut self) -> Result<(), TestCaseError> {
        while !(self.waiting.is_empty() && self.permits.is_empty() && self.leases.is_empty()) {
            self.permits.clear();
            self.leases.clear();
            self.settle();
            self.check(true)?;
        }
        prop_assert_eq!(self.pool.statistics(), standing(0, self.world.network.open(), 0));
        self.world.run();
        self.world.advance(15);
        prop_assert_eq!(self.pool.statistics(), standing(0, 0, 0));
        prop_assert_eq!((self.world.network.open(), self.world.tasks()), (0, 0));
        Ok(())
    }
}

proptest! {
    #[test]
    fn nothing_is_lost(
        limit in 0..5usize,
        limit_per_host in 0..3usize,
        steps in prop::collection::vec((step(), any::<bool>()), 0..120),
    ) {
        let mut players = Players::new(limit, limit_per_host);
        for (step, settle) in steps {
            players.step(step);
            if settle {
                players.settle();
            }
            players.check(settle)?;
        }
        players.end()?;
    }

    #[test]
    fn all_are_served_in_order(steps in prop::collection::vec(any::<bool>(), 0..60)) {
        let world = Scene::default();
        let pool: Pool<World, Fake> = Pool::new(world.runtime(), PoolSettings { limit: 2, ..PoolSettings::default() });
        let (mut line, mut held) = (Vec::new(), Vec::new());
        for come in steps {
            if come {
                let mut acquire = pool.acquire(&key(0));
                match world.poll(&mut acquire) {
                    Poll::Ready(Ok(got)) => held.push(got),
                    _ => line.push(acquire),
                }
            } else if !held.is_empty() {
                held.remove(0);
                // The first has it, and nobody else.
                let served: Vec<bool> = line.iter_mut().map(|waiter| match world.poll(waiter) {
                    Poll::Ready(Ok(got)) => { held.push(got); true }
                    _ => false,
                }).collect();
                let expected: Vec<bool> = (0..served.len()).map(|at| at == 0).collect();
                prop_assert_eq!(&served, &expected);
                if !line.is_empty() {
                    drop(line.remove(0));
                }
            }
        }
    }
}
