//! Cookies between requests (RFC 6265): what a client needs of a jar, and the Rust face's own.

use std::cell::RefCell;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::rc::Rc;

use cookie_store::{Cookie, CookieDomain};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::url::Target;

/// The most bytes of one `Set-Cookie` line; longer ones are left out, as by browsers (RFC 6265, 6.1).
const MAX_LINE: usize = 4096;
/// The most cookies of one domain, and of a jar.
const MAX_OF_DOMAIN: usize = 180;
const MAX_OF_JAR: usize = 3000;

/// Why a [`CookieStore`] can't say or take cookies.
pub type CookieError = Box<dyn StdError + Send + Sync>;

/// Where a client's cookies are. Asked before each hop of a request, and told after it.
pub trait CookieStore {
    /// What to send to `url` as `Cookie`; none if there is nothing to send.
    ///
    /// Errors: the request ends with it ([`Kind::Cookies`](crate::Kind::Cookies)), and is not sent.
    fn header_for(&self, url: &Target) -> Result<Option<HeaderValue>, CookieError>;

    /// Takes what `url` answered with in `Set-Cookie`. A line that is no cookie, or one that `url` may not set, is
    /// left out.
    ///
    /// Errors: the request ends with it ([`Kind::Cookies`](crate::Kind::Cookies)), and its answer is dropped.
    fn store(&self, url: &Target, headers: &HeaderMap) -> Result<(), CookieError>;
}

/// A jar in memory. Clones share what is in it.
///
/// No list of public suffixes is kept: a server may set cookies for each domain of two labels or more that its name
/// ends in, but not for a top-level domain.
#[derive(Clone, Debug, Default)]
pub struct Jar(Rc<RefCell<cookie_store::CookieStore>>);

impl Jar {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one cookie as if `url` had set it: `line` is what stands in `Set-Cookie`. Whether it was taken.
    pub fn set(&self, url: &Target, line: &str) -> bool {
        Url::parse(url.as_str()).is_ok_and(|url| self.insert(&url, line))
    }

    /// The value of the cookie of this name that would be sent to `url`.
    pub fn get(&self, url: &Target, name: &str) -> Option<String> {
        let url = Url::parse(url.as_str()).ok()?;
        let jar = self.0.borrow();
        let mut found: Vec<_> = jar.matches(&url).into_iter().filter(|cookie| cookie.name() == name).collect();
        first_sent_first(&mut found);
        found.first().map(|cookie| cookie.value().to_owned())
    }

    /// How many there are that have not expired.
    pub fn len(&self) -> usize {
        self.0.borrow().iter_unexpired().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all out.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    fn insert(&self, url: &Url, line: &str) -> bool {
        if line.len() > MAX_LINE {
            return false;
        }
        let Ok(cookie) = Cookie::parse(line.to_owned(), url) else { return false };
        if let CookieDomain::Suffix(domain) = &cookie.domain
            && !domain.contains('.')
            && url.host_str() != Some(domain.as_str())
        {
            return false;
        }
        let mut jar = self.0.borrow_mut();
        let renewed = jar.contains(&String::from(&cookie.domain), &cookie.path, cookie.name());
        // One that has expired takes an old one out.
        if !renewed && !cookie.is_expired() && !has_room(&mut jar, &cookie.domain) {
            return false;
        }
        jar.insert(cookie.into_owned(), url).is_ok()
    }
}

impl CookieStore for Jar {
    fn header_for(&self, url: &Target) -> Result<Option<HeaderValue>, CookieError> {
        let jar = self.0.borrow();
        if jar.iter_any().next().is_none() {
            return Ok(None);
        }
        let Ok(url) = Url::parse(url.as_str()) else { return Ok(None) };
        let mut cookies = jar.matches(&url);
        first_sent_first(&mut cookies);
        let mut line = String::new();
        for (name, value) in cookies.iter().map(|cookie| cookie.name_value()) {
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.extend([name, "=", value]);
        }
        Ok(if line.is_empty() { None } else { HeaderValue::from_bytes(line.as_bytes()).ok() })
    }

