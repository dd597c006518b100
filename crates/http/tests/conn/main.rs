//! Connections that speak HTTP, over bytes in memory: what the server sends, byte by byte, and what becomes of it.
#![forbid(unsafe_code)]

mod bench;
mod cuts;
mod frames;
mod http1;
mod http2;
mod past;
mod pipe;
mod refusals;
mod spares;
mod streams;
mod tls;
mod uploads;
