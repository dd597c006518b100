//! An answer is the same however the network cuts it, and whatever comes has an end.

use std::task::Poll;

use proptest::prelude::*;
use rondel_http::Kind;

use crate::bench::{Bench, now, poll};
use crate::http1::{get, open, read};

/// Answers, and the bodies that they have.
const ANSWERS: [(&str, &str); 4] = [
    ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello"),
    ("HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\na: b\r\n\r\n", "hello"),
    ("HTTP/1.1 204 None\r\nfolded: a\r\n b\r\n\r\n", ""),
];

proptest! {
    #[test]
    fn pieces_make_the_whole(
        which in proptest::collection::vec(0..ANSWERS.len(), 1..4),
        sizes in proptest::collection::vec(1_usize..20, 1..8),
    ) {
        let bench = Bench::default();
        let (mut http, server) = open(&bench);
        let mut sizes = sizes.iter().copied().cycle();
        for which in which {
            let (answer, expected) = ANSWERS[which];
            prop_assert!(http.is_idle());
            http.send(get(), false);
            prop_assert!(poll(|cx| http.poll_head(cx)).is_pending());
            let mut rest = answer.as_bytes();
            let mut body = None;
            let mut data = Vec::new();
            let mut ended = false;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                rest = after;
                server.send(piece);
                if body.is_none()
                    && let Poll::Ready(head) = poll(|cx| http.poll_head(cx))
                {
                    body = Some(head.unwrap().into_body());
                }
                if let Some(body) = &mut body && !ended {
                    let (more, end) = read(&mut http, body).unwrap();
                    data.extend(more);
                    ended = end;
                }
            }
            prop_assert!(ended);
            prop_assert_eq!(data, expected.as_bytes());
        }
        prop_assert!(http.is_idle());
    }

    #[test]
    fn whatever_comes_has_an_end(pieces in proptest::collection::vec(fragment(), 0..30)) {
        let bench = Bench::default();
        let (mut http, server) = open(&bench);
        http.send(get(), false);
        prop_assert!(poll(|cx| http.poll_head(cx)).is_pending());
        let mut body = None;
        for piece in pieces {
            server.send(piece);
            if body.is_none() {
                match poll(|cx| http.poll_head(cx)) {
                    Poll::Pending => continue,
                    Poll::Ready(Ok(head)) => body = Some(head.into_body()),
                    Poll::Ready(Err(unanswered)) => {
                        prop_assert!(matches!(unanswered.error.kind(), Kind::Malformed(_)), "{}", unanswered.error);
                        prop_assert!(http.is_closed() && server.is_left());
                        return Ok(());
                    }
                }
            }
            if let Some(body) = &mut body && read(&mut http, body).is_err() {
                prop_assert!(http.is_closed() && server.is_left());
                return Ok(());
            }
        }
        server.end();
        let ended = match &mut body {
            Some(body) => read(&mut http, body).map_or(true, |(_, ended)| ended),
            None => now(|cx| http.poll_head(cx)).is_err(),
        };
        prop_assert!(ended);
        let _ = poll(|cx| http.poll_ready(cx));
        prop_assert!(!http.is_idle() && http.into_upgrade().is_none_or(|_| !server.is_left()));
    }
}

/// What a bad server may send: parts of answers, in any order, and noise.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    const PARTS: [&str; 16] = [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404 No\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 204 None\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "A: b\r\n",
        " folded\r\n",
        "\r\n",
        "5\r\n",
        "hello",
        "0\r\n",
        "\r",
    ];
    prop_oneof![
        9 => (0..PARTS.len()).prop_map(|part| PARTS[part].as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..10),
    ]
}