    fn store(&self, url: &Target, headers: &HeaderMap) -> Result<(), CookieError> {
        let mut lines = headers.get_all(SET_COOKIE).iter().peekable();
        if lines.peek().is_none() {
            return Ok(());
        }
        let Ok(url) = Url::parse(url.as_str()) else { return Ok(()) };
        for line in lines {
            if let Ok(line) = std::str::from_utf8(line.as_bytes()) {
                self.insert(&url, line);
            }
        }
        Ok(())
    }
}

/// Cookies with the longer path come first (RFC 6265, 5.4); the rest is in a fixed order.
fn first_sent_first(cookies: &mut [&Cookie<'static>]) {
    cookies.sort_by(|a, b| b.path.len().cmp(&a.path.len()).then_with(|| a.name().cmp(b.name())));
}

/// Whether one more of this domain may come in. Those that have expired make room.
fn has_room(jar: &mut cookie_store::CookieStore, domain: &CookieDomain) -> bool {
    let full = |jar: &cookie_store::CookieStore| {
        jar.iter_any().count() >= MAX_OF_JAR
            || jar.iter_any().filter(|cookie| cookie.domain == *domain).count() >= MAX_OF_DOMAIN
    };
    if full(jar) {
        let kept: Vec<_> = jar.iter_unexpired().cloned().map(Ok::<_, Infallible>).collect();
        let Ok(renewed) = cookie_store::CookieStore::from_cookies(kept, false);
        *jar = renewed;
    }
    !full(jar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    fn answered(jar: &Jar, url: &str, lines: &[&str]) {
        let headers = lines.iter().map(|line| (SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap()));
        jar.store(&target(url), &headers.collect()).unwrap();
    }

    fn sent(jar: &Jar, url: &str) -> Option<String> {
        jar.header_for(&target(url)).unwrap().map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn cookies_go_back_to_whom_they_came_from() {
        let jar = Jar::new();
        answered(&jar, "http://a.example/x/y", &["one=1", "two=2; Path=/", "three=3; Domain=example", "é=ü"]);
        assert_eq!(sent(&jar, "http://a.example/x/z").as_deref(), Some("one=1; é=ü; two=2"));
        assert_eq!(sent(&jar, "http://a.example/").as_deref(), Some("two=2"));
        assert_eq!(sent(&jar, "http://b.example/x/y"), None);
        assert_eq!(jar.get(&target("http://a.example/x/z"), "one").as_deref(), Some("1"));
    }

    #[test]
    fn a_domain_reaches_its_own_hosts_alone() {
        let jar = Jar::new();
        answered(&jar, "http://www.shop.example/", &["a=1; Domain=shop.example", "b=2; Domain=other.example"]);
        assert_eq!(sent(&jar, "http://api.shop.example/").as_deref(), Some("a=1"));
        assert_eq!(sent(&jar, "http://notshop.example/"), None);
        assert_eq!(sent(&jar, "http://other.example/"), None);
    }

    #[test]
    fn a_secure_cookie_needs_tls() {
        let jar = Jar::new();
        answered(&jar, "https://a.example/", &["key=1; Secure; HttpOnly"]);
        assert_eq!(sent(&jar, "http://a.example/"), None);
        assert_eq!(sent(&jar, "https://a.example/").as_deref(), Some("key=1"));
    }

    #[test]
    fn an_expired_cookie_takes_the_old_one_out() {
        let jar = Jar::new();
        answered(&jar, "http://a.example/", &["key=1"]);
        answered(&jar, "http://a.example/", &["key=; Max-Age=0"]);
        assert_eq!(sent(&jar, "http://a.example/"), None);
        assert!(jar.is_empty());
    }

    #[test]
    fn a_flood_of_cookies_is_bounded() {
        let jar = Jar::new();
        for number in 0..MAX_OF_DOMAIN + 20 {
            answered(&jar, "http://a.example/", &[&format!("key{number}=1")]);
        }
        assert_eq!(jar.len(), MAX_OF_DOMAIN);
        assert!(!jar.set(&target("http://a.example/"), "more=1"));
        assert!(jar.set(&target("http://a.example/"), "key0=2"));
        assert!(jar.set(&target("http://b.example/"), "more=1"));
        answered(&jar, "http://a.example/", &["key0=; Max-Age=0"]);
        assert!(jar.set(&target("http://a.example/"), "more=1"));
        assert!(!jar.set(&target("http://b.example/"), &format!("long={}", "x".repeat(MAX_LINE))));
    }
}
