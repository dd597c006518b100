//! The write queue through its public interface.
#![forbid(unsafe_code)]

mod model;

use std::io::{self, ErrorKind};

use proptest::prelude::*;
use rondel_net::{Flushed, WriteQueue};

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_its_model_does(steps in proptest::collection::vec(any::<[u8; 2]>(), 0..300)) {
        model::run(&steps.concat());
    }
}

fn queue_of(buffers: &[&'static str]) -> WriteQueue<&'static str> {
    let mut queue = WriteQueue::default();
    for buffer in buffers {
        queue.push(*buffer, 0);
    }
    queue
}

#[test]
fn many_small_buffers_leave_in_few_calls() {
    let mut queue = queue_of(&["x"; 200]);
    let mut done = Vec::new();
    let mut calls = Vec::new();
    while queue
        .flush(&mut done, |slices| {
            calls.push(slices.len());
            Ok(slices.len())
        })
        .unwrap()
        != Flushed::All
    {}
    assert_eq!(calls, [64, 64, 64, 8]);
    assert_eq!(done.len(), 200);
}

#[test]
fn a_part_of_a_buffer_goes_on_where_it_stopped() {
    let mut queue = queue_of(&["hello ", "world"]);
    let mut done = Vec::new();
    assert_eq!(queue.flush(&mut done, |_| Ok(8)).unwrap(), Flushed::Some);
    assert_eq!(done, ["hello "]);
    assert_eq!(queue.len(), 3);
    let flushed = queue.flush(&mut done, |slices| {
        assert_eq!((slices.len(), &*slices[0]), (1, b"rld".as_slice()));
        Ok(3)
    });
    assert_eq!(flushed.unwrap(), Flushed::All);
    assert_eq!(done, ["hello ", "world"]);
}

#[test]
fn what_a_direct_write_left_over_comes_first() {
    let mut queue = WriteQueue::default();
    queue.push("hello", 2);
    queue.push("!", 0);
    assert_eq!(queue.len(), 4);
    let flushed = queue.flush(&mut Vec::new(), |slices| {
        assert_eq!((&*slices[0], &*slices[1]), (b"llo".as_slice(), b"!".as_slice()));
        Ok(4)
    });
    assert_eq!(flushed.unwrap(), Flushed::All);
}

#[test]
fn an_empty_queue_sends_nothing() {
    let mut queue = queue_of(&["", ""]);
    assert!(queue.is_empty());
    let flushed = queue.flush(&mut Vec::new(), |_| Err(io::Error::other("was asked to send")));
    assert_eq!(flushed.unwrap(), Flushed::All);
}

#[test]
fn an_error_leaves_the_queue_as_it_was() {
    let mut queue = queue_of(&["a", "b"]);
    let mut done = Vec::new();
    let error = queue.flush(&mut done, |_| Err(ErrorKind::BrokenPipe.into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert_eq!(queue.flush(&mut done, |_| Err(ErrorKind::WouldBlock.into())).unwrap(), Flushed::Some);
    assert!(done.is_empty());
    assert_eq!(queue.take(), ["a", "b"]);
    assert!(queue.is_empty());
}
