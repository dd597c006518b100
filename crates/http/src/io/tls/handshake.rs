//! How a TLS connection begins, and why it does not.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::Write;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, InvalidMessage};

use super::{Tls, verify};
use crate::error::{Error, Kind};
use crate::io::{Io, Receive};
use crate::runtime::Runtime;

/// Bytes that are received at a time before there is a connection. No more than a session keeps of plain text, some of
/// which may be right behind the server's last message.
const HANDSHAKE: usize = 16 * 1024;

/// Speaks TLS over `io`, with the server `host`: a name or an address, without brackets. The certificate must be for it.
///
/// Errors: [`Kind::Certificate`] when the server's certificate is refused, [`Kind::Tls`] when no TLS comes about,
/// [`Kind::Connect`] when the connection fails meanwhile.
pub async fn handshake<R: Runtime>(config: Arc<ClientConfig>, host: &str, io: Io<R>) -> Result<Io<R>, Error> {
    let session = ClientConnection::new(config, server_name(host)?).map_err(|error| failed(&error))?;
    let mut tls = Box::new(Tls::new(session, io));
    poll_fn(|cx| tls.poll_handshake(cx)).await?;
    Ok(Io::Tls(tls))
}

impl<S: Receive + Write + Unpin> Tls<S> {
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let flushed = Pin::new(&mut *self).poll_flush(cx).map_err(lost)?;
            if !self.session.is_handshaking() {
                return flushed.map(Ok);
            }
            // Room for nothing: what comes behind the handshake stays in the session.
            let (received, _) = ready!(self.poll_feed(cx, HANDSHAKE, 0, &mut |_| {})).map_err(lost)?;
            if received == 0 {
                return Poll::Ready(Err(lost(io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "the server closed the connection during the TLS handshake",
                ))));
            }
        }
    }
}

/// Whom the certificate must be for: a name, without the dot at its end that makes it absolute, or an address, without
/// its zone.
fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    let host = host.trim_end_matches('.');
    let host = host.split_once('%').map_or(host, |(address, _)| address);
    match ServerName::try_from(host) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(Error::from_source(Kind::Tls, format!("no name that a certificate can have: {host:?}"))),
    }
}

/// What went wrong below, or in TLS.
fn lost(error: io::Error) -> Error {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(cause) => failed(cause),
        None => Error::from_source(Kind::Connect, error),
    }
}

/// What went wrong in TLS: in OpenSSL's words, where it has words that people look for.
fn failed(error: &rustls::Error) -> Error {
    if let Some(refused) = verify::refusal(error) {
        return refused;
    }
    let words = match error {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "wrong version number: the server does not speak TLS here"
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => "sslv3 alert handshake failure",
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => "tlsv1 alert protocol version",
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => "tlsv1 unrecognized name",
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => "tlsv13 alert certificate required",
        _ => return Error::from_source(Kind::Tls, error.clone()),
    };
    Error::from_source(Kind::Tls, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_an_address_is_whom_the_certificate_is_for() {
        assert_eq!(server_name("example.com.").unwrap().to_str(), "example.com");
        assert_eq!(server_name("127.0.0.1").unwrap().to_str(), "127.0.0.1");
        assert_eq!(server_name("fe80::1%eth0").unwrap().to_str(), "fe80::1");
        let error = server_name("exa mple").unwrap_err();
        assert!(matches!(error.kind(), Kind::Tls) && error.to_string().contains("exa mple"), "{error}");
    }
}
