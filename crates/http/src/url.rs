//! What a request is for: an `http` or `https` URL, parsed once, in one piece of memory that its parts share.
//!
//! [`Target::parse`] takes the URLs that stand as yarl (the URL type of the Python face) would leave them, which is
//! nearly all, and is fast. [`Target::parse_lenient`] takes the rest, and writes them as yarl does.

mod authority;
mod join;
mod quote;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use http::HeaderValue;
use http::uri::{self, Authority, PathAndQuery, Uri};
use url::Url;

use self::authority::Userinfo;
use crate::error::{Error, Kind, Origin};

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
    /// `ws`: `http`, to begin with (RFC 6455).
    Ws,
    /// `wss`: `https`, to begin with.
    Wss,
}

impl Scheme {
    /// In any case of letters.
    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https, Self::Ws, Self::Wss]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }

    /// In small letters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// Whether TLS is spoken.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Wss)
    }

    /// Where the server listens if the URL does not say.
    pub const fn default_port(self) -> u16 {
        if self.is_tls() { 443 } else { 80 }
    }
}

/// A URL that can be asked for. Cheap to clone.
#[derive(Clone)]
pub struct Target(Rc<Inner>);

struct Inner {
    scheme: Scheme,
    port: u16,
    /// The whole URL but for user and password: ASCII.
    text: Bytes,
    /// In `text`: the host, without brackets.
    host: Range<usize>,
    /// In `text`: the host, and the port if it is not the scheme's own.
    authority: Range<usize>,
    path_and_query: PathAndQuery,
    userinfo: Option<Userinfo>,
}

/// The pieces of a URL, each as it is written.
struct Pieces<'a> {
    path: Cow<'a, str>,
    query: Cow<'a, str>,
    fragment: Cow<'a, str>,
}

