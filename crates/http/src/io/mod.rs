//! What bytes go through: sockets, TLS, and the embedder's TLS.

mod foreign;
mod receive;
mod socket;
mod stream;
mod tls;

pub use foreign::{ForeignHandshake, ForeignIo, ForeignTls};
pub use receive::Receive;
pub use socket::Socket;
pub use stream::{Endpoints, Io};
pub use tls::{Tls, TlsConfigs, handshake};
