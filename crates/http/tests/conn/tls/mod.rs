//! TLS: handshakes, refusals, and the bytes inside.

mod server;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use hyper::rt::Write as _;
use rcgen::date_time_ymd;
use rondel_http::connect::TlsChoice;
use rondel_http::io::{Io, Receive as _, TlsConfigs, handshake};
use rondel_http::{Error, Kind, Runtime as _};
use rustls::SupportedProtocolVersion;

use self::server::{Authority, Identity, TlsServer, authority, named, self_signed};
use crate::bench::{Bench, now, poll};
use crate::pipe::{Server, pipe};

/// A handshake with a server that is `identity`, as `host`.
fn connect(
    configs: &TlsConfigs,
    choice: &TlsChoice,
    host: &str,
    identity: Identity,
) -> (Bench, TlsServer, Result<Io<Bench>, Error>) {
    connect_with(configs, choice, host, identity, rustls::DEFAULT_VERSIONS)
}

fn connect_with(
    configs: &TlsConfigs,
    choice: &TlsChoice,
    host: &str,
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> (Bench, TlsServer, Result<Io<Bench>, Error>) {
    let bench = Bench::default();
    let (io, server) = pipe(None);
    let server = TlsServer::start(&bench, server, identity, versions);
    let config = configs.get(choice, true).unwrap();
    let io = bench.wait(handshake(config, host, io));
    (bench, server, io)
}

/// Reads what is there, at most `most` bytes at a time.
fn read(io: &mut Io<Bench>, most: usize) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let before = data.len();
        match poll(|cx| io.poll_receive(cx, most, &mut |piece| data.extend_from_slice(piece))) {
            Poll::Ready(length) => assert!(length.unwrap() == data.len() - before && data.len() - before <= most),
            Poll::Pending => return data,
        }
        assert!(data.len() > before, "the end");
    }
}

fn write(io: &mut Io<Bench>, data: &[u8]) {
    let mut rest = data;
    while !rest.is_empty() {
        let length = now(|cx| Pin::new(&mut *io).poll_write(cx, rest)).unwrap();
        rest = &rest[length..];
    }
    now(|cx| Pin::new(&mut *io).poll_flush(cx)).unwrap();
}

#[test]
fn bytes_go_both_ways_in_each_version() {
    let authority = Authority::new("somebody");
    for (version, name) in [(&rustls::version::TLS12, "TLSv1.2"), (&rustls::version::TLS13, "TLSv1.3")] {
        let identity = authority.vouch(&named(&["localhost"]));
        let leaf = identity.chain[0].to_vec();
        let configs = authority.trusted();
        let (_bench, server, io) = connect_with(&configs, &TlsChoice::Verify, "localhost", identity, &[version]);
        let mut io = io.unwrap();
        let endpoints = io.endpoints();
        assert_eq!(endpoints.tls, Some(name));
        assert_eq!(endpoints.certificate, Some(leaf));
        assert_eq!(endpoints.alpn.as_deref(), Some(&b"h2"[..]));
        assert!(endpoints.cipher.is_some_and(|cipher| cipher.starts_with("TLS_")));
        write(&mut io, b"question");
        assert_eq!(server.heard(), b"question");
        for size in [1, 1000, 16_384, 16_385, 300_000] {
            let data: Vec<u8> = (0..size).map(|number: u32| number.to_le_bytes()[0]).collect();
            for part in data.chunks(30_000) {
                server.say(part);
            }
            assert_eq!(read(&mut io, 1 + size as usize / 3), data);
            for part in data.chunks(30_000) {
                write(&mut io, part);
                assert_eq!(server.heard(), part);
            }
        }
    }
}

#[test]
fn addresses_have_certificates_too() {
    let authority = Authority::new("somebody");
    for host in ["127.0.0.1", "::1"] {
        let identity = authority.vouch(&named(&[host]));
        let (_, _, io) = connect(&authority.trusted(), &TlsChoice::Verify, host, identity);
        assert!(io.is_ok(), "{host}");
    }
}

#[test]
fn refusals_are_in_the_words_that_people_know() {
    let good = Authority::new("somebody");
    let unknown = Authority::new("nobody");
    let mut old = named(&["localhost"]);
    old.not_before = date_time_ymd(2000, 1, 1);
    old.not_after = date_time_ymd(2001, 1, 1);
    let mut early = named(&["localhost"]);
    early.not_before = date_time_ymd(3000, 1, 1);
    early.not_after = date_time_ymd(3001, 1, 1);
    let mut chain = unknown.vouch(&named(&["localhost"]));
    chain.chain.push(unknown.certificate.der().clone());
    let mut both = authority("localhost");
    both.subject_alt_names = named(&["localhost"]).subject_alt_names;
    for (host, identity, why) in [
        ("localhost", good.vouch(&old), "certificate has expired"),
        ("localhost", good.vouch(&early), "certificate is not yet valid"),
        (
            "wrong.example.com",
            good.vouch(&named(&["localhost"])),
            "Hostname mismatch, certificate is not valid for 'wrong.example.com'.",
        ),
        (
            "127.0.0.1",
            good.vouch(&named(&["localhost"])),
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
        ),
        ("localhost", unknown.vouch(&named(&["localhost"])), "unable to get local issuer certificate"),
        ("localhost", chain, "self-signed certificate in certificate chain"),
        ("localhost", self_signed(named(&["localhost"])), "self-signed certificate"),
        ("localhost", self_signed(both), "self-signed certificate"),
    ] {
        let leaf = identity.chain[0].to_vec();
        let (_, _, io) = connect(&good.trusted(), &TlsChoice::Verify, host, identity);
        let expected = Kind::Certificate(format!("certificate verify failed: {why}"), Some(leaf));
        assert_eq!(io.err().map(|error| error.kind().clone()), Some(expected), "{why}");
    }
}

