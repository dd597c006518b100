//! What happens, and how the steps ended.

use super::{Closing, Left, Outcome, Phase, Tls};

impl Tls {
    /// There is a transport: the handshake may begin. Gives whether it does; not so after a close or an abort.
    ///
    /// `speaks_first`: this side has something to say before it hears from the other, as a client has. A server's library
    /// is not asked before ciphertext has come: all it could answer is that it wants some.
    pub fn start(&mut self, speaks_first: bool) -> bool {
        let starts = self.phase == Phase::Idle;
        if starts {
            self.phase = Phase::Handshaking;
            self.arrived |= speaks_first;
        }
        starts
    }

    /// So many bytes of ciphertext have come, and are in the library's buffer.
    #[inline]
    pub fn received(&mut self, bytes: usize) {
        self.incoming += bytes;
        self.arrived = true;
        self.unread = true;
        self.encrypt_wants = false;
    }

    /// The transport's other end sends no more.
    pub fn transport_ended(&mut self) {
        self.transport_ended = true;
    }

    /// The transport takes no more at present, or takes some again.
    pub fn pause_sending(&mut self, paused: bool) {
        self.sending_paused = paused;
    }

    /// The application pauses reading, or wants to read again.
    pub fn pause_reading(&mut self, paused: bool) {
        self.reading_paused = paused;
    }

    /// The application has written so many bytes. Gives whether they are taken; not so when the connection closes.
    #[inline]
    pub fn write(&mut self, bytes: usize) -> bool {
        let taken = !self.is_closing();
        if taken {
            self.backlog += bytes;
        }
        taken
    }

    /// The application closes: what it wrote still goes out, what comes is not for it any more.
    pub fn close(&mut self) -> Closing {
        match self.phase {
            Phase::Idle | Phase::Handshaking => {
                self.abort();
                Closing::Abort
            }
            // Where the peer or the transport ends the connection, nothing changes for the application.
            Phase::Open if !self.closed_by_user => {
                self.closed_by_user = true;
                Closing::Begun
            }
            _ => Closing::Already,
        }
    }

    /// Nothing happens from now on: aborted, or the transport is lost.
    pub fn abort(&mut self) {
        self.phase = Phase::Closed;
        (self.backlog, self.outgoing, self.incoming) = (0, 0, 0);
    }

    /// The library has failed: nothing happens from now on. It may still have an alert for the peer.
    pub fn fail(&mut self) {
        self.entered = false;
        self.abort();
    }
}

// --- How the steps ended ---------------------------------------------------------------------------------------------

impl Tls {
    /// The outcome of [`Step::Handshake`], and what is in the library's buffers now, in bytes. Gives whether the
    /// connection has become open with it; then tell the application, and report [`Tls::delivered`].
    pub fn handshake_ended(&mut self, outcome: Outcome, incoming: usize, outgoing: usize) -> bool {
        self.left(incoming, outgoing);
        let opens = self.phase == Phase::Handshaking && outcome == Outcome::Done;
        if opens {
            self.phase = Phase::Open;
            self.delivering = true;
            self.unread = incoming > 0 || self.arrived;
            self.arrived = false;
        }
        opens
    }

    /// The outcome of [`Step::Read`], and what is in the library's buffers now, in bytes. `data`: there is something to
    /// deliver.
    #[inline]
    pub fn read_ended(&mut self, left: Left, data: bool, incoming: usize, outgoing: usize) {
        self.left(incoming, outgoing);
        self.delivering = data;
        match left {
            Left::Nothing => self.unread = false,
            Left::Perhaps => {}
            Left::End => (self.unread, self.peer_closed) = (false, true),
        }
    }

    /// The application has taken what it was given or told.
    #[inline]
    pub fn delivered(&mut self) {
        self.delivering = false;
    }

    /// The outcome of [`Step::Encrypt`], of which `bytes` of plaintext are done, and what is to go out now, in bytes.
    #[inline]
    pub fn encrypt_ended(&mut self, outcome: Outcome, bytes: usize, outgoing: usize) {
        self.left(self.incoming, outgoing);
        self.backlog = self.backlog.saturating_sub(bytes);
        self.encrypt_wants = outcome == Outcome::Wanting;
    }

    /// [`Step::Send`] has given the transport all that was to go out.
    #[inline]
    pub fn sent(&mut self) {
        self.entered = false;
        self.outgoing = 0;
    }

    /// The outcome of [`Step::Shutdown`], and what is in the library's buffers now, in bytes.
    pub fn shutdown_ended(&mut self, outcome: Outcome, incoming: usize, outgoing: usize) {
        self.left(incoming, outgoing);
        if outcome == Outcome::Done {
            (self.shut_down, self.peer_closed) = (true, true);
        }
    }

    /// [`Step::Shutdown`] has found that the peer goes on sending data, which nobody wants; as above.
    ///
    /// asyncio makes an error of it, although nothing is wrong: the data was on its way.
    pub fn shutdown_met_data(&mut self, incoming: usize, outgoing: usize) {
        self.left(incoming, outgoing);
        self.shut_down = true;
    }

    #[inline]
    fn left(&mut self, incoming: usize, outgoing: usize) {
        self.entered = false;
        if self.phase != Phase::Closed {
            (self.incoming, self.outgoing) = (incoming, outgoing);
        }
    }
}
