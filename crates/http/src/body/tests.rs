use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use proptest::prelude::*;

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counter {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn next(body: &mut RequestBody, waker: &Waker) -> Poll<Option<Result<Bytes, BodyError>>> {
    let frame = Pin::new(body).poll_frame(&mut Context::from_waker(waker));
    frame.map(|frame| frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())))
}

fn data(body: &mut RequestBody) -> Option<Bytes> {
    match next(body, Waker::noop()) {
        Poll::Ready(Some(Ok(data))) => Some(data),
        Poll::Ready(None) => None,
        other => panic!("{other:?}"),
    }
}

fn ready(sender: &BodySender, waker: &Waker) -> Poll<Result<(), Refused>> {
    sender.poll_ready(&mut Context::from_waker(waker))
}

#[test]
fn none_and_all() {
    let mut body = RequestBody::Empty;
    assert!(body.is_end_stream());
    assert_eq!((body.length(), data(&mut body)), (Some(0), None));
    let mut body = RequestBody::from(Bytes::from_static(b"whole"));
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(5));
    let mut again = body.try_clone().unwrap();
    assert_eq!(data(&mut body).unwrap(), "whole");
    assert_eq!(data(&mut body), None);
    assert_eq!(data(&mut again).unwrap(), "whole");
    assert!(matches!(RequestBody::from(Bytes::new()), RequestBody::Empty));
}

#[test]
fn pieces_in_order_and_an_end() {
    let (sender, mut body) = channel(100, None);
    assert!(body.try_clone().is_none());
    assert_eq!(body.length(), None);
    sender.try_send(Bytes::from_static(b"one")).unwrap();
    sender.try_send(Bytes::new()).unwrap();
    sender.try_send(Bytes::from_static(b"two")).unwrap();
    sender.finish();
    assert_eq!(sender.try_send(Bytes::from_static(b"three")), Err(Refused::Ended));
    assert_eq!(body.length(), Some(6));
    assert_eq!(data(&mut body).unwrap(), "one");
    assert!(!body.is_end_stream());
    assert_eq!(data(&mut body).unwrap(), "two");
    assert!(body.is_end_stream());
    assert_eq!(data(&mut body), None);
}

#[test]
fn the_producer_waits_for_room_and_the_consumer_for_pieces() {
    let (sender, mut body) = channel(4, None);
    let (producer, consumer) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
    let (waker, other_waker) = (Waker::from(Arc::clone(&producer)), Waker::from(Arc::clone(&consumer)));
    assert!(next(&mut body, &other_waker).is_pending());
    assert!(ready(&sender, &waker).is_ready());
    sender.try_send(Bytes::from_static(b"1234")).unwrap();
    assert_eq!(consumer.count(), 1);
    assert!(ready(&sender, &waker).is_pending());
    sender.try_send(Bytes::from_static(b"5")).unwrap();
    assert_eq!(data(&mut body).unwrap(), "1234");
    assert_eq!(producer.count(), 1);
    assert!(ready(&sender, &waker).is_ready());
}

#[test]
fn announced_lengths_are_kept() {
    let (sender, mut body) = channel(100, Some(5));
    sender.try_send(Bytes::from_static(b"123")).unwrap();
    assert_eq!(body.length(), Some(5));
    assert_eq!(sender.try_send(Bytes::from_static(b"456")), Err(Refused::TooLong(1)));
    assert_eq!(data(&mut body).unwrap(), "123");
    assert_eq!(body.length(), Some(2));
    sender.finish();
    assert!(matches!(next(&mut body, Waker::noop()), Poll::Ready(Some(Err(BodyError::Short(2))))));
}

#[test]
fn failures_come_before_what_was_put_in() {
    let (sender, mut body) = channel(100, None);
    sender.try_send(Bytes::from_static(b"half")).unwrap();
    sender.fail("the disk is gone");
    let Poll::Ready(Some(Err(error))) = next(&mut body, Waker::noop()) else { panic!("no failure") };
    assert_eq!(error.to_string(), "the disk is gone");
    let (sender, mut body) = channel(100, None);
    drop(sender);
    assert!(matches!(next(&mut body, Waker::noop()), Poll::Ready(Some(Err(BodyError::Abandoned)))));
}

#[test]
fn who_is_not_heard_is_told() {
    let (sender, body) = channel(1, None);
    let producer = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&producer));
    sender.try_send(Bytes::from_static(b"1")).unwrap();
    assert!(ready(&sender, &waker).is_pending());
    let watcher = Arc::new(Counter::default());
    let watching = Waker::from(Arc::clone(&watcher));
    assert!(sender.poll_gone(&mut Context::from_waker(&watching)).is_pending());
    assert!(sender.is_open());
    drop(body);
    assert_eq!((producer.count(), watcher.count()), (1, 1));
    assert!(sender.poll_gone(&mut Context::from_waker(&watching)).is_ready());
    assert!(!sender.is_open());
    assert_eq!(ready(&sender, &waker), Poll::Ready(Err(Refused::Gone)));
    assert_eq!(sender.try_send(Bytes::from_static(b"2")), Err(Refused::Gone));
}

proptest! {
    #[test]
    fn any_order_of_calls_keeps_bytes_and_bounds(
        window in 1..20_usize,
        pieces in prop::collection::vec((0..10_usize, any::<bool>()), 0..50),
    ) {
        let total: usize = pieces.iter().map(|(size, _)| size).sum();
        let (sender, mut body) = channel(window, Some(total as u64));
        let (mut sent, mut received) = (0, 0);
        for (size, receives) in pieces {
            while ready(&sender, Waker::noop()).is_pending() {
                prop_assert!(sent - received >= window);
                received += data(&mut body).map_or(0, |data| data.len());
            }
            prop_assert!(sent - received < window);
            sender.try_send(Bytes::from(vec![0; size])).unwrap();
            sent += size;
            prop_assert_eq!(body.length(), Some((total - received) as u64));
            if receives && sent > received {
                received += data(&mut body).map_or(0, |data| data.len());
            }
        }
        sender.finish();
        while let Some(data) = data(&mut body) {
            received += data.len();
        }
        prop_assert_eq!(received, total);
        prop_assert!(body.is_end_stream());
    }
}
