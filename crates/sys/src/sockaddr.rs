//! Socket addresses in the system's own form: the bytes of a `sockaddr`, and what they say.
//!
//! Pure conversions, total over whatever bytes come: families of the internet and of Unix are understood, others are
//! not.

use std::fmt;
use std::mem::{offset_of, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

/// What any address needs at most, in bytes (`sockaddr_storage`).
pub const CAPACITY: usize = size_of::<libc::sockaddr_storage>();

/// The families that are understood, by the system's numbers.
pub const INET: i32 = libc::AF_INET;
/// See [`INET`].
pub const INET6: i32 = libc::AF_INET6;
/// See [`INET`].
pub const UNIX: i32 = libc::AF_UNIX;

const PATH: usize = offset_of!(libc::sockaddr_un, sun_path);
/// Room for the name of a Unix socket, in bytes.
const PATH_CAPACITY: usize = size_of::<libc::sockaddr_un>() - PATH;

/// The bytes of a `sockaddr`, aligned as one.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct SocketAddress {
    bytes: [u8; CAPACITY],
    len: usize,
}

/// What a socket address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// No address at all: a Unix socket that was never bound.
    Unnamed,
    /// `sockaddr_in`
    V4(SocketAddrV4),
    /// `sockaddr_in6`. The flow information is a number of the host's order, as `socket` of Python has it.
    V6(SocketAddrV6),
    /// The file name of a Unix socket; without the final NUL, and with no other in it.
    Path(&'a [u8]),
    /// A Unix socket's name in Linux's abstract space: it begins with NUL.
    Abstract(&'a [u8]),
}

impl Default for SocketAddress {
    fn default() -> Self {
        Self { bytes: [0; CAPACITY], len: 0 }
    }
}

impl PartialEq for SocketAddress {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for SocketAddress {}

impl fmt::Debug for SocketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) => address.fmt(f),
            None => f.debug_tuple("SocketAddress").field(&self.as_bytes()).finish(),
        }
    }
}

