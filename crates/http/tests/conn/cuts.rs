//! An answer is the same however the network cuts it.

use std::task::Poll;

use proptest::prelude::*;

use crate::bench::{Bench, poll};
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
}
