//! The steps of a schedule, and how bytes spell them.

use rondel_engine::Nanos;

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Push,
    RemotePush,
    Wake,
    Schedule(Nanos),
    /// The timer that was made as this one, counted from the first; it may be gone.
    Cancel(usize),
    Add,
    SetReader(usize, Wanted),
    SetWriter(usize, Wanted),
    Remove(usize),
    /// The descriptor is closed too early, and its number goes to a new source. A duplicate of it may live on.
    Replace {
        which: usize,
        duplicate: bool,
    },
    Peer(usize, Peer),
    /// The first half of a turn: prepare and, unless `look` is false, wait.
    Begin {
        look: bool,
    },
    /// The second half, with the first before it if it is missing.
    End {
        take: usize,
    },
}

/// For how long a watcher is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Never,
    Once,
    Always,
}

/// What happens to a pair of sockets.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// The peer sends a byte.
    Sends,
    /// All that the peer sent is read.
    IsRead,
    /// We write until nothing fits.
    IsFlooded,
    /// The peer reads all of it.
    Reads,
    /// The peer goes away.
    Closes,
}

impl Op {
    /// Takes one step from the front, two bytes: what to do, and with what.
    pub fn decode(schedule: &mut &[u8]) -> Option<Self> {
        let [what, with, rest @ ..] = *schedule else { return None };
        *schedule = rest;
        let with = *with;
        // The low half names a source, the high half says the rest.
        let (which, flag) = (usize::from(with & 15), with & 16 != 0);
        let wanted = match with >> 4 & 3 {
            0 | 2 => Wanted::Never,
            1 => Wanted::Always,
            _ => Wanted::Once,
        };
        Some(match what % 24 {
            0..=1 => Self::Push,
            2..=3 => Self::RemotePush,
            4 => Self::Wake,
            5..=6 => Self::Schedule(match with {
                // Few different delays, so that many are equal.
                0..200 => Nanos::from(with % 8),
                200..250 => Nanos::from(with) << 30,
                250.. => Nanos::MAX,
            }),
            7..=8 => Self::Cancel(usize::from(with)),
            9 => Self::Add,
            10..=11 => Self::SetReader(which, wanted),
            12..=13 => Self::SetWriter(which, wanted),
            14 => Self::Remove(which),
            15 => Self::Replace { which, duplicate: flag },
            16..=18 => Self::Peer(
                which,
                match with >> 4 {
                    0..=4 => Peer::Sends,
                    5..=8 => Peer::IsRead,
                    9..=10 => Peer::IsFlooded,
                    11..=13 => Peer::Reads,
                    14.. => Peer::Closes,
                },
            ),
            19 => Self::Begin { look: with >= 32 },
            20.. => Self::End { take: if with < 64 { usize::from(with & 3) } else { usize::MAX } },
        })
    }
}
