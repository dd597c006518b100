//! What can go wrong, as one sentence.

use std::fmt;
use std::io;

/// Ends the program; the text says what was done and why it failed.
#[derive(Debug)]
pub struct Problem(String);

/// Or the problem.
pub type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    /// Says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names what was being done when it failed.
pub trait During<T> {
    /// `operation` stands before the cause.
    fn during(self, operation: &str) -> Result<T>;
}

impl<T, E: Into<io::Error>> During<T> for std::result::Result<T, E> {
    fn during(self, operation: &str) -> Result<T> {
        self.map_err(|error| Problem(format!("{operation}: {}", error.into())))
    }
}