#[test]
fn who_does_not_ask_is_not_refused() {
    let authority = Authority::new("somebody");
    let identity = self_signed(named(&["elsewhere"]));
    let (_, _, io) = connect(&authority.trusted(), &TlsChoice::NoVerify, "localhost", identity);
    assert!(io.is_ok());
}

#[test]
fn a_fingerprint_is_of_one_certificate() {
    let authority = Authority::new("somebody");
    for good in [true, false] {
        let identity = self_signed(named(&["elsewhere"]));
        let leaf = identity.chain[0].to_vec();
        let mut sha256: [u8; 32] = ring::digest::digest(&ring::digest::SHA256, &leaf).as_ref().try_into().unwrap();
        if !good {
            sha256[0] ^= 1;
        }
        let choice = TlsChoice::Fingerprint(sha256);
        let (_, _, io) = connect(&authority.trusted(), &choice, "localhost", identity);
        match io {
            Ok(_) => assert!(good),
            Err(error) => {
                let Kind::Certificate(why, Some(shown)) = error.kind() else { panic!("{error}") };
                assert!(!good && why.starts_with("fingerprint mismatch: ") && *shown == leaf, "{why}");
            }
        }
    }
}

#[test]
fn a_server_without_tls_is_told_so() {
    let bench = Bench::default();
    let (io, server) = pipe(None);
    server.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    let config = Authority::new("somebody").trusted().get(&TlsChoice::Verify, false).unwrap();
    let error = bench.wait(handshake(config, "localhost", io)).err().unwrap();
    assert_eq!(error.kind(), &Kind::Tls);
    assert!(error.to_string().contains("wrong version number"), "{error}");
}

#[test]
fn a_connection_lost_in_the_handshake_is_no_connection() {
    let bench = Bench::default();
    for loss in [Server::end as fn(&Server), Server::reset] {
        let (io, server) = pipe(None);
        loss(&server);
        let config = Authority::new("somebody").trusted().get(&TlsChoice::Verify, false).unwrap();
        let error = bench.wait(handshake(config, "localhost", io)).err().unwrap();
        assert_eq!(error.kind(), &Kind::Connect, "{error}");
        assert!(error.io().is_some());
    }
}

/// A connection that was made.
fn connected() -> (Bench, TlsServer, Io<Bench>) {
    let authority = Authority::new("somebody");
    let identity = authority.vouch(&named(&["localhost"]));
    let (bench, server, io) = connect(&authority.trusted(), &TlsChoice::Verify, "localhost", identity);
    (bench, server, io.unwrap())
}

#[test]
fn an_end_without_goodbye_is_no_end() {
    for goodbye in [true, false] {
        let (_bench, server, mut io) = connected();
        server.say(b"last words");
        if goodbye {
            server.session.borrow_mut().send_close_notify();
            server.turn();
        }
        server.pipe.end();
        let mut data = Vec::new();
        let said = now(|cx| io.poll_receive(cx, 100, &mut |piece| data.extend_from_slice(piece)));
        assert_eq!((said.unwrap(), &data[..]), (10, &b"last words"[..]));
        let end = now(|cx| io.poll_receive(cx, 100, &mut |_| {}));
        match end {
            Ok(length) => assert!(goodbye && length == 0),
            Err(error) => assert!(!goodbye && error.kind() == std::io::ErrorKind::UnexpectedEof, "{error}"),
        }
    }
}

#[test]
fn a_connection_that_is_dropped_says_goodbye() {
    let (_bench, server, io) = connected();
    server.heard();
    drop(io);
    server.turn();
    let state = server.session.borrow_mut().process_new_packets().unwrap();
    assert!(state.peer_has_closed());
}

#[test]
fn what_is_written_leaves_with_the_flush() {
    let (_bench, server, mut io) = connected();
    server.heard();
    for part in [&b"head"[..], b"body"] {
        assert_eq!(now(|cx| Pin::new(&mut io).poll_write(cx, part)).unwrap(), 4);
    }
    assert_eq!(server.heard(), b"");
    now(|cx| Pin::new(&mut io).poll_flush(cx)).unwrap();
    assert_eq!(server.heard(), b"headbody");
}

#[test]
fn a_slow_server_slows_the_writer_down() {
    let (_bench, server, mut io) = connected();
    server.heard();
    server.pipe.room(0);
    let mut taken = 0;
    while let Poll::Ready(length) = poll(|cx| Pin::new(&mut io).poll_write(cx, &[b'x'; 10_000])) {
        taken += length.unwrap();
        assert!(taken < 1_000_000);
    }
    assert!(poll(|cx| Pin::new(&mut io).poll_flush(cx)).is_pending());
}

#[test]
fn tls_goes_through_tls() {
    let authority = Authority::new("somebody");
    let (bench, outer, io) = connected();
    // The server inside is reached through a pipe of its own, whose bytes the outer one carries.
    let (_client, inside) = pipe(None);
    let inner = TlsServer::start(&bench, inside.clone(), authority.vouch(&named(&["inner"])), rustls::DEFAULT_VERSIONS);
    let carrier = outer.clone();
    let within = inside.clone();
    bench.spawn(Box::pin(poll_fn(move |_| {
        within.arrive(&carrier.heard());
        carrier.say(&within.leave());
        Poll::Pending
    })));
    let config = authority.trusted().get(&TlsChoice::Verify, false).unwrap();
    let mut io = bench.wait(handshake(config, "inner", io)).unwrap();
    write(&mut io, b"deep");
    bench.run();
    assert_eq!(inner.heard(), b"deep");
    inner.say(b"down");
    bench.run();
    assert_eq!(read(&mut io, 100), b"down");
}
