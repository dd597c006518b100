//! Where redirects lead (RFC 3986, section 5).

use url::Url;

use super::{Scheme, Target, quote};
use crate::error::{Error, Kind};

impl Target {
    /// Where `location`, the bytes of a header of that name, leads from here (RFC 9110, 10.2.2).
    ///
    /// Errors: [`Kind::InvalidRedirect`], [`Kind::RedirectNotHttp`].
    pub fn join(&self, location: &[u8]) -> Result<Self, Error> {
        let location = String::from_utf8_lossy(location);
        let target = self.resolve(&location).map_err(|error| match error.kind() {
            Kind::NotHttp(url) => Error::new(Kind::RedirectNotHttp(url.clone())),
            _ => Error::from_source(Kind::InvalidRedirect(location.clone().into_owned()), error),
        })?;
        match target.scheme() {
            Scheme::Http | Scheme::Https => Ok(target),
            Scheme::Ws | Scheme::Wss => Err(Error::new(Kind::RedirectNotHttp(location.into_owned()))),
        }
    }

    fn resolve(&self, location: &str) -> Result<Self, Error> {
        if let Some(absolute) = Self::parse(location) {
            return Ok(absolute);
        }
        let joined = match location.split(['/', '?', '#']).next() {
            // It has a scheme of its own, and perhaps that of this URL without host: the crate knows.
            Some(before) if before.contains(':') => None,
            _ if location.starts_with('/') && !location.starts_with("//") && !location.contains('\\') => {
                Self::parse(&format!("{}{location}", &self.as_str()[..self.0.authority.end]))
            }
            _ => None,
        };
        if let Some(joined) = joined {
            return Ok(joined);
        }
        if names_nobody(location) {
            return Err(Error::new(Kind::InvalidUrl(location.to_owned())));
        }
        let invalid = |why| Error::from_source(Kind::InvalidUrl(location.to_owned()), why);
        let base = Url::parse(self.as_str()).map_err(invalid)?;
        // A backslash is no slash, whatever browsers take it for.
        let written = quote::plus_for_spaces(location).replace('\\', "%5C");
        let joined = base.join(&written).map_err(invalid)?;
        match joined.host() {
            Some(url::Host::Ipv4(ip)) if joined.host() != base.host() && !location.contains(&ip.to_string()) => {
                Err(Error::new(Kind::InvalidUrl(location.to_owned())))
            }
            _ => Self::parse_lenient(joined.as_str()),
        }
    }
}

/// Whether there is a place for a host, and none in it: the crate would take a part of the path for one.
fn names_nobody(location: &str) -> bool {
    let location = location.trim_start_matches(|c: char| c <= ' ');
    let rest = match location.split_once("//") {
        Some((scheme, rest)) if ["", "http:", "https:"].iter().any(|own| scheme.eq_ignore_ascii_case(own)) => rest,
        _ => return false,
    };
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}
