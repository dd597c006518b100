//! What is to be done next.

use super::{BATCH, Phase, Step, Tls};
use crate::Pressure;

impl Tls {
    /// What is to be done next.
    #[inline]
    pub fn next_step(&mut self) -> Step {
        if self.entered {
            // Whoever is there goes on with what has come up meanwhile.
            return Step::Wait;
        }
        match self.phase {
            Phase::Idle | Phase::Closed => Step::Wait,
            Phase::Handshaking => self.next_of_handshake(),
            Phase::Open | Phase::Flushing => self.next_of_data(),
            Phase::ShuttingDown => self.next_of_shutdown(),
        }
    }

    fn enter(&mut self, step: Step) -> Step {
        self.entered = true;
        step
    }

    fn tell_end(&mut self) -> Step {
        (self.end_told, self.delivering) = (true, true);
        Step::TellEnd
    }

    fn next_of_handshake(&mut self) -> Step {
        if std::mem::take(&mut self.arrived) {
            return self.enter(Step::Handshake);
        }
        self.next_of_sending().unwrap_or(Step::Wait)
    }

    #[inline]
    fn next_of_data(&mut self) -> Step {
        if !self.delivering && !self.reading_paused && !self.closed_by_user && !self.end_told {
            if self.unread {
                return self.enter(Step::Read);
            }
            if self.peer_closed || self.transport_ended {
                return self.tell_end();
            }
        }
        if let Some(step) = self.next_of_sending() {
            return step;
        }
        if let Some(step) = self.next_of_pressure() {
            return step;
        }
        let closing = self.closed_by_user || (self.end_told && !self.delivering);
        if !closing {
            return Step::Wait;
        }
        self.phase = Phase::Flushing;
        if !std::mem::replace(&mut self.timer_started, true) {
            return Step::StartTimer;
        }
        if self.backlog > 0 {
            return Step::Wait;
        }
        self.phase = Phase::ShuttingDown;
        self.arrived = true;
        self.next_of_shutdown()
    }

    fn next_of_shutdown(&mut self) -> Step {
        // After the transport's end there is nobody to say it to: asyncio sends no close_notify then.
        self.shut_down |= self.transport_ended;
        if !self.shut_down && std::mem::take(&mut self.arrived) {
            return self.enter(Step::Shutdown);
        }
        if self.shut_down {
            return self.next_of_finish();
        }
        self.next_of_sending().or_else(|| self.next_of_pressure()).unwrap_or(Step::Wait)
    }

    fn next_of_finish(&mut self) -> Step {
        if self.outgoing > 0 {
            // A transport that is paused takes it all the same, and closes when it is through. asyncio drops it.
            return self.enter(Step::Send);
        }
        // asyncio tells of the end at a shutdown that the application began, too.
        if (self.peer_closed || self.transport_ended) && !self.end_told {
            if self.delivering {
                return Step::Wait;
            }
            return self.tell_end();
        }
        if std::mem::replace(&mut self.finished, true) { Step::Wait } else { Step::Finish }
    }

    #[inline]
    fn next_of_sending(&mut self) -> Option<Step> {
        if self.sending_paused {
            return None;
        }
        let can_encrypt = self.backlog > 0 && !self.encrypt_wants && self.phase != Phase::Handshaking;
        if self.outgoing >= BATCH || (self.outgoing > 0 && !can_encrypt) {
            return Some(self.enter(Step::Send));
        }
        can_encrypt.then(|| self.enter(Step::Encrypt))
    }

    #[inline]
    fn next_of_pressure(&mut self) -> Option<Step> {
        let size = self.write_buffer_size();
        match (self.writing.grown(size), self.writing.shrunk(size)) {
            (Pressure::Pause, _) => return Some(Step::PauseWriting),
            (_, Pressure::Resume) => return Some(Step::ResumeWriting),
            _ => {}
        }
        match (self.receiving.grown(self.incoming), self.receiving.shrunk(self.incoming)) {
            (Pressure::Pause, _) => Some(Step::PauseReceiving),
            (_, Pressure::Resume) => Some(Step::ResumeReceiving),
            _ => None,
        }
    }
}
