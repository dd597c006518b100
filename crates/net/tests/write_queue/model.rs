//! Random schedules against a simple model of the write queue: a string of bytes, of which some are sent.
//!
//! A schedule is a string of bytes, too, so that a fuzzer can make it: `fuzz/fuzz_targets/write_queue.rs` compiles this
//! module as well.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};

use rondel_net::{Flushed, WriteQueue};

/// Plays a schedule, and panics where the queue and the model disagree.
pub fn run(schedule: &[u8]) {
    let mut it = Model::default();
    let mut steps = schedule.chunks_exact(2);
    while let Some(&[what, with]) = steps.next() {
        match what % 8 {
            0..=2 => it.push(usize::from(with), 0),
            // What a direct write to the socket left over.
            3 if it.queue.is_empty() => it.push(usize::from(with), usize::from(what / 8).min(usize::from(with))),
            3 => it.push(0, 0),
            // Often all that is offered, otherwise a part of it.
            4..=5 => it.flush(Ok(if with < 64 { usize::MAX } else { usize::from(with) * 3 })),
            6 if with < 128 => it.flush(Err(ErrorKind::WouldBlock)),
            6 => it.flush(Err(ErrorKind::ConnectionReset)),
            _ if with < 16 => it.take(),
            _ => it.push(1, 0),
        }
        it.check();
    }
}

#[derive(Default)]
struct Model {
    queue: WriteQueue<Vec<u8>>,
    /// All that is not sent yet.
    bytes: VecDeque<u8>,
    /// The buffers that hold it.
    buffers: VecDeque<Vec<u8>>,
    made: u8,
}

impl Model {
    fn push(&mut self, len: usize, sent: usize) {
        let buffer: Vec<u8> = std::iter::repeat_with(|| {
            self.made = self.made.wrapping_add(1);
            self.made
        })
        .take(len)
        .collect();
        self.bytes.extend(&buffer[sent..]);
        if sent < len {
            self.buffers.push_back(buffer.clone());
        }
        self.queue.push(buffer, sent);
    }

    fn flush(&mut self, answer: Result<usize, ErrorKind>) {
        let mut done = Vec::new();
        let mut taken = 0;
        let mut asked = false;
        let flushed = self.queue.flush(&mut done, |slices: &[IoSlice<'_>]| {
            asked = true;
            let offered: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            assert!(!offered.is_empty() && slices.iter().all(|slice| !slice.is_empty()));
            assert_eq!(offered, self.bytes.range(..offered.len()).copied().collect::<Vec<u8>>());
            assert!(slices.len() == self.buffers.len() || slices.len() == 64);
            taken = answer.map_err(io::Error::from)?.min(offered.len());
            Ok(taken)
        });
        assert_eq!(asked, !self.bytes.is_empty());
        self.bytes.drain(..taken);

        let left: usize = self.buffers.iter().map(Vec::len).sum();
        let mut gone = left - self.bytes.len();
        let mut sent = Vec::new();
        while let Some(buffer) = self.buffers.front().filter(|buffer| buffer.len() <= gone) {
            gone -= buffer.len();
            sent.extend(self.buffers.pop_front());
        }
        assert_eq!(done, sent);
        match (flushed, answer) {
            (Err(error), Err(kind)) => assert!(asked && error.kind() == kind && kind != ErrorKind::WouldBlock),
            (Ok(flushed), Ok(_) | Err(ErrorKind::WouldBlock)) => {
                assert_eq!(flushed == Flushed::All, self.bytes.is_empty());
            }
            (flushed, answer) => assert!(!asked, "{answer:?} became {flushed:?}"),
        }
    }

    fn take(&mut self) {
        assert_eq!(self.queue.take(), self.buffers);
        self.bytes.clear();
        self.buffers.clear();
    }

    fn check(&self) {
        assert_eq!(self.queue.len(), self.bytes.len());
        assert_eq!(self.queue.is_empty(), self.bytes.is_empty());
        assert!(self.queue.iter().eq(&self.buffers));
    }
}
