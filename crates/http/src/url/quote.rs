//! Percent-encoding as yarl does it (RFC 3986, section 2), for each part of a URL.

use std::borrow::Cow;

/// Stands for itself.
const SAFE: u8 = 1;
/// Means something else when encoded: left as it is found, both ways.
const PROTECTED: u8 = 2;

/// What may stand in one part of a URL, and how.
pub(super) struct Part {
    /// By byte: [`SAFE`], [`PROTECTED`], or 0 for what is to be encoded.
    table: [u8; 256],
    /// Whether a space becomes `+`.
    plus: bool,
}

/// `pchar` and `/` (RFC 3986, section 3.3). An encoded slash is none.
pub(super) static PATH: Part = Part::new(b"@:&=;", b"/+", false);
/// RFC 3986, section 3.4, with the delimiters of forms: `a=1%262` is one field.
pub(super) static QUERY: Part = Part::new(b"?/:@", b"=+&;", true);
/// RFC 3986, section 3.5.
pub(super) static FRAGMENT: Part = Part::new(b"?/:@+&=;", b"", false);

/// Unreserved characters and the harmless ones among the delimiters, besides letters and digits.
const MARKS: &[u8] = b"-._~!$'()*,";

impl Part {
    const fn new(safe: &[u8], protected: &[u8], plus: bool) -> Self {
        let mut table = [0; 256];
        let mut byte: u8 = 0;
        while byte < 128 {
            if byte.is_ascii_alphanumeric() {
                table[byte as usize] = SAFE;
            }
            byte += 1;
        }
        let sets: [(&[u8], u8); 3] = [(MARKS, SAFE), (safe, SAFE), (protected, SAFE | PROTECTED)];
        let mut set = 0;
        while set < sets.len() {
            let (bytes, class) = sets[set];
            let mut i = 0;
            while i < bytes.len() {
                table[bytes[i] as usize] = class;
                i += 1;
            }
            set += 1;
        }
        Self { table, plus }
    }

    fn class(&self, byte: u8) -> u8 {
        self.table[usize::from(byte)]
    }

    /// Whether [`quote`](Self::quote) would give back the very same.
    pub(super) fn keeps(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.class(byte) & SAFE != 0 {
                at += 1;
                continue;
            }
            let Some(decoded) = escape(&bytes[at..]) else { return false };
            let lower_case = bytes[at + 1].is_ascii_lowercase() || bytes[at + 2].is_ascii_lowercase();
            if lower_case || self.class(decoded) == SAFE {
                return false;
            }
            at += 3;
        }
        true
    }

    /// `text` with what may not stand in this part encoded, and what need not be encoded decoded.
    pub(super) fn quote(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut quoted = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            if self.class(byte) & SAFE != 0 {
                quoted.push(char::from(byte));
            } else if let Some(decoded) = escape(&bytes[at - 1..]) {
                at += 2;
                if self.class(decoded) == SAFE {
                    quoted.push(char::from(decoded));
                } else {
                    push_escape(&mut quoted, decoded);
                }
            } else if byte == b' ' && self.plus {
                quoted.push('+');
            } else {
                push_escape(&mut quoted, byte);
            }
        }
        quoted
    }
}

/// A URL whose query has a `+` for each space: what encodes it next would write `%20`.
pub(super) fn plus_for_spaces(url: &str) -> Cow<'_, str> {
    let url = url.trim_matches(|c: char| c <= ' ');
    let end = url.find('#').unwrap_or(url.len());
    match url[..end].find('?') {
        Some(start) if url[start..end].contains(' ') => {
            Cow::Owned(format!("{}{}{}", &url[..start], url[start..end].replace(' ', "+"), &url[end..]))
        }
        _ => Cow::Borrowed(url),
    }
}

/// `text` with every escape decoded. What does not make UTF-8 stays as it is.
pub(super) fn unquote(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let decoded = escape(&bytes[at..]);
        plain.push(decoded.unwrap_or(byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

/// The byte that the escape stands for which `bytes` begins with, if it does.
fn escape(bytes: &[u8]) -> Option<u8> {
    let &[b'%', high, low, ..] = bytes else { return None };
    let value = char::from(high).to_digit(16)? * 16 + char::from(low).to_digit(16)?;
    u8::try_from(value).ok()
}

fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FRAGMENT, PATH, Part, QUERY, unquote};

    #[test]
    fn encodes_as_yarl_does() {
        // What `URL("http://h" + ...)` of yarl 1.25 makes of them.
        let cases: [(&Part, &str, &str); 12] = [
            (&PATH, "/a b", "/a%20b"),
            (&PATH, "/%41%2f%2B%c3%a4", "/A%2F%2B%C3%A4"),
            (&PATH, "/ä", "/%C3%A4"),
            (&PATH, "/100%", "/100%25"),
            (&PATH, "/%zz", "/%25zz"),
            (&PATH, "/[x]|^", "/%5Bx%5D%7C%5E"),
            (&PATH, "/a+b=c;d@e:f", "/a+b=c;d@e:f"),
            (&QUERY, "q=a b", "q=a+b"),
            (&QUERY, "q=a%20b%26%3D%3f", "q=a%20b%26%3D?"),
            (&QUERY, "a[0]=\"x\"", "a%5B0%5D=%22x%22"),
            (&FRAGMENT, "a b%2B", "a%20b+"),
            (&FRAGMENT, "#", "%23"),
        ];
        for (part, plain, quoted) in cases {
            assert_eq!(part.quote(plain), quoted, "{plain}");
            assert_eq!(part.keeps(plain), plain == quoted, "{plain}");
        }
    }

    #[test]
    fn decodes_what_is_text() {
        assert_eq!(unquote("us%40er%C3%A4"), "us@erä");
        assert_eq!(unquote("%"), "%");
        assert_eq!(unquote("%FF"), "%FF");
    }

    proptest! {
        #[test]
        fn knows_what_it_keeps(text in "[ -~]{0,20}|\\PC{0,10}|(%[0-9a-fA-F]{2}){0,5}") {
            for part in [&PATH, &QUERY, &FRAGMENT] {
                let quoted = part.quote(&text);
                prop_assert_eq!(part.keeps(&text), quoted == text);
                prop_assert!(quoted.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(part.quote(&quoted), quoted.clone());
                prop_assert!(part.keeps(&quoted));
            }
        }
    }
}
