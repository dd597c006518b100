//! `sock_recv`, `sock_sendall` and their siblings: sockets of the program's own.
//!
//! The methods themselves are coroutines in Python (python/rondel/socks.py), with all that programs can tell of one. What
//! each call does is native: one attempt at the transfer, and where the system would block, a wait.

mod plain;
mod transfer;
mod wait;

pub use self::plain::fileno;
pub use self::wait::wake;
use crate::raw::{Method, fast, one_arg};

pub static METHODS: [Method; 5] = [
    fast(
        c"_recv_now",
        c"_recv_now($self, sock, nbytes, /)\n--\n\nReceive up to nbytes bytes; None if there are none yet.",
        transfer::recv_now,
    ),
    fast(
        c"_recv_into_now",
        c"_recv_into_now($self, sock, buf, /)\n--\n\nReceive into a buffer; None if there is nothing yet.",
        transfer::recv_into_now,
    ),
    fast(
        c"_send_now",
        c"_send_now($self, sock, data, sent, /)\n--\n\nSend what is left of data after the first `sent` bytes.\n\n\
        Gives how many bytes are sent by now, None if that is all, NotImplemented if the socket or the data is unusual.",
        transfer::send_now,
    ),
    one_arg(
        c"_readable",
        c"_readable($self, file, /)\n--\n\nAn awaitable that ends when the descriptor can be read.",
        wait::readable,
    ),
    one_arg(
        c"_writable",
        c"_writable($self, file, /)\n--\n\nAn awaitable that ends when the descriptor can be written.",
        wait::writable,
    ),
];
