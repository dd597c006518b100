//! Tables by the numbers of descriptors.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::os::fd::RawFd;

/// What is known of descriptors.
///
/// The system gives the numbers, the lowest that is free: nobody can choose them to collide, and a hash that withstands
/// that would take longer than all else that is done with an entry. No array, as a program may name any number.
pub type ByDescriptor<T> = HashMap<RawFd, T, BuildHasherDefault<Spread>>;

/// Hashes one integer, by Fibonacci's multiplication (Knuth, The Art of Computer Programming, volume 3, 6.4).
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    #[inline]
    fn write_i32(&mut self, number: i32) {
        self.write_u64(number.cast_unsigned().into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        // 2^64 over the golden ratio, odd: each number its own hash, and the upper bits, which tables look at, too, differ.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
