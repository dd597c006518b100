//! What a connection takes from a server.

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Response};
use hyper::ext::ReasonPhrase;

use super::Body;
use crate::error::{Error, Kind};

/// How connections speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How much a head may be.
    pub limits: Limits,
    /// HTTP/2 is spoken although nobody has agreed on it (RFC 9113, 3.3). A TLS handshake that has settled on HTTP/1.1
    /// counts more.
    pub prior_knowledge: bool,
}

/// How much the head of an answer may be; the defaults are aiohttp's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the status line.
    pub line: usize,
    /// Bytes of one field's name, and of its value.
    pub field: usize,
    /// Fields.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 8190, field: 8190, fields: 128 }
    }
}

/// Bytes of `HTTP/1.1 200 ` and the line's end.
const LINE: usize = 15;

impl Limits {
    /// Bytes of a head that reaches all of them.
    pub(super) fn head(&self) -> usize {
        // Between name and value, and at the end of the line: 4.
        let fields = self.fields.saturating_mul(self.field.saturating_mul(2).saturating_add(4));
        self.line.saturating_add(fields).min(MOST)
    }

    /// Whether the head of `answer` keeps to them.
    ///
    /// Errors: [`Kind::Malformed`], which says what is too much.
    pub fn check(&self, answer: &Response<Body>) -> Result<(), Error> {
        let too_much = |why: String| Err(Error::new(Kind::Malformed(why)));
        if let Some(reason) = answer.extensions().get::<ReasonPhrase>()
            && LINE + reason.as_bytes().len() > self.line
        {
            return too_much(format!("a status line of more than {} bytes", self.line));
        }
        if answer.headers().len() > self.fields {
            return too_much(format!("more than {} header fields", self.fields));
        }
        match answer.headers().iter().find(|(name, value)| name.as_str().len().max(value.len()) > self.field) {
            Some((name, _)) => {
                let name: String = name.as_str().chars().take(40).collect();
                too_much(format!("the header field {name:?} has more than {} bytes", self.field))
            }
            None => Ok(()),
        }
    }
}

/// No head is larger than this, whatever the limits say, in bytes.
const MOST: usize = 16 * 1024 * 1024;

/// Whether it is beyond doubt where the body of `answer` ends. hyper refuses what it cannot make sense of; these are the
/// cases in which it takes one sense of two, and somebody between it and the server may have taken the other.
///
/// Errors: [`Kind::Malformed`].
pub(super) fn check_framing(answer: &Response<Body>) -> Result<(), Error> {
    if answer.body().is_end_stream() {
        return Ok(()); // HEAD, 204, 304, or empty: the fields speak of another answer, or of nothing
    }
    framing(answer.headers()).map_err(|why| Error::new(Kind::Malformed(why.to_owned())))
}

fn framing(headers: &HeaderMap) -> Result<(), &'static str> {
    let lines = headers.get_all(TRANSFER_ENCODING);
    let codings = lines.iter().flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let mut codings = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty());
    let Some(first) = codings.next() else { return Ok(()) };
    if headers.contains_key(CONTENT_LENGTH) {
        return Err("both Transfer-Encoding and Content-Length"); // RFC 9112, 6.1
    }
    // Others must be asked for (RFC 9110, 10.1.4), and hyper would hand them on undecoded. `identity` was a coding once,
    // and means none.
    let known = first.eq_ignore_ascii_case(b"chunked") || first.eq_ignore_ascii_case(b"identity");
    if known && codings.next().is_none() { Ok(()) } else { Err("a Transfer-Encoding that nobody asked for") }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(http::HeaderName, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn one_way_to_say_where_the_body_ends_is_good() {
        for fields in [
            &[][..],
            &[(CONTENT_LENGTH, "5")],
            &[(TRANSFER_ENCODING, "chunked")],
            &[(TRANSFER_ENCODING, "Chunked")],
            &[(TRANSFER_ENCODING, "identity")],
            &[(TRANSFER_ENCODING, ", chunked ,")],
        ] {
            assert_eq!(framing(&headers(fields)), Ok(()), "{fields:?}");
        }
    }

    #[test]
    fn two_ways_or_unknown_ones_are_not() {
        for fields in [
            &[(CONTENT_LENGTH, "5"), (TRANSFER_ENCODING, "chunked")][..],
            &[(CONTENT_LENGTH, "5"), (TRANSFER_ENCODING, "identity")],
            &[(TRANSFER_ENCODING, "gzip, chunked")],
            &[(TRANSFER_ENCODING, "chunked, chunked")],
            &[(TRANSFER_ENCODING, "chunked"), (TRANSFER_ENCODING, "identity")],
            &[(TRANSFER_ENCODING, "xchunked")],
        ] {
            assert!(framing(&headers(fields)).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn a_head_is_bounded_whatever_the_limits() {
        assert!(Limits::default().head() > 8190 + 128 * 8190);
        assert_eq!(Limits { line: usize::MAX, field: usize::MAX, fields: usize::MAX }.head(), MOST);
    }
}
