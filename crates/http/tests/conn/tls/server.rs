//! Servers that speak TLS, and who vouches for them.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, KeyPair};
use rondel_http::Runtime as _;
use rondel_http::io::TlsConfigs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::bench::Bench;
use crate::pipe::Server;

/// Who vouches for servers here.
pub struct Authority {
    pub certificate: Certificate,
    key: KeyPair,
}

/// What a server shows, and what it has.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = authority(name).self_signed(&key).unwrap();
        Self { certificate, key }
    }

    pub fn vouch(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let leaf = params.clone().signed_by(&key, &self.certificate, &self.key).unwrap();
        Identity { chain: vec![leaf.der().clone()], key: pkcs8(&key) }
    }

    pub fn trusted(&self) -> TlsConfigs {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        TlsConfigs::trusting(roots)
    }
}

pub fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

pub fn named(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

fn pkcs8(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

pub fn self_signed(params: CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity { chain: vec![certificate.der().clone()], key: pkcs8(&key) }
}

/// A server's end of a TLS connection.
#[derive(Clone)]
pub struct TlsServer {
    pub session: Rc<RefCell<ServerConnection>>,
    /// What the client has said.
    plain: Rc<RefCell<Vec<u8>>>,
    pub pipe: Server,
}

impl TlsServer {
    /// Serves in the background.
    pub fn start(
        bench: &Bench,
        pipe: Server,
        identity: Identity,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config = builder.with_no_client_auth().with_single_cert(identity.chain, identity.key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let session = Rc::new(RefCell::new(ServerConnection::new(Arc::new(config)).unwrap()));
        let server = Self { session, plain: Rc::default(), pipe };
        let task = server.clone();
        bench.spawn(Box::pin(poll_fn(move |_| {
            task.turn();
            if task.pipe.is_left() { Poll::Ready(()) } else { Poll::Pending }
        })));
        server
    }

    pub fn turn(&self) {
        let session = &mut *self.session.borrow_mut();
        let wire = self.pipe.take();
        let mut wire = &wire[..];
        while !wire.is_empty() && session.read_tls(&mut wire).is_ok_and(|length| length != 0) {
            if session.process_new_packets().is_err() {
                break; // the alert goes out below
            }
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = session.reader().read(&mut piece) {
                self.plain.borrow_mut().extend_from_slice(&piece[..length]);
            }
        }
        let mut out = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut out).unwrap();
        }
        self.pipe.send(out);
    }

    pub fn say(&self, data: &[u8]) {
        self.session.borrow_mut().writer().write_all(data).unwrap();
        self.turn();
    }

    pub fn heard(&self) -> Vec<u8> {
        self.turn();
        self.plain.take()
    }
}
