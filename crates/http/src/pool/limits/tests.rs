//! Random schedules against a model that is as plain as can be: one line, searched from its front.

use proptest::prelude::*;

use super::{HostId, Limits, Ticket};

const HOSTS: usize = 4;

/// What those who want connections do.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody wants a connection to this host.
    Acquire(usize),
    /// One of those who have a slot gives it back.
    Finish(usize),
    /// One of those in line goes away.
    Cancel(usize),
    /// Somebody of this host is served without a slot.
    Serve(usize),
    /// This host is held, or let go.
    Hold(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..HOSTS).prop_map(Step::Acquire),
        3 => any::<usize>().prop_map(Step::Finish),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => (0..HOSTS).prop_map(Step::Serve),
        1 => (0..HOSTS, any::<bool>()).prop_map(|(host, held)| Step::Hold(host, held)),
    ]
}

/// Who came as the n-th is called n.
struct Model {
    total: usize,
    per_host: usize,
    /// The host of each slot that is taken.
    slots: Vec<usize>,
    /// Who is in line, and for which host.
    line: Vec<(usize, usize)>,
    held: [bool; HOSTS],
}

impl Model {
    fn has_room(&self, host: usize) -> bool {
        let of_host = self.slots.iter().filter(|taken| **taken == host).count();
        self.slots.len() < self.total && of_host < self.per_host && !self.held[host]
    }

    /// Who gets a slot, if there is one.
    fn grant(&mut self) -> Option<(usize, usize)> {
        let at = self.line.iter().position(|(_, host)| self.has_room(*host))?;
        let (who, host) = self.line.remove(at);
        self.slots.push(host);
        Some((host, who))
    }
}

struct Both {
    limits: Limits<usize, ()>,
    model: Model,
    ids: Vec<HostId>,
    tickets: Vec<Option<Ticket>>,
}

impl Both {
    fn new(total: usize, per_host: usize) -> Self {
        let mut limits = Limits::new(total, per_host);
        let ids = (0..HOSTS).map(|_| limits.add(())).collect();
        let endless = |most: usize| if most == 0 { usize::MAX } else { most };
        let model = Model {
            total: endless(total),
            per_host: endless(per_host),
            slots: Vec::new(),
            line: Vec::new(),
            held: [false; HOSTS],
        };
        Self { limits, model, ids, tickets: Vec::new() }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Acquire(host) => {
                let who = self.tickets.len();
                let taken = self.limits.try_take(self.ids[host]);
                prop_assert_eq!(taken, self.model.has_room(host));
                if taken {
                    self.model.slots.push(host);
                    self.tickets.push(None);
                } else {
                    self.tickets.push(self.limits.wait(self.ids[host], who));
                    self.model.line.push((who, host));
                }
            }
            Step::Finish(_) if self.model.slots.is_empty() => {}
            Step::Finish(which) => {
                let which = which % self.model.slots.len();
                let host = self.model.slots.remove(which);
                self.limits.release(self.ids[host]);
            }
            Step::Cancel(_) if self.model.line.is_empty() => {}
            Step::Cancel(which) => {
                let which = which % self.model.line.len();
                let (who, host) = self.model.line.remove(which);
                let ticket = self.tickets[who].ok_or_else(|| TestCaseError::fail("who waits has a ticket"))?;
                prop_assert_eq!(self.limits.cancel(self.ids[host], ticket), Some(who));
                prop_assert_eq!(self.limits.cancel(self.ids[host], ticket), None);
            }
            Step::Serve(host) => {
                let at = self.model.line.iter().position(|(_, of)| *of == host);
                let expected = at.map(|at| self.model.line.remove(at).0);
                prop_assert_eq!(self.limits.serve(self.ids[host]), expected);
            }
            Step::Hold(host, held) => {
                self.limits.hold(self.ids[host], held);
                self.model.held[host] = held;
            }
        }
        loop {
            let granted = self.limits.grant();
            let expected = self.model.grant().map(|(host, who)| (self.ids[host], who));
            prop_assert_eq!(granted, expected);
            if granted.is_none() {
                return self.check();
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let Model { total, slots, line, .. } = &self.model;
        prop_assert_eq!((self.limits.in_use(), self.limits.waiting()), (slots.len(), line.len()));
        prop_assert!(slots.len() <= *total);
        for host in 0..HOSTS {
            prop_assert!(slots.iter().filter(|taken| **taken == host).count() <= self.model.per_host);
        }
        // Nobody waits who could have a slot.
        prop_assert!(line.iter().all(|(_, host)| !self.model.has_room(*host)));
        Ok(())
    }
}

proptest! {
    #[test]
    fn does_as_the_model(total in 0..5usize, per_host in 0..4usize, steps in prop::collection::vec(step(), 0..200)) {
        let mut both = Both::new(total, per_host);
        for step in steps {
            both.step(step)?;
        }
        // Everybody goes home: nothing stays behind.
        for host in 0..HOSTS {
            both.step(Step::Hold(host, false))?;
        }
        while !both.model.slots.is_empty() {
            both.step(Step::Finish(0))?;
        }
        prop_assert_eq!(both.limits.waiting(), 0);
        for id in both.ids {
            prop_assert!(both.limits.remove_unused(id).is_some());
        }
    }
}

#[test]
fn a_host_in_use_stays() {
    let mut limits = Limits::<(), &str>::new(1, 0);
    let host = limits.add("a");
    assert!(limits.try_take(host));
    assert_eq!(limits.remove_unused(host), None);
    let ticket = limits.wait(host, ());
    assert_eq!(limits.grant(), None);
    limits.release(host);
    assert_eq!(limits.grant(), Some((host, ())));
    assert_eq!(limits.cancel(host, ticket.unwrap()), None);
    limits.release(host);
    limits.release(host); // once too often
    assert_eq!(limits.grant(), None);
    assert_eq!(limits.remove_unused(host), Some("a"));
    assert_eq!(limits.in_use(), 0);
}

#[test]
fn all_are_dismissed_in_order() {
    let mut limits = Limits::new(1, 0);
    let (one, other) = (limits.add(()), limits.add(()));
    assert!(limits.try_take(one));
    for (host, who) in [(one, 'a'), (other, 'b'), (one, 'c')] {
        limits.wait(host, who);
    }
    assert_eq!(limits.dismiss(), ['a', 'b', 'c']);
    limits.release(one);
    assert_eq!(limits.grant(), None);
}

#[test]
fn a_held_host_holds_up_nobody_else() {
    let mut limits = Limits::new(2, 0);
    let (one, other) = (limits.add(()), limits.add(()));
    assert!(limits.try_take(one));
    limits.hold(one, true);
    assert!(!limits.try_take(one));
    limits.wait(one, 'a');
    assert_eq!(limits.grant(), None);
    assert!(limits.try_take(other));
    limits.wait(other, 'b');
    limits.release(other);
    assert_eq!(limits.grant(), Some((other, 'b')));
    limits.hold(one, false);
    assert_eq!(limits.grant(), None);
    limits.release(other);
    assert_eq!(limits.grant(), Some((one, 'a')));
}
