//! Who is asked: the part of a URL between `//` and the path (RFC 3986, section 3.2).

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::quote;

/// What stands before the `@`, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Userinfo {
    pub(super) user: String,
    pub(super) password: Option<String>,
}

/// A host as yarl writes it, without brackets, and the port if there is one.
pub(super) type HostPort<'a> = (Cow<'a, str>, Option<u16>);

/// Parts an authority. The second half is `None` if it is not as simple as can be: then it is to be looked at closely.
pub(super) fn split(authority: &str) -> (Option<Userinfo>, Option<HostPort<'_>>) {
    match authority.rsplit_once('@') {
        None => (None, host_port(authority)),
        // Brackets belong around an address and nowhere else; what to make of others, programs disagree.
        Some((userinfo, _)) if userinfo.contains(['[', ']', '\\']) => (None, None),
        Some((userinfo, host)) => (parse_userinfo(userinfo), host_port(host)),
    }
}

pub(super) fn parse_userinfo(text: &str) -> Option<Userinfo> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(quote::unquote(password))),
        None if text.is_empty() => return None,
        None => (text, None),
    };
    Some(Userinfo { user: quote::unquote(user), password })
}

fn host_port(text: &str) -> Option<HostPort<'_>> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (inside, after) = bracketed.split_once(']')?;
        let port = if after.is_empty() { None } else { Some(port(after.strip_prefix(':')?)?) };
        return Some((Cow::Borrowed(address(inside)?), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, digits)) => (host, Some(port(digits)?)),
        None => (text, None),
    };
    Some((name(host)?, port))
}

/// An IPv6 address, if it is written in the one way of RFC 5952; with a zone or without.
fn address(text: &str) -> Option<&str> {
    let (ip, zone) = text.split_once('%').unwrap_or((text, ""));
    let canonical = ip.parse::<Ipv6Addr>().ok()?.to_string() == ip;
    (canonical && zone.bytes().all(is_name_byte)).then_some(text)
}

/// A name, or an IPv4 address: lower case. Names that need more than that are not for us.
fn name(text: &str) -> Option<Cow<'_, str>> {
    if text.is_empty() || !text.bytes().all(is_name_byte) {
        return None;
    }
    Some(if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    })
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A port as it is written without need for correction.
fn port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Userinfo, split};

    fn host(authority: &str) -> Option<(String, Option<u16>)> {
        split(authority).1.map(|(host, port)| (host.into_owned(), port))
    }

    #[test]
    fn hosts() {
        assert_eq!(host("Example.COM:8080"), Some(("example.com".to_owned(), Some(8080))));
        assert_eq!(host("a_b-c.d."), Some(("a_b-c.d.".to_owned(), None)));
        assert_eq!(host("127.0.0.1:0"), Some(("127.0.0.1".to_owned(), Some(0))));
        assert_eq!(host("[::1]:443"), Some(("::1".to_owned(), Some(443))));
        assert_eq!(host("[fe80::1%eth0]"), Some(("fe80::1%eth0".to_owned(), None)));
    }

    #[test]
    fn others_are_left_to_others() {
        let odd = [
            "",
            ":80",
            "h:",
            "h:080",
            "h:65536",
            "h:+1",
            "h:1:2",
            "b\u{fc}cher.de",
            "a b",
            "a%41",
            "[::1",
            "::1]",
            "[::1]x",
            "[0:0:0:0:0:0:0:1]",
            "[::A]",
            "[127.0.0.1]",
            "[v1.x]",
            "a\\b",
            "u[@h",
            "u\\@h",
        ];
        for authority in odd {
            assert_eq!(host(authority), None, "{authority:?}");
        }
    }

    #[test]
    fn users() {
        let userinfo = |user: &str, password: Option<&str>| {
            Some(Userinfo { user: user.to_owned(), password: password.map(str::to_owned) })
        };
        assert_eq!(split("h").0, None);
        assert_eq!(split("@h").0, None);
        assert_eq!(split("me@h").0, userinfo("me", None));
        assert_eq!(split("me:@h").0, userinfo("me", Some("")));
        assert_eq!(split(":pass@h").0, userinfo("", Some("pass")));
        assert_eq!(split("m%40e:a:b@c@h").0, userinfo("m@e", Some("a:b@c")));
    }
}
