//! Whether to look for the next datagram without being told that there is one.

/// Guesses whether another datagram waits behind the one just received, by what looking has found before.
///
/// A look in vain costs a system call; to be told of a datagram costs several times as much. So the first look that finds
/// nothing is made up for by the next that does. After looks in vain only each second datagram is followed by one, then
/// each fourth, and so on: who sends one datagram at a time, and waits for the answer, has next to none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookahead {
    /// Looks in vain since the last that found something, up to `MOST`.
    misses: u32,
    /// Datagrams that are not followed by a look.
    pass: u32,
}

impl Lookahead {
    /// Looks in vain that count. Each doubles the datagrams from one look to the next.
    const MOST: u32 = 6;

    /// The selector has told of a datagram, and it is received: whether to look for another one.
    #[inline]
    pub fn is_worth_it(&mut self) -> bool {
        let worth_it = self.pass == 0;
        self.pass = self.pass.saturating_sub(1);
        worth_it
    }

    /// What that look has found: a datagram, or none.
    #[inline]
    pub fn looked(&mut self, found: bool) {
        self.misses = if found { 0 } else { (self.misses + 1).min(Self::MOST) };
        self.pass = (1 << self.misses) - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many datagrams from one look to the next, where no look finds anything.
    fn gaps(lookahead: &mut Lookahead, looks: usize) -> Vec<usize> {
        (0..looks)
            .map(|_| {
                let gap = (1..1000).find(|_| lookahead.is_worth_it()).unwrap_or_default();
                lookahead.looked(false);
                gap
            })
            .collect()
    }

    #[test]
    fn looks_in_vain_become_rare() {
        assert_eq!(gaps(&mut Lookahead::default(), 9), [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    }

    #[test]
    fn a_look_that_finds_something_is_followed_by_another_at_once() {
        let mut lookahead = Lookahead::default();
        gaps(&mut lookahead, 9);
        while !lookahead.is_worth_it() {}
        lookahead.looked(true);
        assert_eq!(gaps(&mut lookahead, 3), [1, 2, 4]);
    }
}
