//! A server of HTTP/1.1 on threads of its own, which does to its clients what a test says, byte by byte.
#![allow(dead_code)] // each test takes what it needs

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Dropped, it waits until its clients are gone, and passes on the panics of its threads.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    stopping: AtomicBool,
}

/// What a client has sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its first line.
    pub line: String,
    /// Its other lines.
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

/// One connection of a client.
pub struct Peer {
    reader: BufReader<TcpStream>,
    shared: Arc<Shared>,
    /// How many came before.
    pub number: usize,
}

impl Server {
    /// Does `serve` with each connection, and closes it then.
    pub fn start(serve: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (serve, state) = (Arc::new(serve), Arc::clone(&shared));
        let accepting = thread::spawn(move || {
            let mut peers = Vec::new();
            for stream in listener.incoming() {
                if state.stopping.load(Ordering::SeqCst) {
                    break;
                }
                let number = state.connections.fetch_add(1, Ordering::SeqCst);
                let mut peer = Peer { reader: BufReader::new(stream.unwrap()), shared: Arc::clone(&state), number };
                let serve = Arc::clone(&serve);
                peers.push(thread::spawn(move || serve(&mut peer)));
            }
            peers
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// Answers each request of each connection with what `answer` gives for it.
    pub fn answering(answer: impl Fn(&Request) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |peer| {
            while let Some(request) = peer.request() {
                peer.send(&answer(&request));
            }
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that came, in the order in which it was read.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The first lines of all that came, without the version.
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.line.trim_end_matches(" HTTP/1.1").to_owned()).collect()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address)); // wakes who accepts
        let peers = self.accepting.take().and_then(|accepting| accepting.join().ok()).unwrap_or_default();
        for peer in peers {
            let ended = peer.join();
            assert!(thread::panicking() || ended.is_ok(), "a thread of the server has failed");
        }
    }
}

impl Request {
    /// The value of a header, whose name is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Peer {
    /// The next request, body included. None: the client has gone.
    pub fn request(&mut self) -> Option<Request> {
        let request = self.head().and_then(|head| self.body(head));
        if let Some(request) = &request {
            self.shared.requests.lock().unwrap().push(request.clone());
        }
        request
    }

    /// The next request up to its body, which is not noted.
    pub fn head(&mut self) -> Option<Request> {
        let line = self.line().filter(|line| !line.is_empty())?;
        let mut headers = Vec::new();
        loop {
            match self.line()? {
                end if end.is_empty() => return Some(Request { line, headers, body: Vec::new() }),
                header => headers.push(match header.split_once(':') {
                    Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
                    None => header,
                }),
            }
        }
    }

    /// The same request with its body.
    pub fn body(&mut self, mut request: Request) -> Option<Request> {
        if let Some(length) = request.header("content-length") {
            request.body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut request.body).ok()?;
        } else if request.header("transfer-encoding").is_some() {
            loop {
                let chunk = self.chunk()?;
                if chunk.is_empty() {
                    break;
                }
                request.body.extend(chunk);
            }
        }
        Some(request)
    }

    /// The next chunk of a body; the last one is empty. None: the client has gone.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(&self.line()?, 16).unwrap();
        let mut chunk = vec![0; size];
        self.reader.read_exact(&mut chunk).ok()?;
        self.line()?;
        Some(chunk)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
        Some(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// A client that has gone does not mind.
    pub fn send(&mut self, bytes: &(impl AsRef<[u8]> + ?Sized)) {
        let _ = self.reader.get_mut().write_all(bytes.as_ref());
    }

    /// Waits until the client has closed the connection.
    pub fn wait_for_close(&mut self) {
        let _ = io::copy(&mut self.reader, &mut io::sink());
    }

    /// All that comes until the client has closed the connection.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.reader.read_to_end(&mut rest);
        rest
    }

    /// The end of the connection will be an error for the client.
    pub fn reset(&mut self) {
        rustix::net::sockopt::set_socket_linger(self.reader.get_ref(), Some(Duration::ZERO)).unwrap();
    }
}

/// An answer of 200 with this body.
pub fn ok(body: &str) -> String {
    answer("200 OK", &[], body)
}

/// Any answer with a body of known length.
pub fn answer(status: &str, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
