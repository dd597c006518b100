//! URLs and where a redirect leads, of any text: `make fuzz ARGS=http_url`.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use rondel_http::Target;

/// What holds of each URL that was taken.
fn check(target: &Target) {
    let text = target.as_str();
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    assert!(!target.host().is_empty() && target.authority().contains(target.host()), "{text:?}");
    assert!(target.path_and_query().as_str().starts_with('/'), "{text:?}");
    // What it sends in heads and to resolvers can't end a line there.
    assert!(target.host_header().as_bytes().iter().all(u8::is_ascii_graphic), "{text:?}");
    // What was written is read again as the same.
    let again = Target::parse_lenient(text).expect("it was taken once");
    assert_eq!(again.as_str(), text);
    assert!(again.same_origin(target), "{text:?}");
}

fuzz_target!(|input: &[u8]| {
    let base = Target::parse("http://host.example:8080/a/b?c#d").expect("it is plain");
    if let Ok(target) = base.join(input) {
        check(&target);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    let strict = Target::parse(text);
    let lenient = Target::parse_lenient(text);
    if let Some(target) = &strict {
        check(target);
        assert_eq!(lenient.as_ref().expect("the other way takes more").as_str(), target.as_str());
    }
    if let Ok(target) = &lenient {
        check(target);
    }
});
