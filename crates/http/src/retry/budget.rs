//! A limit on the retries of many requests together, so that a server in distress is not buried under them.

use std::cell::Cell;
use std::rc::Rc;

/// A bucket of tokens. Each retry takes one, each request puts in a part of one, up to what the bucket holds. It begins
/// full. Clones share the bucket.
#[derive(Clone, Debug)]
pub struct Budget(Rc<Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: Cell<f64>,
    capacity: f64,
    /// What a request puts in.
    ratio: f64,
}

impl Budget {
    /// At most `reserve` retries at once, and in the long run at most `ratio` retries per request.
    pub fn new(ratio: f64, reserve: u32) -> Self {
        let capacity = f64::from(reserve);
        Self(Rc::new(Bucket { tokens: Cell::new(capacity), capacity, ratio: ratio.max(0.0) }))
    }

    /// A request begins.
    pub(super) fn earn(&self) {
        let bucket = &*self.0;
        bucket.tokens.set((bucket.tokens.get() + bucket.ratio).min(bucket.capacity));
    }

    /// A retry is due. False: there have been too many.
    pub(super) fn spend(&self) -> bool {
        let left = self.0.tokens.get() - 1.0;
        let enough = left >= 0.0;
        if enough {
            self.0.tokens.set(left);
        }
        enough
    }
}
