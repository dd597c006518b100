//! `HttpSession`: the request methods of a session, where nothing unusual is asked of them.
//!
//! A plain request is a URL and nothing more, on a session that neither traces nor changes what is sent: it is made here.
//! All others are made by `_begin`, in Python.

use std::rc::Rc;

use http::{HeaderMap, Method};
use pyo3::exceptions::PyException;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::{RequestBody, Target};

use super::client::HttpClient;
use super::errors::Asked;
use super::headers;
use super::local::Local;
use super::options::HttpOptions;
use crate::cell::GilCell;
use crate::raw::{Args, Method as Native, Owned, call, fast};

/// What plain requests are made of.
struct Plain {
    client: Owned,
    options: Owned,
    options_no_follow: Owned,
    /// The session's own, a `CIMultiDict`.
    headers: Owned,
    /// Gives the head of a request.
    head: Owned,
    /// Made of the headers when they had this version.
    template: Option<(u64, Local<Rc<HeaderMap>>)>,
}

/// The native half of a `ClientSession`.
#[pyclass(subclass, frozen, module = "rondel._rondel")]
pub struct HttpSession {
    plain: GilCell<Option<Plain>>,
}

#[pymethods]
impl HttpSession {
    #[new]
    #[pyo3(signature = (*_args, **_keywords))]
    fn new(_args: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Self {
        Self { plain: GilCell::new(None) }
    }

    /// From now on plain requests are made natively. `head()` is called again whenever `headers` have changed.
    #[pyo3(name = "_set_plain")]
    fn set_plain(
        &self,
        client: &Bound<'_, HttpClient>,
        options: &Bound<'_, HttpOptions>,
        options_no_follow: &Bound<'_, HttpOptions>,
        headers: &Bound<'_, PyAny>,
        head: &Bound<'_, PyAny>,
    ) {
        let plain = Plain {
            client: client.clone().into_any().into(),
            options: options.clone().into_any().into(),
            options_no_follow: options_no_follow.clone().into_any().into(),
            headers: headers.clone().into(),
            head: head.clone().into(),
            template: None,
        };
        let stale = self.plain.with(client.py(), |place| place.replace(plain));
        drop(stale);
    }

    /// From now on `_begin` makes all requests.
    #[pyo3(name = "_unset_plain")]
    fn unset_plain(&self, py: Python<'_>) {
        let stale = self.plain.with(py, Option::take);
        drop(stale);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.plain.with(py, |plain| {
            let Some(Plain { client, options, options_no_follow, headers, head, .. }) = plain else { return Ok(()) };
            [client, options, options_no_follow, headers, head].into_iter().try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        self.unset_plain(unsafe { Python::assume_attached() });
    }
}

macro_rules! methods {
    ($($name:literal, $upper:literal, $method:expr, $doc:literal;)*) => {
        [$(fast($name, $doc, |slf, args| begin(slf, args, $upper, &$method)),)*
            fast(
                c"request",
                c"request($self, method, url, **kwargs)\n--\n\nAny request; the arguments as for `get`.",
                request,
            )]
    };
}

/// What the class has besides.
static METHODS: [Native; 8] = methods! {
    c"get", "GET", Method::GET, c"get($self, url, **kwargs)\n--\n\nA request with GET.";
    c"options", "OPTIONS", Method::OPTIONS, c"options($self, url, **kwargs)\n--\n\nA request with OPTIONS.";
    c"head", "HEAD", Method::HEAD,
        c"head($self, url, **kwargs)\n--\n\nA request with HEAD. Redirects are not followed unless told.";
    c"post", "POST", Method::POST, c"post($self, url, **kwargs)\n--\n\nA request with POST.";
    c"put", "PUT", Method::PUT, c"put($self, url, **kwargs)\n--\n\nA request with PUT.";
    c"patch", "PATCH", Method::PATCH, c"patch($self, url, **kwargs)\n--\n\nA request with PATCH.";
    c"delete", "DELETE", Method::DELETE, c"delete($self, url, **kwargs)\n--\n\nA request with DELETE.";
};

/// Gives the class its methods.
pub fn init(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<HttpSession>();
    METHODS.iter().try_for_each(|method| method.attach(&class))
}

fn begin(slf: *mut ffi::PyObject, args: Args<'_, '_>, name: &'static str, method: &Method) -> PyResult<Owned> {
    let py = args.py();
    if let [url] = args.positional()
        && !args.has_keywords()
        // SAFETY: the interpreter passes live objects, `self` of the class or of one derived from it.
        && let Some(exchange) = unsafe { plain(py, slf, *url, method, *method == Method::HEAD) }?
    {
        return Ok(exchange);
    }
    in_python(slf, args, Some(&PyString::intern(py, name)), *method == Method::HEAD)
}

fn request(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    if let [method, url] = args.positional()
        && !args.has_keywords()
    {
        // SAFETY: an argument is alive through the call.
        let given = unsafe { Borrowed::from_ptr(py, *method) };
        if let Ok(text) = given.cast_exact::<PyString>()
            && let Some(method) = (*text).to_str().ok().and_then(usual)
            // SAFETY: as in `begin`.
            && let Some(exchange) = unsafe { plain(py, slf, *url, &method, false) }?
        {
            return Ok(exchange);
        }
    }
    in_python(slf, args, None, false)
}

/// Methods of requests that need no body, as they are written.
fn usual(name: &str) -> Option<Method> {
    match name {
        "GET" => Some(Method::GET),
        "HEAD" => Some(Method::HEAD),
        "OPTIONS" => Some(Method::OPTIONS),
        _ => None,
    }
}

/// `self._begin(method, ...)`, with the rest of the arguments. `stays`: redirects are not followed, unless that is said.
fn in_python(
    slf: *mut ffi::PyObject,
    args: Args<'_, '_>,
    method: Option<&Bound<'_, PyString>>,
    stays: bool,
) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live object.
    let begin = unsafe { Borrowed::from_ptr(py, slf) }.getattr(intern!(py, "_begin"))?;
    let mut stack = vec![std::ptr::null_mut()];
    stack.extend(method.map(Bound::as_ptr));
    stack.extend(args.positional());
    let mut names = Vec::new();
    let (follow, no) = (intern!(py, "allow_redirects"), PyBool::new(py, false));
    let mut said = !stays;
    for (name, value) in args.keywords() {
        said = said || name.eq(follow)?;
        names.push(name);
        stack.push(value.as_ptr());
    }
    if !said {
        names.push(follow.clone().into_any());
        stack.push(no.as_ptr());
    }
    let names = PyTuple::new(py, names)?;
    let names = Some(&names).filter(|names| !names.is_empty());
    // SAFETY: the method, the names and the arguments are alive through the call.
    unsafe { call(py, begin.as_ptr(), &mut stack, names) }
}

/// A plain request. `None`: it is not one.
///
/// # Safety
/// `slf` is a live `HttpSession`, `url` a live object.
unsafe fn plain(
    py: Python<'_>,
    slf: *mut ffi::PyObject,
    url: *mut ffi::PyObject,
    method: &Method,
    stays: bool,
) -> PyResult<Option<Owned>> {
    // SAFETY: as promised by the caller.
    let (session, url) = unsafe { (Borrowed::from_ptr(py, slf), Borrowed::from_ptr(py, url)) };
    let Ok(text) = url.cast_exact::<PyString>() else { return Ok(None) };
    let native = session.cast::<HttpSession>()?;
    let native = native.get();
    let Some((client, options)) = native.plain.with(py, |plain| {
        let plain = plain.as_ref()?;
        let options = if stays { &plain.options_no_follow } else { &plain.options };
        Some((plain.client.clone(), options.clone()))
    }) else {
        return Ok(None);
    };
    // What is not ASCII, or can't be encoded at all, is to be looked at by yarl.
    let Some(url) = (*text).to_str().ok().and_then(Target::parse).filter(|url| url.userinfo().is_none()) else {
        return Ok(None);
    };
    let client = client.bind(py).cast::<HttpClient>()?;
    if method_has_body(method) || client.get().state(py).0.is_closed() {
        return Ok(None);
    }
    let headers = match native.template(py, client) {
        Ok(Some(headers)) => headers,
        // What is wrong with the headers, Python says when the request is awaited.
        Err(error) if !error.is_instance_of::<PyException>(py) => return Err(error),
        Ok(None) | Err(_) => return Ok(None),
    };
    let asked = Asked { method: method.clone(), url, headers };
    let options = options.bind(py).cast::<HttpOptions>()?;
    let session = Some(session.to_owned().into());
    HttpClient::begin(client, asked, RequestBody::Empty, options, session, None).map(Some)
}

/// Python says what a request with an empty body has in its head.
fn method_has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

impl HttpSession {
    /// The head of plain requests, made anew if the session's headers have changed. `None`: requests are not plain any
    /// more.
    fn template(&self, py: Python<'_>, client: &Bound<'_, HttpClient>) -> PyResult<Option<Rc<HeaderMap>>> {
        let Some((headers, head)) = self.plain.with(py, |plain| {
            let plain = plain.as_ref()?;
            Some((plain.headers.clone(), plain.head.clone()))
        }) else {
            return Ok(None);
        };
        let version = version_of(py, &headers)?;
        let known = self.plain.with(py, |plain| {
            let (made_of, template) = plain.as_ref()?.template.as_ref()?;
            (*made_of == version).then(|| Rc::clone(template.get(py)))
        });
        if known.is_some() {
            return Ok(known);
        }
        let fields = head.bind(py).call0()?.cast_into::<PyList>()?;
        let made = Rc::new(headers::of_python(&fields)?);
        // Dropped outside, also where requests are not plain any more.
        let mut kept = Some((version, Local::new(client.get().state(py).1.clone(), Rc::clone(&made))));
        self.plain.with(py, |plain| {
            if let Some(plain) = plain {
                std::mem::swap(&mut plain.template, &mut kept);
            }
        });
        drop(kept);
        Ok(Some(made))
    }
}

/// `multidict.getversion(headers)`: changes with each change of them.
fn version_of(py: Python<'_>, headers: &Owned) -> PyResult<u64> {
    static GET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let get = GET.import(py, "multidict", "getversion")?;
    let mut stack = [std::ptr::null_mut(), headers.as_ptr()];
    // SAFETY: both are live objects.
    unsafe { call(py, get.as_ptr(), &mut stack, None) }?.bind(py).extract()
}
