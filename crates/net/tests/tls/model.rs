//! Random schedules against a simple model of what surrounds a TLS connection: a library that answers as it likes, an
//! application and a transport. It takes every step that it is told, and checks that the step is one that may come now.
//!
//! A schedule is a string of bytes, so that a fuzzer can make it: `fuzz/fuzz_targets/tls.rs` compiles this module as well.

use rondel_net::tls::{BATCH, Closing, Left, Outcome, Phase, Step, Tls};

/// Plays a schedule, and panics where a step comes that may not.
pub fn run(schedule: &[u8]) {
    let mut it = Model { rest: schedule, ..Model::default() };
    while let Some(event) = it.byte() {
        it.happens(event);
        it.pump();
        it.check();
    }
    it.end();
}

#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // each is one fact to be checked alone
struct Model<'a> {
    tls: Tls,
    rest: &'a [u8],
    /// How deep the pump is in itself: a step runs code that comes back.
    depth: usize,
    in_library: bool,
    in_application: bool,
    open: bool,
    closed_by_user: bool,
    aborted: bool,
    reading_paused: bool,
    sending_paused: bool,
    writing_paused: bool,
    receiving_paused: bool,
    transport_ended: bool,
    peer_closed: bool,
    end_told: bool,
    timer: bool,
    shut_down: bool,
    finished: bool,
    backlog: usize,
    outgoing: usize,
    incoming: usize,
}

