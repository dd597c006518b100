//! Whether a server's certificate is good, and why not: in OpenSSL's words, as people look for them.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use crate::error::{Error, Kind};

/// What OpenSSL puts before each of its reasons.
const REFUSED: &str = "certificate verify failed";

/// The refusal that a handshake has failed of, if it was that.
pub(super) fn refusal(error: &rustls::Error) -> Option<Error> {
    let rustls::Error::InvalidCertificate(why) = error else { return None };
    let kind = match why {
        CertificateError::Other(OtherError(cause)) => match cause.downcast_ref::<Refused>() {
            Some(Refused { why, certificate }) => Kind::Certificate(why.clone(), Some(certificate.clone())),
            None => Kind::Certificate(format!("{REFUSED}: {cause}"), None),
        },
        // The signature of the handshake itself: whoever answers does not have the certificate's key.
        other => Kind::Certificate(format!("{REFUSED}: {other}"), None),
    };
    Some(Error::new(kind))
}

/// A certificate that was refused.
#[derive(Debug)]
struct Refused {
    why: String,
    certificate: Vec<u8>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl StdError for Refused {}

impl Refused {
    fn error(why: String, certificate: &CertificateDer<'_>) -> rustls::Error {
        let refused = Self { why, certificate: certificate.to_vec() };
        CertificateError::Other(OtherError(Arc::new(refused))).into()
    }
}

/// Another verifier, which says why in OpenSSL's words, and what it has refused.
#[derive(Debug)]
pub(super) struct Explained(pub(super) Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for Explained {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map_err(|error| {
            match error {
                rustls::Error::InvalidCertificate(why) => {
                    let why = words(&why, end_entity, intermediates, server_name);
                    Refused::error(format!("{REFUSED}: {why}"), end_entity)
                }
                other => other,
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// OpenSSL's `X509_verify_cert_error_string(3)` for what rustls found.
fn words(
    why: &CertificateError,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    server_name: &ServerName<'_>,
) -> String {
    let words = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "certificate is not yet valid",
        CertificateError::Revoked => "certificate revoked",
        CertificateError::UnhandledCriticalExtension => "unhandled critical extension",
        CertificateError::BadSignature => "certificate signature failure",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "unsuitable certificate purpose"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let what = if matches!(server_name, ServerName::IpAddress(_)) { "IP address" } else { "Hostname" };
            return format!("{what} mismatch, certificate is not valid for '{}'.", server_name.to_str());
        }
        // A certificate that signs others and itself is refused before anybody asks who knows it.
        CertificateError::UnknownIssuer | CertificateError::Other(_) if is_self_issued(end_entity) => {
            "self-signed certificate"
        }
        CertificateError::UnknownIssuer if intermediates.last().is_some_and(is_self_issued) => {
            "self-signed certificate in certificate chain"
        }
        CertificateError::UnknownIssuer => "unable to get local issuer certificate",
        other => return other.to_string(),
    };
    words.to_owned()
}

/// Whether a certificate names itself as its issuer.
fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}

/// Asks nobody who vouches for a certificate. That the server has its key is checked all the same.
#[derive(Debug)]
pub(super) struct Unvouched {
    /// The SHA-256 of the one certificate that is good. None: each is.
    pub(super) fingerprint: Option<[u8; 32]>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unvouched {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(wanted) = &self.fingerprint {
            let found = ring::digest::digest(&ring::digest::SHA256, end_entity);
            if found.as_ref() != wanted {
                let why = format!("fingerprint mismatch: {} instead of {}", Hex(found.as_ref()), Hex(wanted));
                return Err(Refused::error(why, end_entity));
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Bytes in hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
