//! Masks (RFC 6455, 5.3): what a client sends is combined (exclusive or) with four bytes that nobody can guess, anew for each frame, so that
//! no program can make a client send what an intermediary takes for HTTP.

use std::io;

use rustls::crypto::{SecureRandom, ring};

/// Masks are drawn in batches: one call of the system for so many frames.
const BATCH: usize = 64;

/// XORs `data`, which begins so many bytes behind the begin of the payload, with the mask. Done twice, it is undone.
pub fn apply_mask(data: &mut [u8], mask: [u8; 4], offset: usize) {
    let mask: [u8; 4] = std::array::from_fn(|index| mask[(index + offset) % 4]);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = data.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Where masks come from.
pub struct Masks {
    source: &'static dyn SecureRandom,
    drawn: [[u8; 4]; BATCH],
    used: usize,
}

impl Masks {
    /// From the system's random numbers.
    pub fn new() -> Self {
        Self { source: ring::default_provider().secure_random, drawn: [[0; 4]; BATCH], used: BATCH }
    }

    /// The next one.
    ///
    /// Errors: the system gives no random numbers.
    pub fn draw(&mut self) -> io::Result<[u8; 4]> {
        if self.used == BATCH {
            let drawn = self.source.fill(self.drawn.as_flattened_mut());
            drawn.map_err(|_| io::Error::other("the system gives no random numbers"))?;
            self.used = 0;
        }
        let mask = self.drawn[self.used];
        self.used += 1;
        Ok(mask)
    }
}

impl Default for Masks {
    fn default() -> Self {
        Self::new()
    }
}
