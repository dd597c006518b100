//! The life of a TLS connection, without TLS and without I/O: what is to be done next.
//!
//! A [`Tls`] stands between an application, a TLS library that works on two buffers in memory (ciphertext that came in,
//! ciphertext that is to go out), and a transport for the ciphertext. Its user reports what happens, asks for the next
//! [`Step`] until there is none, takes each step, and reports how it ended.
//!
//! Any step may run code that comes back here: a callback of the TLS library, the application, the transport. So the
//! library is never entered twice at a time, data and its end are told in order, and every report is taken at any time.
//! The order of things is that of `SSLProtocol` in `CPython`'s `asyncio/sslproto.py`; where it differs, a comment says
//! why.

mod reports;
mod steps;

use crate::Watermarks;

/// So much ciphertext is made, in bytes, before it goes to the transport: more would only be held in memory.
pub const BATCH: usize = 128 * 1024;
/// High water of what the application has written, in bytes (`FLOW_CONTROL_HIGH_WATER_SSL_WRITE`).
const WRITE_HIGH: usize = 512 * 1024;
/// High water of the ciphertext that came in, in bytes (`FLOW_CONTROL_HIGH_WATER_SSL_READ`).
const READ_HIGH: usize = 256 * 1024;

/// Where in its life a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is no transport yet.
    Idle,
    /// The two sides agree on keys.
    Handshaking,
    /// Data flows.
    Open,
    /// No more is taken from the application. What it wrote is still on its way.
    Flushing,
    /// All is written. The two sides tell each other that nothing follows (`close_notify`).
    ShuttingDown,
    /// Nothing happens any more.
    Closed,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait until something happens.
    Wait,
    /// Enter the library to shake hands, then report [`Tls::handshake_ended`].
    Handshake,
    /// Enter the library to decrypt, then report [`Tls::read_ended`]; after that give the application what there was,
    /// and report [`Tls::delivered`].
    Read,
    /// Enter the library to encrypt what the application wrote, up to [`BATCH`], then report [`Tls::encrypt_ended`].
    Encrypt,
    /// Give the transport the ciphertext that is to go out, then report [`Tls::sent`].
    Send,
    /// Enter the library to exchange `close_notify`, then report [`Tls::shutdown_ended`].
    Shutdown,
    /// Tell the application that the peer sends no more, then report [`Tls::delivered`].
    TellEnd,
    /// Begin to count the time that a shutdown may take.
    StartTimer,
    /// Tell the application to pause writing.
    PauseWriting,
    /// Tell the application that it may write again.
    ResumeWriting,
    /// Have the transport pause reading.
    PauseReceiving,
    /// Have the transport read again.
    ResumeReceiving,
    /// Close the transport: all is said.
    Finish,
}

/// How a call into the library ended, other than by an error (for that there is [`Tls::fail`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It cannot go on before more ciphertext comes.
    Wanting,
}

/// What a read has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing, until more ciphertext comes.
    Nothing,
    /// There may be more.
    Perhaps,
    /// The peer has said that nothing follows.
    End,
}

/// What a call of [`Tls::close`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Nothing: it is closing already.
    Already,
    /// There is nothing to be polite about: abort the transport.
    Abort,
    /// Take the next step.
    Begun,
}

/// See the [module](self).
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each is one fact that is reported and asked alone
pub struct Tls {
    phase: Phase,
    /// Somebody is inside of the library, or hands its ciphertext to the transport.
    entered: bool,
    /// The application is being given or told something: what follows must wait.
    delivering: bool,
    /// Ciphertext has come since the library was last asked about the handshake or the shutdown.
    arrived: bool,
    /// There may be something to decrypt.
    unread: bool,
    /// The library wants ciphertext before it encrypts more (renegotiation).
    encrypt_wants: bool,
    /// The application pauses reading.
    reading_paused: bool,
    /// The transport takes no more at present.
    sending_paused: bool,
    /// The peer's `close_notify` was read.
    peer_closed: bool,
    /// The transport's other end sends no more.
    transport_ended: bool,
    /// The application was told of the end.
    end_told: bool,
    /// The application has closed.
    closed_by_user: bool,
    timer_started: bool,
    /// Both sides have said, or can't say any more, that nothing follows.
    shut_down: bool,
    finished: bool,
    /// Plaintext that waits, in bytes.
    backlog: usize,
    /// Ciphertext that is to go out, in bytes.
    outgoing: usize,
    /// Ciphertext that came and that the library has not taken yet, in bytes.
    incoming: usize,
    writing: Watermarks,
    receiving: Watermarks,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            entered: false,
            delivering: false,
            arrived: false,
            unread: false,
            encrypt_wants: false,
            reading_paused: false,
            sending_paused: false,
            peer_closed: false,
            transport_ended: false,
            end_told: false,
            closed_by_user: false,
            timer_started: false,
            shut_down: false,
            finished: false,
            backlog: 0,
            outgoing: 0,
            incoming: 0,
            writing: Watermarks::new(WRITE_HIGH, WRITE_HIGH / 4),
            receiving: Watermarks::new(READ_HIGH, READ_HIGH / 4),
        }
    }
}

impl Tls {
    /// Where in its life the connection is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether it closes or is closed: nothing that is written goes out any more.
    #[inline]
    pub fn is_closing(&self) -> bool {
        self.closed_by_user || matches!(self.phase, Phase::Flushing | Phase::ShuttingDown | Phase::Closed)
    }

    /// Whether the application pauses reading.
    pub fn is_reading_paused(&self) -> bool {
        self.reading_paused
    }

    /// Whether the application was told to pause writing.
    pub fn is_writing_paused(&self) -> bool {
        self.writing.is_paused()
    }

    /// Bytes that wait to go out.
    #[inline]
    pub fn write_buffer_size(&self) -> usize {
        self.backlog + self.outgoing
    }

    /// Bytes of ciphertext that wait to be decrypted.
    #[inline]
    pub fn read_buffer_size(&self) -> usize {
        self.incoming
    }

    /// The water marks of what waits to go out.
    pub fn write_limits(&mut self) -> &mut Watermarks {
        &mut self.writing
    }

    /// The water marks of what waits to be decrypted.
    pub fn read_limits(&mut self) -> &mut Watermarks {
        &mut self.receiving
    }
}