impl SocketAddress {
    /// Bytes that the system gave, of which no more than [`CAPACITY`] count.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut this = Self { len: bytes.len().min(CAPACITY), ..Self::default() };
        this.bytes[..this.len].copy_from_slice(&bytes[..this.len]);
        this
    }

    /// The system's form of `address`. `None` for a name that is too long, a path that is empty or has a NUL in it, or
    /// an abstract name that does not begin with one.
    pub fn new(address: &Address<'_>) -> Option<Self> {
        let mut this = Self::default();
        match address {
            Address::Unnamed => {}
            Address::V4(address) => {
                this.set_family(libc::AF_INET, size_of::<libc::sockaddr_in>());
                this.put(offset_of!(libc::sockaddr_in, sin_port), address.port().to_be_bytes());
                this.put(offset_of!(libc::sockaddr_in, sin_addr), address.ip().octets());
            }
            Address::V6(address) => {
                this.set_family(libc::AF_INET6, size_of::<libc::sockaddr_in6>());
                this.put(offset_of!(libc::sockaddr_in6, sin6_port), address.port().to_be_bytes());
                this.put(offset_of!(libc::sockaddr_in6, sin6_flowinfo), address.flowinfo().to_be_bytes());
                this.put(offset_of!(libc::sockaddr_in6, sin6_addr), address.ip().octets());
                this.put(offset_of!(libc::sockaddr_in6, sin6_scope_id), address.scope_id().to_ne_bytes());
            }
            Address::Path(path) => {
                if path.is_empty() || path.len() >= PATH_CAPACITY || path.contains(&0) {
                    return None;
                }
                // With its NUL.
                this.set_family(libc::AF_UNIX, PATH + path.len() + 1);
                this.bytes[PATH..PATH + path.len()].copy_from_slice(path);
            }
            Address::Abstract(name) => {
                if name.len() > PATH_CAPACITY || name.first() != Some(&0) {
                    return None;
                }
                this.set_family(libc::AF_UNIX, PATH + name.len());
                this.bytes[PATH..PATH + name.len()].copy_from_slice(name);
            }
        }
        Some(this)
    }

    /// What the bytes say; `None` for another family, or too few of them.
    pub fn address(&self) -> Option<Address<'_>> {
        if self.len == 0 {
            return Some(Address::Unnamed);
        }
        let has = |size| (self.len >= size).then_some(());
        match self.family()? {
            libc::AF_INET => {
                has(size_of::<libc::sockaddr_in>())?;
                let port = u16::from_be_bytes(self.get(offset_of!(libc::sockaddr_in, sin_port)));
                let ip: [u8; 4] = self.get(offset_of!(libc::sockaddr_in, sin_addr));
                Some(Address::V4(SocketAddrV4::new(Ipv4Addr::from(ip), port)))
            }
            libc::AF_INET6 => {
                has(size_of::<libc::sockaddr_in6>())?;
                let port = u16::from_be_bytes(self.get(offset_of!(libc::sockaddr_in6, sin6_port)));
                let flow = u32::from_be_bytes(self.get(offset_of!(libc::sockaddr_in6, sin6_flowinfo)));
                let ip: [u8; 16] = self.get(offset_of!(libc::sockaddr_in6, sin6_addr));
                let scope = u32::from_ne_bytes(self.get(offset_of!(libc::sockaddr_in6, sin6_scope_id)));
                Some(Address::V6(SocketAddrV6::new(Ipv6Addr::from(ip), port, flow, scope)))
            }
            libc::AF_UNIX => {
                let name = &self.as_bytes()[PATH..];
                match name.iter().position(|&byte| byte == 0) {
                    Some(0) => Some(Address::Abstract(name)),
                    Some(end) => Some(Address::Path(&name[..end])),
                    None => Some(Address::Path(name)),
                }
            }
            _ => None,
        }
    }

    /// Whether both are internet addresses that differ in the port alone, or not at all.
    #[inline]
    pub fn has_host_of(&self, other: &Self) -> bool {
        const PORT: usize = offset_of!(libc::sockaddr_in, sin_port);
        const _: () = assert!(PORT == offset_of!(libc::sockaddr_in6, sin6_port));
        let (ours, theirs) = (self.as_bytes(), other.as_bytes());
        matches!(self.family(), Some(libc::AF_INET | libc::AF_INET6))
            && ours.len() == theirs.len()
            && ours.get(..PORT) == theirs.get(..PORT)
            && ours.get(PORT + 2..) == theirs.get(PORT + 2..)
    }

    /// The bytes that count.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// All the bytes, for a system call to fill; [`set_len`](Self::set_len) says how many it did.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }

    pub(crate) fn set_len(&mut self, len: usize) {
        // More than there is room for: the system has cut it off.
        self.len = len.min(CAPACITY);
    }

    fn family(&self) -> Option<i32> {
        let at = offset_of!(libc::sockaddr, sa_family);
        let end = at + size_of::<libc::sa_family_t>();
        let bytes = self.as_bytes().get(at..end)?;
        Some(i32::from(libc::sa_family_t::from_ne_bytes(bytes.try_into().ok()?)))
    }

    fn set_family(&mut self, family: i32, len: usize) {
        self.len = len;
        // Families are small numbers.
        let family = libc::sa_family_t::try_from(family).unwrap_or_default();
        self.put(offset_of!(libc::sockaddr, sa_family), family.to_ne_bytes());
        #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
        {
            self.bytes[offset_of!(libc::sockaddr, sa_len)] = u8::try_from(len).unwrap_or(u8::MAX);
        }
    }

    fn put<const N: usize>(&mut self, at: usize, field: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&field);
    }

    fn get<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.bytes[at..at + N]);
        field
    }
}

/// The text of an IPv6 address as `inet_ntop(3)` writes it: as Rust does, but for the long deprecated form with an IPv4
/// address at the end of zeros (RFC 4291, 2.5.5.1).
pub fn ipv6_text(ip: &Ipv6Addr) -> String {
    let [0, 0, 0, 0, 0, 0, high, low] = ip.segments() else { return ip.to_string() };
    if high == 0 {
        return ip.to_string();
    }
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    format!("::{}", Ipv4Addr::new(a, b, c, d))
}
