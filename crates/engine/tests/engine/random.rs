//! The engine against its model, on schedules that proptest makes and shrinks.

use proptest::prelude::*;
use rondel_engine::Backend;

use crate::model;

fn schedules() -> impl Strategy<Value = Vec<u8>> {
    // In pairs, as the steps are spelled: a shrunken schedule has fewer steps, not other ones.
    proptest::collection::vec(any::<[u8; 2]>(), 0..300).prop_map(|steps| steps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    #[cfg(target_os = "linux")]
    fn with_epoll_the_engine_does_what_its_model_does(schedule in schedules()) {
        model::run(&schedule, Backend::Epoll);
    }

    #[test]
    fn with_poll_the_engine_does_what_its_model_does(schedule in schedules()) {
        model::run(&schedule, Backend::Poll);
    }
}

/// Found by the fuzzer: who is told once and asks again during a turn has the selector report once more, to nobody; a
/// selector that was made anew meanwhile does not.
#[test]
fn who_asks_again_during_a_turn_leaves_an_echo() {
    let heard: &[u8] = &[9, 0, 12, 16, 19, 32, 12, 48, 0, 0, 20, 64, 19, 32];
    let made_anew: &[u8] = &[
        9, 105, 9, 45, 15, 255, 18, 35, 0, 12, 12, 145, 9, 170, 12, 18, 10, 114, 20, 116, 19, 116, 14, 34, 10, 36, 1,
        255, 13, 177, 21, 21, 15, 13, 20, 116, 19, 116, 13, 200, 13, 177, 15, 21, 21, 177,
    ];
    // With nothing else to wait for, the model has to end the wait.
    let alone: &[u8] = &[9, 144, 9, 55, 37, 49, 36, 144, 0, 0, 19, 190, 37, 49, 15, 144, 190, 144, 190, 2];
    for schedule in [heard, made_anew, alone] {
        model::run(schedule, Backend::from_env().unwrap());
    }
}
