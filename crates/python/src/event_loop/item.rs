//! What the driver hands out in this embedding.

use crate::handle::Pending;
use crate::http::Chore;
use crate::raw::Owned;

/// Something to run.
#[derive(Debug)]
pub enum Ready {
    /// A `Handle` or `TimerHandle`.
    Handle(Pending),
    /// A `Stream` whose socket can be read.
    Read(Owned),
    /// A `Stream` whose socket can be written.
    Write(Owned),
    /// `Datagrams` whose socket can be read.
    Receive(Owned),
    /// `Datagrams` whose socket can be written.
    Send(Owned),
    /// A future that waits for a descriptor, which is ready.
    Wake(Owned),
    /// Something for the HTTP client to do.
    Http(Chore),
}

/// What stands for interest in a descriptor.
#[derive(Clone, Debug)]
pub enum Watch {
    /// The handle of `add_reader` or `add_writer`.
    Handle(Pending),
    /// A `Stream` that reads.
    Read(Owned),
    /// A `Stream` that has something to write.
    Write(Owned),
    /// `Datagrams` that receive.
    Receive(Owned),
    /// `Datagrams` that have something to send.
    Send(Owned),
    /// A future that waits for a descriptor, once.
    Wake(Owned),
    /// A connection of the HTTP client.
    Http(Chore),
}

// The queue of each loop is made of them: larger ones cost each callback.
const _: () = assert!(size_of::<Ready>() == 16);

impl From<Watch> for Ready {
    #[inline]
    fn from(watch: Watch) -> Self {
        match watch {
            Watch::Handle(handle) => Self::Handle(handle),
            Watch::Read(stream) => Self::Read(stream),
            Watch::Write(stream) => Self::Write(stream),
            Watch::Receive(datagrams) => Self::Receive(datagrams),
            Watch::Send(datagrams) => Self::Send(datagrams),
            Watch::Wake(future) => Self::Wake(future),
            Watch::Http(chore) => Self::Http(chore),
        }
    }
}

impl Ready {
    /// Tells the garbage collector of a handle that it does not know yet. It knows all other objects.
    pub fn show(&self) {
        if let Self::Handle(pending) = self {
            pending.show();
        }
    }

    /// The object held; the HTTP client's items hold none.
    pub fn object(&self) -> Option<&Owned> {
        match self {
            Self::Handle(pending) => Some(pending.object()),
            Self::Read(object)
            | Self::Write(object)
            | Self::Receive(object)
            | Self::Send(object)
            | Self::Wake(object) => Some(object),
            Self::Http(_) => None,
        }
    }
}

impl Watch {
    /// The object held; the HTTP client's interest holds none.
    pub fn object(&self) -> Option<&Owned> {
        match self {
            Self::Handle(pending) => Some(pending.object()),
            Self::Read(object)
            | Self::Write(object)
            | Self::Receive(object)
            | Self::Send(object)
            | Self::Wake(object) => Some(object),
            Self::Http(_) => None,
        }
    }
}
