//! How to get to a server, where that is not the usual way.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::url::Target;

/// Whom to trust that a server is who it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsChoice {
    /// What the client was made with; if nothing else was said there, those whom the platform trusts.
    #[default]
    Verify,
    /// Nobody is asked: whoever is in between can read and change all.
    NoVerify,
    /// The server's certificate has this SHA-256.
    Fingerprint([u8; 32]),
    /// The embedder's TLS, with the context that the number stands for there.
    Foreign(u64),
}

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Where it is. `https`: TLS is spoken with it.
    pub url: Target,
    /// `Proxy-Authorization`.
    pub authorization: Option<HeaderValue>,
    /// What else it is told when it is asked for a tunnel. Requests that it reads have nothing but headers for the server.
    pub headers: HeaderMap,
}

impl Hash for Proxy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url.as_str().hash(state); // the rest is hardly ever what differs
    }
}

/// A way to a server. Connections that were made by different ones are kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// Through a proxy: requests of `https` and `wss` URLs in a tunnel, others are for it to pass on.
    pub proxy: Option<Rc<Proxy>>,
    /// Whom to trust.
    pub tls: TlsChoice,
    /// The name that the server's certificate must be for, if not the URL's.
    pub server_name: Option<Rc<str>>,
    /// HTTP/2 is not spoken: for requests that it has no place for, as those that change the protocol.
    pub http1: bool,
}

impl Route {
    /// Whether a request for `target` is for the proxy to read: it is written in absolute-form (RFC 9112, 3.2.2), and has
    /// the [`proxy_headers`](Self::proxy_headers).
    pub fn is_forward(&self, target: &Target) -> bool {
        self.proxy.is_some() && !target.is_tls()
    }

    /// What a request that the proxy reads tells it, and nobody else.
    pub fn proxy_headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        static AUTHORIZATION: HeaderName = PROXY_AUTHORIZATION;
        self.proxy.iter().filter_map(|proxy| Some((&AUTHORIZATION, proxy.authorization.as_ref()?)))
    }

    /// What the proxy is told that is asked for a tunnel.
    pub(super) fn tunnel_headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.proxy_headers().chain(self.proxy.iter().flat_map(|proxy| &proxy.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxy, Route, TlsChoice};
    use crate::pool::Key;
    use crate::url::Target;
    use http::{HeaderMap, HeaderValue};
    use std::rc::Rc;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    fn by_proxy(authorization: Option<&'static str>) -> Rc<Route> {
        let proxy = Proxy {
            url: target("http://proxy:3128"),
            authorization: authorization.map(HeaderValue::from_static),
            headers: HeaderMap::new(),
        };
        Rc::new(Route { proxy: Some(Rc::new(proxy)), ..Route::default() })
    }

    #[test]
    fn a_proxy_reads_plain_requests() {
        let route = by_proxy(Some("Basic x"));
        assert!(route.is_forward(&target("http://h/")) && route.is_forward(&target("ws://h/")));
        assert!(!route.is_forward(&target("https://h/")) && !Route::default().is_forward(&target("http://h/")));
        let told: Vec<_> = route.proxy_headers().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(told, [("proxy-authorization", &b"Basic x"[..])]);
    }

    #[test]
    fn connections_are_kept_apart() {
        let url = target("http://h/");
        let key = |route: Rc<Route>| Key::new(&url, Some(&route));
        assert_eq!(key(by_proxy(None)), key(by_proxy(None)));
        assert_ne!(key(by_proxy(None)), key(by_proxy(Some("Basic x"))));
        assert_ne!(key(by_proxy(None)), Key::new(&url, None));
        let trusting = Route { tls: TlsChoice::NoVerify, ..Route::default() };
        assert_ne!(key(Rc::new(trusting)), Key::new(&url, None));
        assert_eq!(Key::new(&target("http://h/a"), None), Key::new(&target("http://H:80/b?c"), None));
        assert_ne!(Key::new(&target("https://h:80/"), None), Key::new(&url, None));
        assert_ne!(Key::new(&target("http://h:81/"), None), Key::new(&url, None));
    }
}
