//! The client's policies, for requests that go hop by hop through Python.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use rondel_http::{Budget, Error, Hop, Kind, Retry, Target};

use super::errors::{self, About};
use super::local::Local;
use super::runtime::Loop;
use super::settings::duration;
use crate::event_loop::core_in;

/// What a `RetryBudget` keeps: the bucket that all who have the budget share.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpBudget(Local<Budget>);

/// A `Retry` of Python's.
///
/// Errors: those of its attributes.
pub fn retry(py: Python<'_>, home: &Loop, given: &Bound<'_, PyAny>) -> PyResult<Rc<Retry>> {
    let number = |name: &str| -> PyResult<f64> { given.getattr(name)?.extract() };
    let seconds = |name: &str| duration(number(name)?, name);
    let methods: Vec<String> = given
        .getattr(intern!(py, "methods"))?
        .try_iter()?
        .map(|name| name?.extract::<String>())
        .collect::<PyResult<_>>()?;
    let statuses = given
        .getattr(intern!(py, "statuses"))?
        .try_iter()?
        .map(|status| status?.extract::<u16>())
        .collect::<PyResult<_>>()?;
    let budget = given.getattr(intern!(py, "budget"))?;
    Ok(Rc::new(Retry {
        attempts: given.getattr(intern!(py, "attempts"))?.extract()?,
        backoff: seconds("backoff")?,
        factor: number("factor")?,
        jitter: number("jitter")?,
        max_delay: seconds("max_delay")?,
        statuses,
        methods: Some(methods.iter().map(|name| method(name)).collect::<PyResult<_>>()?),
        budget: if budget.is_none() { None } else { Some(bucket(py, home, &budget)?) },
    }))
}

/// The bucket of a `RetryBudget`.
fn bucket(py: Python<'_>, home: &Loop, given: &Bound<'_, PyAny>) -> PyResult<Budget> {
    let place = intern!(py, "_native");
    if let Ok(known) = given.getattr(place)?.cast::<HttpBudget>()
        && known.get().0.home(py).is(home)
    {
        return Ok(known.get().0.get(py).clone());
    }
    let ratio: f64 = given.getattr(intern!(py, "ratio"))?.extract()?;
    let reserve: u32 = given.getattr(intern!(py, "reserve"))?.extract()?;
    let made = Budget::new(ratio, reserve);
    given.setattr(place, Bound::new(py, HttpBudget(Local::new(home.clone(), made.clone())))?)?;
    Ok(made)
}

fn method(name: &str) -> PyResult<Method> {
    Method::from_bytes(name.as_bytes()).map_err(|_| PyValueError::new_err(format!("no method of HTTP: {name:?}")))
}

/// User and password of a URL, each decoded.
type Userinfo = Option<(String, Option<String>)>;

/// Where a redirect leads: `(method, url, userinfo, keep_body, same_origin)`; the URL is without user and password.
///
/// Raises `InvalidUrlRedirectClientError`, `NonHttpUrlRedirectClientError`.
#[pyfunction]
pub fn http_redirect(
    py: Python<'_>,
    method: &str,
    status: u16,
    location: &[u8],
    url: &str,
) -> PyResult<(String, String, Userinfo, bool, bool)> {
    let raised = |error: Error| errors::exception(py, &error, &About::default());
    let from = Target::parse_encoded(url).map_err(raised)?;
    let hop = Hop::to(&self::method(method)?, status, location, &from).map_err(raised)?;
    let Hop { method, url, keep_body, same_origin } = hop;
    let userinfo = url.userinfo().map(|(user, password)| (user.to_owned(), password.map(str::to_owned)));
    Ok((method.as_str().to_owned(), url.as_str().to_owned(), userinfo, keep_body, same_origin))
}

/// Seconds to wait before the next attempt, after attempt number `attempt` (from 1) was answered with `status`, or failed;
/// None: there is none.
#[pyfunction]
pub fn http_retry(
    py: Python<'_>,
    retry: &Bound<'_, PyAny>,
    method: &str,
    attempt: u32,
    status: Option<u16>,
    retry_after: Option<&str>,
    elapsed: f64,
) -> PyResult<Option<f64>> {
    let _ = elapsed; // `ClientTimeout.total` bounds it
    let running = py.import(intern!(py, "asyncio"))?.call_method0(intern!(py, "get_running_loop"))?;
    let Some(core) = core_in(&running) else {
        return Err(PyRuntimeError::new_err("retries are decided on rondel's event loop only"));
    };
    let policy = self::retry(py, &core.get().http_or_new(py)?, retry)?;
    let method = self::method(method)?;
    if attempt == 1 {
        policy.begin();
    }
    let random = fastrand::u64(..);
    let pause = match status {
        Some(status) => {
            StatusCode::from_u16(status).map_err(|_| PyValueError::new_err(format!("no status of HTTP: {status}")))?;
            let mut headers = HeaderMap::new();
            if let Some(value) = retry_after.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(http::header::RETRY_AFTER, value);
            }
            policy.after_status(attempt, &method, status, &headers, SystemTime::now(), random)
        }
        None => policy.after_error(attempt, &method, &Error::new(Kind::Io), random),
    };
    Ok(pause.as_ref().map(Duration::as_secs_f64))
}
