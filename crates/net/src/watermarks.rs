//! Backpressure: when a writer is to pause, and when it may go on.

/// High and low water of a write buffer, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    high: usize,
    low: usize,
    paused: bool,
}

/// What the buffer's new size means to the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressure {
    /// As before.
    Unchanged,
    /// It rose above high water: pause.
    Pause,
    /// It fell to low water: go on.
    Resume,
}

impl Default for Watermarks {
    /// 64 KiB and a quarter of it, as `_FlowControlMixin._set_write_buffer_limits` of `CPython`.
    fn default() -> Self {
        Self::new(64 * 1024, 16 * 1024)
    }
}

impl Watermarks {
    /// Marks at `high` and `low`, which is taken for `high` at most. Nobody is paused.
    pub fn new(high: usize, low: usize) -> Self {
        Self { high, low: low.min(high), paused: false }
    }

    /// Sets the limits; they count from the next change of the buffer on. Gives `None` and changes
    /// nothing if `low` lies above `high`.
    #[must_use]
    pub fn set(&mut self, high: usize, low: usize) -> Option<()> {
        if low > high {
            return None;
        }
        (self.high, self.low) = (high, low);
        Some(())
    }

    /// `(low, high)`
    pub fn limits(&self) -> (usize, usize) {
        (self.low, self.high)
    }

    /// Whether the writer was told to pause and not yet to go on.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The buffer has grown to `size`.
    pub fn grown(&mut self, size: usize) -> Pressure {
        if self.paused || size <= self.high {
            return Pressure::Unchanged;
        }
        self.paused = true;
        Pressure::Pause
    }

    /// The buffer has shrunk to `size`.
    pub fn shrunk(&mut self, size: usize) -> Pressure {
        if !self.paused || size > self.low {
            return Pressure::Unchanged;
        }
        self.paused = false;
        Pressure::Resume
    }
}
