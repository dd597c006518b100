//! What happens on the way to a connection, for those who want to know.

/// Who is told, at once and on the same thread.
pub trait Observer {
    /// Something has happened.
    fn notice(&self, notice: Notice<'_>);
}

/// What has happened. With it go the names that hosts have in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The request waits for a slot of the pool.
    QueuedStart,
    /// It has one.
    QueuedEnd,
    /// It has a connection that was there.
    Reused,
    /// It opens a connection.
    CreateStart,
    /// That stands.
    CreateEnd,
    /// The addresses of a name are known, or somebody has asked for them already.
    DnsHit(&'a str),
    /// They are not.
    DnsMiss(&'a str),
    /// They are asked for.
    DnsStart(&'a str),
    /// They are there.
    DnsEnd(&'a str),
}

impl<'a> Notice<'a> {
    /// A name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueuedStart => "queued_start",
            Self::QueuedEnd => "queued_end",
            Self::Reused => "reuse",
            Self::CreateStart => "create_start",
            Self::CreateEnd => "create_end",
            Self::DnsHit(_) => "dns_hit",
            Self::DnsMiss(_) => "dns_miss",
            Self::DnsStart(_) => "dns_start",
            Self::DnsEnd(_) => "dns_end",
        }
    }

    /// The host it is about.
    pub const fn host(self) -> Option<&'a str> {
        match self {
            Self::DnsHit(host) | Self::DnsMiss(host) | Self::DnsStart(host) | Self::DnsEnd(host) => Some(host),
            _ => None,
        }
    }
}

/// Tells `observer`, if there is one.
pub(super) fn tell(observer: Option<&dyn Observer>, notice: Notice<'_>) {
    if let Some(observer) = observer {
        observer.notice(notice);
    }
}
