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
