//! The TLS configurations of a client, each made when it is first wanted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::verify::{Explained, Unvouched};
use crate::connect::TlsChoice;
use crate::error::{Error, Kind};

/// Configurations that are kept: there may be a fingerprint for each server.
const MOST: usize = 100;

/// Makes configurations, and keeps them: with each go the sessions that can be taken up again.
#[derive(Default)]
pub struct TlsConfigs {
    /// Who vouches for servers. None: those whom the platform trusts.
    roots: Option<Arc<RootCertStore>>,
    made: RefCell<HashMap<(TlsChoice, bool), Arc<ClientConfig>>>,
}

impl fmt::Debug for TlsConfigs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfigs").field("made", &self.made.borrow().len()).finish_non_exhaustive()
    }
}

impl TlsConfigs {
    /// Servers are vouched for by `roots` alone, instead of those whom the platform trusts.
    pub fn trusting(roots: RootCertStore) -> Self {
        Self { roots: Some(Arc::new(roots)), made: RefCell::default() }
    }

    /// TLS 1.2 and 1.3, with servers that are good by `choice`. `http2`: HTTP/2 is offered, before HTTP/1.1.
    ///
    /// The first one that asks the platform whom it trusts reads its certificates from files: some milliseconds, once in
    /// a process.
    ///
    /// Errors: [`Kind::Tls`] when the platform trusts nobody, or `choice` is the embedder's TLS.
    pub fn get(&self, choice: &TlsChoice, http2: bool) -> Result<Arc<ClientConfig>, Error> {
        let key = (choice.clone(), http2);
        if let Some(made) = self.made.borrow().get(&key) {
            return Ok(Arc::clone(made));
        }
        let config = Arc::new(self.make(choice, http2)?);
        let mut made = self.made.borrow_mut();
        if made.len() >= MOST {
            made.clear();
        }
        made.insert(key, Arc::clone(&config));
        Ok(config)
    }

    fn make(&self, choice: &TlsChoice, http2: bool) -> Result<ClientConfig, Error> {
        let provider = provider();
        let verifier: Arc<dyn ServerCertVerifier> = match (choice, &self.roots) {
            (TlsChoice::Verify, None) => Arc::new(Explained(platform()?)),
            (TlsChoice::Verify, Some(roots)) => {
                let builder = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider));
                Arc::new(Explained(builder.build().map_err(|error| Error::from_source(Kind::Tls, error))?))
            }
            (TlsChoice::NoVerify, _) => Arc::new(Unvouched { fingerprint: None, provider: Arc::clone(&provider) }),
            (TlsChoice::Fingerprint(sha256), _) => {
                Arc::new(Unvouched { fingerprint: Some(*sha256), provider: Arc::clone(&provider) })
            }
            (TlsChoice::Foreign(_), _) => {
                return Err(Error::from_source(Kind::Tls, "a context of the embedder, who has not said how to use it"));
            }
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::from_source(Kind::Tls, error))?;
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        let offer: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        config.alpn_protocols = offer.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }
}

/// The cryptography, one for all.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

/// Those whom the platform trusts, read once in a process; again only if that failed.
fn platform() -> Result<Arc<dyn ServerCertVerifier>, Error> {
    static PLATFORM: OnceLock<Arc<Verifier>> = OnceLock::new();
    if let Some(verifier) = PLATFORM.get() {
        return Ok(Arc::clone(verifier) as Arc<dyn ServerCertVerifier>);
    }
    let verifier = Verifier::new(provider()).map_err(|error| Error::from_source(Kind::Tls, error))?;
    Ok(Arc::clone(PLATFORM.get_or_init(|| Arc::new(verifier))) as Arc<dyn ServerCertVerifier>)
}
