//! What the model knows of wake-ups: enough to say whether a turn may sleep.

pub enum Bell {
    Awake,
    Asleep,
    Rung,
}

impl Bell {
    pub fn ring(&mut self) {
        *self = Self::Rung;
    }

    pub fn ring_if_asleep(&mut self) {
        if matches!(self, Self::Asleep) {
            self.ring();
        }
    }

    pub fn try_sleep(&mut self) -> bool {
        let sleeps = matches!(self, Self::Awake);
        if sleeps {
            *self = Self::Asleep;
        }
        sleeps
    }
}
