//! Where the server is.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::problem::{Problem, Result};

/// How to reach the server.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Address {
    /// A stream of bytes over TCP.
    Tcp(SocketAddr),
    /// Datagrams over UDP.
    Udp(SocketAddr),
    /// A stream of bytes over a Unix socket.
    Unix(PathBuf),
    /// TLS over TCP, and the file with the certificate of the authority to trust.
    Tls(SocketAddr, PathBuf),
}

impl Address {
    /// Reads `tcp:HOST:PORT`, `udp:HOST:PORT`, `unix:PATH` or `tls:HOST:PORT,FILE`.
    pub fn parse(text: &str) -> Result<Self> {
        let unknown =
            || Problem::new(format!("{text}: not tcp:HOST:PORT, udp:HOST:PORT, unix:PATH or tls:HOST:PORT,FILE"));
        let (scheme, rest) = text.split_once(':').ok_or_else(unknown)?;
        let socket = |text: &str| text.parse().map_err(|_| unknown());
        match scheme {
            "tcp" => Ok(Self::Tcp(socket(rest)?)),
            "udp" => Ok(Self::Udp(socket(rest)?)),
            "unix" => Ok(Self::Unix(rest.into())),
            "tls" => {
                let (at, trusted) = rest.split_once(',').ok_or_else(unknown)?;
                Ok(Self::Tls(socket(at)?, trusted.into()))
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scheme_is_read() {
        let at = "127.0.0.1:80".parse().unwrap();
        assert_eq!(Address::parse("tcp:127.0.0.1:80").unwrap(), Address::Tcp(at));
        assert_eq!(Address::parse("udp:127.0.0.1:80").unwrap(), Address::Udp(at));
        assert_eq!(Address::parse("unix:/tmp/a:b").unwrap(), Address::Unix("/tmp/a:b".into()));
        assert_eq!(Address::parse("tls:127.0.0.1:80,ca.pem").unwrap(), Address::Tls(at, "ca.pem".into()));
    }

    #[test]
    fn what_is_no_address_is_named() {
        for text in ["", "tcp", "tcp:80", "tls:127.0.0.1:80", "http:127.0.0.1:80"] {
            assert!(Address::parse(text).unwrap_err().to_string().starts_with(&format!("{text}: not ")));
        }
    }
}
