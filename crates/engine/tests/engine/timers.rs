//! Timers against the simplest thing that could be one: a sorted set.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rondel_engine::{Backend, Nanos, TimerKey};

use crate::harness::Loop;

#[derive(Clone, Debug)]
enum Op {
    /// So many nanoseconds from now.
    Schedule(Nanos),
    /// The timer made so many before the last; it may have fired or been cancelled already.
    Cancel(usize),
    Turn,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        // Few different delays, so that many are equal.
        6 => (0..8_u64).prop_map(Op::Schedule),
        1 => any::<Nanos>().prop_map(Op::Schedule),
        4 => (0..40_usize).prop_map(Op::Cancel),
        2 => Just(Op::Turn),
    ];
    proptest::collection::vec(op, 0..200)
}

#[derive(Default)]
struct Model {
    /// By deadline, then by the order of their making, which is also their number.
    waiting: BTreeSet<(Nanos, u64)>,
    now: Nanos,
}

impl Model {
    fn turn(&mut self) -> Vec<u64> {
        if let Some(&(at, _)) = self.waiting.first() {
            self.now = self.now.max(at);
        }
        let later = match self.now.checked_add(1) {
            Some(after) => self.waiting.split_off(&(after, 0)),
            None => BTreeSet::new(),
        };
        std::mem::replace(&mut self.waiting, later).into_iter().map(|(_, number)| number).collect()
    }
}

proptest! {
    #[test]
    fn fire_in_order_once_and_leave_no_trace(ops in ops()) {
        let mut it = Loop::<u64>::new(Backend::Poll);
        let mut model = Model::default();
        let mut made: Vec<(TimerKey, Nanos)> = Vec::new();
        for op in ops {
            match op {
                Op::Schedule(delay) => {
                    let (at, number) = (model.now.saturating_add(delay), made.len() as u64);
                    made.push((it.driver.schedule(at, number), at));
                    model.waiting.insert((at, number));
                }
                Op::Cancel(back) => {
                    let Some(number) = made.len().checked_sub(1 + back) else { continue };
                    let (key, at) = made[number];
                    let expected = model.waiting.remove(&(at, number as u64)).then_some(number as u64);
                    prop_assert_eq!(it.driver.cancel(key), expected);
                    prop_assert_eq!(it.driver.cancel(key), None);
                }
                Op::Turn if model.waiting.is_empty() => {}
                Op::Turn => {
                    prop_assert_eq!(it.turn(), model.turn());
                    prop_assert_eq!(it.driver.now(), model.now);
                }
            }
            // A cancelled timer is gone at once.
            prop_assert_eq!(it.driver.timers_len(), model.waiting.len());
            prop_assert_eq!(it.driver.held().0.count(), model.waiting.len());
        }
        while !model.waiting.is_empty() {
            prop_assert_eq!(it.turn(), model.turn());
        }
        for (key, _) in made {
            prop_assert_eq!(it.driver.cancel(key), None);
        }
    }

    #[test]
    fn a_key_survives_its_journey_as_a_number(bits in any::<u64>()) {
        prop_assert_eq!(TimerKey::from_bits(bits).to_bits(), bits);
    }

    #[test]
    fn a_key_that_was_never_made_finds_nothing(bits in any::<u64>()) {
        let mut it = Loop::<u64>::new(Backend::Poll);
        let key = it.driver.schedule(1, 1);
        prop_assume!(bits != key.to_bits());
        prop_assert_eq!(it.driver.cancel(TimerKey::from_bits(bits)), None);
        prop_assert_eq!(it.driver.timers_len(), 1);
    }
}

#[test]
fn the_key_of_a_timer_that_left_does_not_find_the_next_in_its_slot() {
    let mut it = Loop::<u64>::new(Backend::Poll);
    let fired = it.driver.schedule(1, 1);
    assert_eq!(it.turn(), [1]);
    let cancelled = it.driver.schedule(2, 2);
    assert_eq!(it.driver.cancel(cancelled), Some(2));
    let third = it.driver.schedule(3, 3);
    assert_eq!(it.driver.cancel(fired), None);
    assert_eq!(it.driver.cancel(cancelled), None);
    assert_eq!(it.driver.cancel(third), Some(3));
}
