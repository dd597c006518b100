//! Backpressure: pause and resume alternate, whatever the buffer does.
#![forbid(unsafe_code)]

use proptest::prelude::*;
use rondel_net::{Pressure, Watermarks};

#[derive(Clone, Debug)]
enum Op {
    Grow(usize),
    Shrink(usize),
    Set { high: usize, low: usize },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..40_usize).prop_map(Op::Grow),
        4 => (1..40_usize).prop_map(Op::Shrink),
        1 => (0..100_usize, 0..100_usize).prop_map(|(high, low)| Op::Set { high, low }),
    ]
}

proptest! {
    #[test]
    fn pause_and_resume_alternate(ops in proptest::collection::vec(op(), 0..200)) {
        let mut marks = Watermarks::default();
        prop_assert_eq!(marks.set(64, 16), Some(()));
        let (mut high, mut low) = (64, 16);
        let mut size = 0_usize;
        let mut paused = false;
        for op in ops {
            let (pressure, expected) = match op {
                Op::Grow(by) => {
                    size += by;
                    (marks.grown(size), if !paused && size > high { Pressure::Pause } else { Pressure::Unchanged })
                }
                Op::Shrink(by) => {
                    size = size.saturating_sub(by);
                    (marks.shrunk(size), if paused && size <= low { Pressure::Resume } else { Pressure::Unchanged })
                }
                Op::Set { high: new_high, low: new_low } => {
                    let possible = new_low <= new_high;
                    prop_assert_eq!(marks.set(new_high, new_low).is_some(), possible);
                    if possible {
                        (high, low) = (new_high, new_low);
                    }
                    (Pressure::Unchanged, Pressure::Unchanged)
                }
            };
            prop_assert_eq!(pressure, expected);
            paused = match pressure {
                Pressure::Pause => true,
                Pressure::Resume => false,
                Pressure::Unchanged => paused,
            };
            prop_assert_eq!(marks.is_paused(), paused);
            prop_assert_eq!(marks.limits(), (low, high));
        }
    }
}

#[test]
fn the_limits_of_cpython_hold_by_default() {
    let mut marks = Watermarks::default();
    assert_eq!(marks.limits(), (16 * 1024, 64 * 1024));
    assert_eq!(marks.grown(64 * 1024), Pressure::Unchanged, "high water itself is not above it");
    assert_eq!(marks.grown(64 * 1024 + 1), Pressure::Pause);
    assert_eq!(marks.grown(1 << 20), Pressure::Unchanged, "it was told already");
    assert_eq!(marks.shrunk(16 * 1024 + 1), Pressure::Unchanged);
    assert_eq!(marks.shrunk(16 * 1024), Pressure::Resume);
    assert_eq!(marks.shrunk(0), Pressure::Unchanged);
}

#[test]
fn with_no_room_at_all_the_first_byte_pauses_and_the_last_resumes() {
    let mut marks = Watermarks::default();
    marks.set(0, 0).unwrap();
    assert_eq!(marks.grown(0), Pressure::Unchanged);
    assert_eq!(marks.grown(1), Pressure::Pause);
    assert_eq!(marks.shrunk(1), Pressure::Unchanged);
    assert_eq!(marks.shrunk(0), Pressure::Resume);
}
