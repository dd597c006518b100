//! The engine through its public interface.
#![forbid(unsafe_code)]

mod harness;

mod clock;
mod close;
mod descriptors;
mod executor;
mod model;
mod random;
mod remote;
mod sources;
mod timers;
mod turn;
