//! Reading without a buffer of one's own.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll};

/// A source of bytes that shows them where they lie, to be copied once, to where they are wanted. Each has a buffer of
/// the thread to receive into, so a connection that waits holds no memory for it.
pub trait Receive {
    /// Waits for bytes, and shows `take` what is there: at most `most` of them (at least one), in one or several pieces.
    /// Gives their number; none at the end of the stream.
    ///
    /// `take` must not receive from anything itself.
    ///
    /// Errors: what the peer, the network or TLS did.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>>;

    /// Waits for bytes, and puts them into `memory`, which is not empty, from its start on. Gives how many of it are
    /// initialized then; none at the end of the stream.
    ///
    /// Errors: as [`poll_receive`](Self::poll_receive).
    fn poll_receive_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        copy_into(self, cx, memory)
    }
}

/// Bytes that are read at a time from what reads into a slice.
const PIECE: usize = 64 * 1024;

thread_local! {
    /// The buffer that [`receive_with`] lends out. It is taken from here meanwhile, so what reads through something that
    /// reads this way too gets another.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// [`Receive::poll_receive`] for what reads into a slice.
pub(super) fn receive_with(
    most: usize,
    take: &mut dyn FnMut(&[u8]),
    read: impl FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    let mut spare = SPARE.take();
    spare.resize(PIECE, 0);
    let done = read(&mut spare[..most.min(PIECE)]);
    if let Poll::Ready(Ok(length)) = done {
        take(&spare[..length.min(PIECE)]);
    }
    SPARE.set(spare);
    done
}

/// [`Receive::poll_receive_into`] for what shows its bytes where they lie.
pub(super) fn copy_into(
    from: &mut (impl Receive + ?Sized),
    cx: &mut Context<'_>,
    memory: &mut [MaybeUninit<u8>],
) -> Poll<io::Result<usize>> {
    let mut filled = 0;
    let received = from.poll_receive(cx, memory.len(), &mut |data| {
        let end = filled + data.len();
        memory[filled..end].write_copy_of_slice(data);
        filled = end;
    });
    received.map_ok(|_| filled)
}
