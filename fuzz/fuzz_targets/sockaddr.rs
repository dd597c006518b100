//! Bytes of a `sockaddr` in, an address out, and back: `cargo +nightly fuzz run sockaddr`.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use rondel_sys::sockaddr::{Address, SocketAddress, ipv6_text};

fuzz_target!(|bytes: &[u8]| {
    let raw = SocketAddress::from_bytes(bytes);
    assert!(bytes.starts_with(raw.as_bytes()));
    let Some(address) = raw.address() else { return };
    if let Address::V6(v6) = address {
        assert_eq!(ipv6_text(v6.ip()).parse(), Ok(*v6.ip()));
    }
    match SocketAddress::new(&address) {
        Some(again) => {
            assert_eq!(again.address(), Some(address));
            assert_eq!(SocketAddress::from_bytes(again.as_bytes()), again);
        }
        // What the system may give, but does not take.
        None => match address {
            Address::Path(path) => assert!(path.is_empty() || path.len() >= 108),
            Address::Abstract(name) => assert!(name.len() > 108),
            Address::Unnamed | Address::V4(_) | Address::V6(_) => panic!("{address:?} is not taken back"),
        },
    }
});