impl Target {
    /// Takes `url` if it is written as yarl would write it, but for the case of scheme and host, and a port that need not
    /// be said.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, authority, tail) = split(url)?;
        let (userinfo, host_port) = authority::split(authority);
        let (host, port) = host_port?;
        let pieces = pieces(tail)?;
        Self::build(Scheme::parse(scheme)?, &host, port, &pieces, userinfo)
    }

    /// Takes any `http` or `https` URL, and encodes what is not yet.
    ///
    /// Errors: [`Kind::InvalidUrl`], [`Kind::NotHttp`].
    pub fn parse_lenient(url: &str) -> Result<Self, Error> {
        if let Some(target) = Self::parse(url) {
            return Ok(target);
        }
        let invalid = || Error::new(Kind::InvalidUrl(url.to_owned()));
        let parsed = Url::parse(&quote::plus_for_spaces(url))
            .map_err(|why| Error::from_source(Kind::InvalidUrl(url.to_owned()), why))?;
        if Scheme::parse(parsed.scheme()).is_none() {
            return Err(Error::new(Kind::NotHttp(url.to_owned())));
        }
        // The crate corrects more than it should: `http:host`, `http:///host`, a backslash for a slash, `127.1` for an address.
        let (_, authority, _) = split(url.trim_start_matches(|c: char| c <= ' ')).ok_or_else(invalid)?;
        if authority.is_empty() || authority.contains('\\') || is_corrected_address(&parsed, authority) {
            return Err(invalid());
        }
        Self::from_url(&parsed).ok_or_else(invalid)
    }

    /// Takes any `http` or `https` URL that was encoded on purpose as it is: nothing in it is encoded anew that may stand
    /// in a request.
    ///
    /// Errors: as of [`parse_lenient`](Self::parse_lenient).
    pub fn parse_encoded(url: &str) -> Result<Self, Error> {
        Self::parse(url).or_else(|| Self::verbatim(url)).map_or_else(|| Self::parse_lenient(url), Ok)
    }

    fn verbatim(url: &str) -> Option<Self> {
        let (scheme, authority, tail) = split(url)?;
        let (userinfo, host_port) = authority::split(authority);
        let (host, port) = host_port?;
        let (tail, fragment) = tail.split_once('#').unwrap_or((tail, ""));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        if ![path, query, fragment].iter().all(|piece| piece.bytes().all(|byte| byte.is_ascii_graphic())) {
            return None;
        }
        let pieces = Pieces { path: path.into(), query: query.into(), fragment: fragment.into() };
        Self::build(Scheme::parse(scheme)?, &host, port, &pieces, userinfo)
    }

    /// What the `url` crate has parsed, with the encoding of yarl.
    fn from_url(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let pieces = Pieces {
            path: quote::PATH.quote(url.path()).into(),
            query: quote::QUERY.quote(url.query().unwrap_or_default()).into(),
            fragment: quote::FRAGMENT.quote(url.fragment().unwrap_or_default()).into(),
        };
        let userinfo = match url.password() {
            Some(password) => authority::parse_userinfo(&format!("{}:{password}", url.username())),
            None => authority::parse_userinfo(url.username()),
        };
        Self::build(Scheme::parse(url.scheme())?, host, url.port(), &pieces, userinfo)
    }

    fn build(
        scheme: Scheme,
        host: &str,
        port: Option<u16>,
        pieces: &Pieces<'_>,
        userinfo: Option<Userinfo>,
    ) -> Option<Self> {
        if host.trim_end_matches('.').is_empty() {
            return None;
        }
        let Pieces { path, query, fragment } = pieces;
        let port = port.unwrap_or(scheme.default_port());
        let mut text = String::with_capacity(24 + host.len() + path.len() + query.len() + fragment.len());
        text.push_str(scheme.as_str());
        text.push_str("://");
        let start = text.len();
        let brackets = host.contains(':');
        text.push_str(if brackets { "[" } else { "" });
        let host_start = text.len();
        text.push_str(host);
        let host = host_start..text.len();
        text.push_str(if brackets { "]" } else { "" });
        if port != scheme.default_port() {
            write!(text, ":{port}").ok()?;
        }
        let authority = start..text.len();
        text.push_str(path);
        if path.is_empty() && !(query.is_empty() && fragment.is_empty()) {
            text.push('/');
        }
        push_after(&mut text, '?', query);
        let wire = authority.end..text.len();
        push_after(&mut text, '#', fragment);
        let text = Bytes::from(text);
        let path_and_query = if wire.is_empty() {
            PathAndQuery::from_static("/")
        } else {
            PathAndQuery::from_maybe_shared(text.slice(wire)).ok()?
        };
        Some(Self(Rc::new(Inner { scheme, port, text, host, authority, path_and_query, userinfo })))
    }

    /// How the server is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.0.scheme.is_tls()
    }

    /// In small letters; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.part(&self.0.host)
    }

    /// [`host`](Self::host), sharing this URL's memory.
    pub(crate) fn host_bytes(&self) -> Bytes {
        self.0.text.slice(self.0.host.clone())
    }

    /// The scheme's default if the URL has none.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The host, with brackets where they belong, and the port if it is not the scheme's default.
    pub fn authority(&self) -> &str {
        self.part(&self.0.authority)
    }

    /// What the server is asked for; never empty.
    pub fn path_and_query(&self) -> &PathAndQuery {
        &self.0.path_and_query
    }

    /// After the `#`. Never sent.
    pub fn fragment(&self) -> Option<&str> {
        self.as_str().split_once('#').map(|(_, fragment)| fragment)
    }

    /// What a request says in its first line (origin-form; RFC 9112, 3.2.1).
    pub fn uri(&self) -> Uri {
        Uri::from(self.0.path_and_query.clone())
    }

    /// What a request to a proxy says in its first line (absolute-form; RFC 9112, 3.2.2), and what HTTP/2 is given to
    /// make its pseudo-headers of.
    ///
    /// Errors: [`Kind::InvalidUrl`]: the host can't stand there (an IPv6 zone, say).
    pub fn absolute_uri(&self) -> Result<Uri, Error> {
        let invalid = || Error::new(Kind::InvalidUrl(self.to_string()));
        let mut parts = uri::Parts::default();
        parts.scheme = Some(if self.is_tls() { uri::Scheme::HTTPS } else { uri::Scheme::HTTP });
        let authority = Authority::from_maybe_shared(self.0.text.slice(self.0.authority.clone()));
        parts.authority = Some(authority.map_err(|_| invalid())?);
        parts.path_and_query = Some(self.0.path_and_query.clone());
        Uri::from_parts(parts).map_err(|_| invalid())
    }

    /// The value of `Host`: as [`authority`](Self::authority), but for the dots that end a full domain name.
    pub fn host_header(&self) -> HeaderValue {
        let Inner { text, host, authority, .. } = &*self.0;
        let value = if self.host().ends_with('.') {
            let name = self.host().trim_end_matches('.');
            Bytes::from([name.as_bytes(), &text[host.end..authority.end]].concat())
        } else {
            text.slice(authority.clone())
        };
        // All of it is printable ASCII, which no header refuses.
        HeaderValue::from_maybe_shared(value).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// User and password, decoded. They are for the `Authorization` header, and nowhere else in here.
    pub fn userinfo(&self) -> Option<(&str, Option<&str>)> {
        self.0.userinfo.as_ref().map(|userinfo| (userinfo.user.as_str(), userinfo.password.as_deref()))
    }

    /// The whole URL with its fragment, but without user and password.
    pub fn as_str(&self) -> &str {
        self.part(&(0..self.0.text.len()))
    }

    fn part(&self, range: &Range<usize>) -> &str {
        // Always ASCII: everything in it was checked, or encoded, by `parse` or by `from_url`.
        std::str::from_utf8(&self.0.text[range.clone()]).unwrap_or_default()
    }

    /// For error messages.
    pub fn origin(&self) -> Origin {
        Origin { host: self.host().to_owned(), port: self.port(), tls: self.is_tls() }
    }

    /// Whether both are the same server to a browser (RFC 6454): same scheme, host and port.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme() == other.scheme() && self.port() == other.port() && self.host() == other.host()
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text && self.0.userinfo == other.0.userinfo
    }
}

impl Eq for Target {}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Scheme, authority, and what follows.
fn split(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    Some((scheme, authority, tail))
}

/// What follows the authority, if it needs no change.
fn pieces(tail: &str) -> Option<Pieces<'_>> {
    let (tail, fragment) = parted(tail, '#')?;
    let (path, query) = parted(tail, '?')?;
    let kept = quote::PATH.keeps(path) && quote::QUERY.keeps(query) && quote::FRAGMENT.keeps(fragment);
    let dotted = path.contains("/.") && path.split('/').any(|segment| segment == "." || segment == "..");
    let pieces = || Pieces { path: path.into(), query: query.into(), fragment: fragment.into() };
    (kept && !dotted).then(pieces)
}

/// Both sides of the first `mark`. None if it is there, and nothing after it: that would be dropped.
fn parted(text: &str, mark: char) -> Option<(&str, &str)> {
    match text.split_once(mark) {
        None => Some((text, "")),
        Some((_, "")) => None,
        parts => parts,
    }
}

fn push_after(text: &mut String, mark: char, piece: &str) {
    if !piece.is_empty() {
        text.push(mark);
        text.push_str(piece);
    }
}

/// Whether the host has become an IPv4 address that is not what is written there: others would ask somebody else.
fn is_corrected_address(url: &Url, authority: &str) -> bool {
    let Some(url::Host::Ipv4(ip)) = url.host() else { return false };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split_once(':').map_or(host, |(host, _)| host) != ip.to_string()
}
