use std::time::UNIX_EPOCH;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use proptest::prelude::*;

use super::*;

const CERTAIN: Retry = Retry {
    attempts: 4,
    backoff: Duration::from_millis(100),
    factor: 3.0,
    jitter: 0.0,
    max_delay: Duration::from_secs(10),
    statuses: Vec::new(),
    methods: None,
    budget: None,
};

fn certain() -> Retry {
    Retry { statuses: vec![503], ..CERTAIN }
}

fn asked(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(RETRY_AFTER, value);
    }
    headers
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn status(retry: &Retry, attempt: u32, method: &Method, status: u16, headers: &HeaderMap) -> Option<Duration> {
    retry.after_status(attempt, method, status, headers, at(784_111_777), 0)
}

#[test]
fn delays_grow_until_the_attempts_are_over() {
    let delays: Vec<_> =
        (1..=5).map(|attempt| status(&certain(), attempt, &Method::GET, 503, &HeaderMap::new())).collect();
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(delays, [millis(100), millis(300), millis(900), None, None]);
}

#[test]
fn only_listed_statuses_and_idempotent_methods() {
    let none = HeaderMap::new();
    assert_eq!(status(&certain(), 1, &Method::GET, 500, &none), None);
    assert_eq!(status(&certain(), 1, &Method::POST, 503, &none), None);
    assert_eq!(status(&certain(), 1, &Method::PATCH, 503, &none), None);
    for method in IDEMPOTENT {
        assert!(status(&certain(), 1, &method, 503, &none).is_some(), "{method}");
    }
    let told = Retry { methods: Some(vec![Method::POST]), ..certain() };
    assert!(status(&told, 1, &Method::POST, 503, &none).is_some());
    assert_eq!(status(&told, 1, &Method::GET, 503, &none), None);
}

#[test]
fn the_server_is_heard() {
    let wait = |value: &str| status(&certain(), 1, &Method::GET, 503, &asked(value));
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait(" 0 "), Some(Duration::ZERO));
    assert_eq!(wait("11"), None, "longer than the longest delay");
    assert_eq!(wait("99999999999999999999999"), None);
    // Its time is 784_111_777 seconds after the epoch: the example of RFC 9110, 5.6.7.
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:40 GMT"), Some(Duration::from_secs(3)));
    assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO), "in the past: now");
    assert_eq!(wait("Sun, 06 Nov 1994 09:49:37 GMT"), None);
    for nonsense in ["soon", "", "-3", "1.5"] {
        assert_eq!(wait(nonsense), Some(Duration::from_millis(100)), "{nonsense}");
    }
}

#[test]
fn errors_that_may_pass_are_retried() {
    let retried = |kind| certain().after_error(1, &Method::GET, &Error::new(kind), 0).is_some();
    let second = Duration::from_secs(1);
    for kind in [Kind::Lookup, Kind::Connect, Kind::Disconnected, Kind::Io, Kind::Timeout(Phase::SockRead, second)] {
        assert!(retried(kind.clone()), "{kind:?}");
    }
    let lasting =
        [Kind::Timeout(Phase::Total, second), Kind::Closed, Kind::Body, Kind::Certificate("expired".into(), None)];
    for kind in lasting {
        assert!(!retried(kind.clone()), "{kind:?}");
    }
}

#[test]
fn a_budget_is_shared_and_earned() {
    let retry = Retry { budget: Some(Budget::new(0.5, 2)), ..certain() };
    let again = retry.clone();
    let retried = |retry: &Retry| status(retry, 1, &Method::GET, 503, &HeaderMap::new()).is_some();
    assert!(retried(&retry) && retried(&again));
    assert!(!retried(&retry) && !retried(&again), "two of two are spent");
    retry.begin();
    assert!(!retried(&retry));
    again.begin();
    assert!(retried(&retry), "two requests have earned one");
    (0..100).for_each(|_| retry.begin());
    assert!(retried(&retry) && retried(&retry) && !retried(&retry), "no more than it holds");
}

#[test]
fn what_is_not_retried_costs_nothing() {
    let retry = Retry { budget: Some(Budget::new(0.0, 1)), ..certain() };
    assert_eq!(status(&retry, 1, &Method::POST, 503, &HeaderMap::new()), None);
    assert_eq!(status(&retry, 4, &Method::GET, 503, &HeaderMap::new()), None);
    assert_eq!(status(&retry, 1, &Method::GET, 503, &asked("3600")), None);
    assert!(status(&retry, 1, &Method::GET, 503, &HeaderMap::new()).is_some());
}

proptest! {
    #[test]
    fn delays_stay_in_their_bounds(
        attempt in 1..1000_u32,
        factor in 0.0..100.0_f64,
        jitter in 0.0..=1.0_f64,
        backoff in 0..100_000_u64,
        random: u64,
    ) {
        let backoff = Duration::from_millis(backoff);
        let retry = Retry { attempts: u32::MAX, backoff, factor, jitter, ..certain() };
        let sure = Retry { jitter: 0.0, ..retry.clone() };
        let (delay, longest) = (retry.delay(attempt, random), sure.delay(attempt, random));
        prop_assert!(delay <= longest && longest <= retry.max_delay);
        prop_assert!(delay.as_secs_f64() >= longest.as_secs_f64() * (1.0 - jitter) - 1e-6);
    }

    #[test]
    fn settings_without_sense_do_no_harm(
        attempt: u32, factor: f64, jitter: f64, random: u64, longest in 0..u64::MAX,
    ) {
        let retry = Retry { factor, jitter, max_delay: Duration::from_secs(longest), ..certain() };
        prop_assert!(retry.delay(attempt, random) <= retry.max_delay);
    }

    #[test]
    fn any_header_is_survived(value in "[ -~]{0,40}", seconds in 0..10_000_000_000_u64) {
        let delay = certain().after_status(1, &Method::GET, 503, &asked(&value), at(seconds), 0);
        prop_assert!(delay.is_none_or(|delay| delay <= Duration::from_secs(10)));
    }
}
