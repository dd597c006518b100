//! Socket addresses: bytes in, an address out, and the other way.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::unix::net::UnixDatagram;

use proptest::prelude::*;
use rondel_sys::datagram::{recv_from, send_to};
use rondel_sys::sockaddr::{Address, CAPACITY, SocketAddress, ipv6_text};

fn there_and_back(address: &Address<'_>) {
    let raw = SocketAddress::new(address).unwrap();
    assert_eq!(raw.address().as_ref(), Some(address));
    assert_eq!(SocketAddress::from_bytes(raw.as_bytes()), raw);
}

unsafe extern "C" {
    fn inet_ntop(family: c_int, address: *const c_void, text: *mut c_char, size: libc::socklen_t) -> *const c_char;
}

/// What the system's own function writes.
fn text_of_the_system(ip: &Ipv6Addr) -> String {
    let mut text = [0; 64];
    let octets = ip.octets();
    // SAFETY: the address has its 16 bytes, and the text may be written for its 64.
    let written = unsafe { inet_ntop(libc::AF_INET6, octets.as_ptr().cast(), text.as_mut_ptr(), 64) };
    assert!(!written.is_null());
    // SAFETY: the call above wrote a C string.
    unsafe { CStr::from_ptr(text.as_ptr()) }.to_str().unwrap().to_owned()
}

/// Words in which zeros are as frequent as they must be for the short forms.
fn any_ipv6() -> impl Strategy<Value = Ipv6Addr> {
    let word = prop_oneof![3 => Just(0_u16), 1 => Just(0xffff), 1 => 0..0x100_u16, 1 => any::<u16>()];
    proptest::array::uniform8(word).prop_map(Ipv6Addr::from)
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at(bytes in proptest::collection::vec(any::<u8>(), 0..2 * CAPACITY), family in 0..12_u16) {
        let mut bytes = bytes;
        if let Some(at) = bytes.get_mut(..2) {
            at.copy_from_slice(&family.to_ne_bytes());
        }
        let raw = SocketAddress::from_bytes(&bytes);
        if let Some(again) = raw.address().and_then(|address| SocketAddress::new(&address)) {
            prop_assert_eq!(again.address(), raw.address());
        }
    }

    #[test]
    fn of_one_host(ip in any::<[u8; 4]>(), other: [u8; 4], port: u16, another: u16, scope: u32) {
        let v4 = |ip: [u8; 4], port| SocketAddress::new(&Address::V4(SocketAddrV4::new(ip.into(), port))).unwrap();
        prop_assert!(v4(ip, port).has_host_of(&v4(ip, another)));
        prop_assert_eq!(v4(ip, port).has_host_of(&v4(other, port)), ip == other);
        let v6 = |scope, port| {
            let ip = Ipv4Addr::from(ip).to_ipv6_mapped();
            SocketAddress::new(&Address::V6(SocketAddrV6::new(ip, port, 0, scope))).unwrap()
        };
        prop_assert!(v6(scope, port).has_host_of(&v6(scope, another)));
        prop_assert!(!v6(scope, port).has_host_of(&v6(!scope, port)));
        prop_assert!(!v6(0, port).has_host_of(&v4(ip, port)));
        let name = SocketAddress::new(&Address::Path(b"x")).unwrap();
        prop_assert!(!name.has_host_of(&name), "a name has no host");
        prop_assert!(!SocketAddress::default().has_host_of(&SocketAddress::default()));
    }

    #[test]
    fn v4(ip in any::<[u8; 4]>(), port: u16) {
        there_and_back(&Address::V4(SocketAddrV4::new(ip.into(), port)));
    }

    #[test]
    fn v6(ip in any_ipv6(), port: u16, flow: u32, scope: u32) {
        there_and_back(&Address::V6(SocketAddrV6::new(ip, port, flow, scope)));
        let text = ipv6_text(&ip);
        prop_assert_eq!(&text, &text_of_the_system(&ip));
        prop_assert_eq!(text.parse::<Ipv6Addr>(), Ok(ip));
    }

    #[test]
    fn names(name in proptest::collection::vec(0..4_u8, 0..120)) {
        let nul = name.iter().position(|&byte| byte == 0);
        let path = SocketAddress::new(&Address::Path(&name));
        prop_assert_eq!(path.is_some(), !name.is_empty() && name.len() < 108 && nul.is_none());
        let hidden = SocketAddress::new(&Address::Abstract(&name));
        prop_assert_eq!(hidden.is_some(), nul == Some(0) && name.len() <= 108);
        for raw in [path, hidden].into_iter().flatten() {
            there_and_back(&raw.address().unwrap());
        }
    }
}

#[test]
fn what_is_not_understood() {
    for bytes in [&[1][..], &[0, 0], &[99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], &[2, 0, 1, 2]] {
        assert_eq!(SocketAddress::from_bytes(bytes).address(), None, "{bytes:?}");
    }
    assert_eq!(SocketAddress::from_bytes(&[]).address(), Some(Address::Unnamed));
    assert_eq!(SocketAddress::new(&Address::Unnamed), Some(SocketAddress::default()));
}

/// The address that the system gives is the one that the standard library knows, and it takes it back.
#[test]
fn udp_there_and_back() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let (ours, theirs) = (UdpSocket::bind(host).unwrap(), UdpSocket::bind(host).unwrap());
        theirs.send_to(b"question", ours.local_addr().unwrap()).unwrap();
        let mut from = SocketAddress::default();
        let mut buffer = Box::new_uninit_slice(16);
        assert_eq!(recv_from(&ours, &mut buffer, &mut from).unwrap(), b"question");
        match (theirs.local_addr().unwrap(), from.address()) {
            (SocketAddr::V4(expected), Some(Address::V4(got))) => assert_eq!(got, expected),
            (SocketAddr::V6(expected), Some(Address::V6(got))) => assert_eq!(got, expected),
            other => panic!("{other:?}"),
        }
        assert_eq!(send_to(&ours, b"answer", &from).unwrap(), 6);
        let mut answer = [0; 16];
        assert_eq!(theirs.recv(&mut answer).unwrap(), 6);
    }
}

#[test]
fn nobody_and_nothing() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    theirs.send(b"").unwrap();
    let mut from = SocketAddress::new(&Address::Path(b"before")).unwrap();
    let mut buffer = Box::new_uninit_slice(16);
    assert_eq!(recv_from(&ours, &mut buffer, &mut from).unwrap(), b"");
    assert_eq!(from.address(), Some(Address::Unnamed));
    ours.set_nonblocking(true).unwrap();
    let error = recv_from(&ours, &mut buffer, &mut from).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}