impl Model<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The next byte of the schedule decides; at its end things go well.
    fn chance(&mut self, of_256: u8) -> bool {
        self.byte().is_some_and(|byte| byte < of_256)
    }

    fn happens(&mut self, event: u8) {
        let much = usize::from(event / 16 + 1) * 20_000;
        match event % 16 {
            0 => {
                let idle = self.tls.phase() == Phase::Idle;
                assert_eq!(self.tls.start(event > 64), idle);
            }
            1..=4 if !self.transport_ended => {
                self.incoming += much / 10;
                self.tls.received(much / 10);
            }
            5..=7 => {
                let taken = self.tls.write(much);
                assert_eq!(taken, !self.tls.is_closing());
                self.backlog += if taken { much } else { 0 };
            }
            8 => self.pause_reading(true),
            9 => self.pause_reading(false),
            10 => self.pause_sending(true),
            11 => self.pause_sending(false),
            12 => self.close(),
            13 if event > 128 => {
                self.transport_ended = true;
                self.tls.transport_ended();
            }
            14 if event > 220 => self.abort(),
            15 => {
                let marks = if event > 128 { self.tls.write_limits() } else { self.tls.read_limits() };
                assert!(marks.set(much, much / 2).is_some());
            }
            _ => {}
        }
    }

    fn pause_reading(&mut self, paused: bool) {
        self.reading_paused = paused;
        self.tls.pause_reading(paused);
    }

    fn pause_sending(&mut self, paused: bool) {
        self.sending_paused = paused;
        self.tls.pause_sending(paused);
    }

    fn close(&mut self) {
        let before = self.tls.phase();
        match self.tls.close() {
            Closing::Abort => {
                assert!(matches!(before, Phase::Idle | Phase::Handshaking));
                self.abort();
            }
            Closing::Begun => {
                assert_eq!(before, Phase::Open);
                self.closed_by_user = true;
            }
            Closing::Already => assert!(self.tls.is_closing()),
        }
    }

    fn abort(&mut self) {
        self.aborted = true;
        self.tls.abort();
        (self.backlog, self.outgoing, self.incoming) = (0, 0, 0);
    }

    fn pump(&mut self) {
        for _ in 0..10_000 {
            let step = self.tls.next_step();
            if step == Step::Wait {
                return;
            }
            self.take(step);
        }
        panic!("no end of steps in {:?}", self.tls);
    }

    /// Code that a step runs may do anything, and pumps.
    fn reenter(&mut self) {
        if self.depth < 3 && self.chance(64) {
            self.depth += 1;
            if let Some(event) = self.byte() {
                self.happens(event);
                self.pump();
            }
            self.depth -= 1;
        }
    }

    fn enter_library(&mut self) {
        assert!(!self.in_library, "the library was entered twice");
        self.in_library = true;
        self.reenter();
        self.in_library = false;
    }

    fn tell(&mut self) {
        assert!(!std::mem::replace(&mut self.in_application, true), "told out of order");
        self.reenter();
        self.in_application = false;
        self.tls.delivered();
    }

    fn take(&mut self, step: Step) {
        assert!(!self.aborted, "{step:?} after the end");
        assert!(!self.in_library, "{step:?} while somebody is in the library");
        match step {
            Step::Wait => {}
            Step::Handshake => self.handshake(),
            Step::Read => self.read(),
            Step::Encrypt => self.encrypt(),
            Step::Send => self.send(),
            Step::Shutdown => self.shutdown(),
            Step::TellEnd => {
                assert!(!std::mem::replace(&mut self.end_told, true), "the end was told twice");
                assert!(self.peer_closed || self.transport_ended);
                self.tell();
            }
            Step::StartTimer => {
                assert!(!std::mem::replace(&mut self.timer, true));
                assert!(self.closed_by_user || self.end_told);
            }
            Step::PauseWriting => assert!(!std::mem::replace(&mut self.writing_paused, true)),
            Step::ResumeWriting => assert!(std::mem::replace(&mut self.writing_paused, false)),
            Step::PauseReceiving => assert!(!std::mem::replace(&mut self.receiving_paused, true)),
            Step::ResumeReceiving => assert!(std::mem::replace(&mut self.receiving_paused, false)),
            Step::Finish => {
                assert!(!std::mem::replace(&mut self.finished, true), "finished twice");
                assert!(self.shut_down || self.transport_ended);
                assert_eq!((self.backlog, self.outgoing), (0, 0), "something was left behind");
            }
        }
    }

    fn fails(&mut self) -> bool {
        let fails = self.chance(4);
        if fails {
            self.tls.fail();
            self.abort();
        }
        fails
    }

    fn handshake(&mut self) {
        assert!(!self.open);
        self.enter_library();
        if self.aborted || self.fails() {
            return self.tls.fail();
        }
        self.outgoing += 100;
        let outcome = if self.chance(128) { Outcome::Wanting } else { Outcome::Done };
        self.incoming /= 2;
        let opens = self.tls.handshake_ended(outcome, self.incoming, self.outgoing);
        assert_eq!(opens, outcome == Outcome::Done);
        if opens {
            self.open = true;
            self.tell();
        }
    }

    fn read(&mut self) {
        assert!(self.open && !self.reading_paused && !self.end_told && !self.closed_by_user && !self.in_application);
        self.enter_library();
        if self.aborted || self.fails() {
            return self.tls.fail();
        }
        let left = match self.byte() {
            Some(0..16) => Left::End,
            Some(16..100) if self.incoming > 0 => Left::Perhaps,
            _ => Left::Nothing,
        };
        let data = self.incoming > 0;
        self.incoming = if left == Left::Perhaps { self.incoming / 2 } else { 0 };
        self.peer_closed |= left == Left::End;
        self.tls.read_ended(left, data, self.incoming, self.outgoing);
        if data {
            self.tell();
        }
    }

    fn encrypt(&mut self) {
        assert!(self.open && !self.sending_paused && self.backlog > 0 && self.outgoing < BATCH);
        self.enter_library();
        if self.aborted || self.fails() {
            return self.tls.fail();
        }
        let outcome = if self.chance(8) { Outcome::Wanting } else { Outcome::Done };
        let bytes = if outcome == Outcome::Wanting { 0 } else { self.backlog.min(BATCH) };
        self.backlog -= bytes;
        self.outgoing += bytes;
        self.tls.encrypt_ended(outcome, bytes, self.outgoing);
    }

    fn send(&mut self) {
        assert!(self.outgoing > 0);
        assert!(!self.sending_paused || self.shut_down || self.transport_ended);
        self.outgoing = 0;
        // The transport may say that it is full, and run the application by that.
        self.enter_library();
        self.tls.sent();
    }

    fn shutdown(&mut self) {
        assert_eq!(self.backlog, 0, "the end was said before all was");
        assert!(self.closed_by_user || self.end_told);
        self.enter_library();
        if self.aborted || self.fails() {
            return self.tls.fail();
        }
        self.outgoing += 50;
        match self.byte() {
            Some(0..64) => self.tls.shutdown_ended(Outcome::Wanting, 0, self.outgoing),
            Some(64..100) => {
                self.shut_down = true;
                self.tls.shutdown_met_data(0, self.outgoing);
            }
            _ => {
                (self.shut_down, self.peer_closed) = (true, true);
                self.tls.shutdown_ended(Outcome::Done, 0, self.outgoing);
            }
        }
        self.incoming = 0;
    }

    fn check(&self) {
        assert_eq!(self.tls.write_buffer_size(), self.backlog + self.outgoing);
        assert_eq!(self.tls.read_buffer_size(), self.incoming);
        assert_eq!(self.tls.is_writing_paused(), self.writing_paused);
        assert_eq!(self.tls.phase() == Phase::Closed, self.aborted);
    }

    /// Whatever happened: when everybody does their part, a connection that is open ends, and nothing is left behind.
    fn end(mut self) {
        self.rest = &[];
        self.pause_sending(false);
        self.pause_reading(false);
        for _ in 0..3 {
            // The peer's answers.
            self.tls.received(10);
            self.incoming += 10;
            self.pump();
            self.close();
            self.pump();
        }
        self.check();
        assert!(self.finished || self.aborted, "it never ends: {:?}", self.tls);
    }
}
