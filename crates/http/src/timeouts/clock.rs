//! The deadlines of one request, and its one timer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rondel_engine::Nanos;

use super::{Alarm, Deadline, Timeouts};
use crate::error::{Error, Phase};
use crate::runtime::Runtime;

/// What limits a request from its start to the end of its answer's body.
pub(crate) struct Clock<R: Runtime> {
    alarm: Alarm<R>,
    timeouts: Timeouts,
    total: Option<Deadline>,
    /// When the server will have been silent for too long.
    silence: Option<Deadline>,
}

impl<R: Runtime> Clock<R> {
    /// The request begins now.
    pub(crate) fn start(runtime: R, timeouts: &Timeouts) -> Self {
        let mut clock = Self { alarm: Alarm::new(runtime), timeouts: timeouts.clone(), total: None, silence: None };
        clock.total = clock.begin(Phase::Total);
        clock
    }

    pub(crate) fn runtime(&self) -> &R {
        self.alarm.runtime()
    }

    /// `future`, unless `phase`, which begins now, or all the time of the request is over before.
    pub(crate) async fn bound<F: Future>(&mut self, phase: Phase, future: F) -> Result<F::Output, Error> {
        let deadline = Deadline::nearer(self.total, self.begin(phase));
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.alarm.poll(cx, deadline).map(|passed| Err(passed.error())),
        })
        .await
    }

    /// Ready when all the time is over, or nothing has come from the server for too long: since the first call, or the
    /// first after [`heard`](Self::heard).
    pub(crate) fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if self.silence.is_none() {
            self.silence = self.begin(Phase::SockRead);
        }
        self.alarm.poll(cx, Deadline::nearer(self.total, self.silence)).map(|passed| passed.error())
    }

    /// The server has sent something.
    pub(crate) fn heard(&mut self) {
        self.silence = None;
    }

    /// Nothing more is waited for: the timer is given back.
    pub(crate) fn stop(&mut self) {
        self.alarm.stop();
        (self.total, self.silence) = (None, None);
        self.timeouts = Timeouts::none();
    }

    /// Whether all the time is over.
    pub(crate) fn overrun(&self) -> Option<Error> {
        self.total.filter(|total| total.at <= self.runtime().now()).map(|total| total.error())
    }

    /// Whether the request will not be over in `delay` from now.
    pub(crate) fn has(&self, delay: Duration) -> bool {
        self.total.is_none_or(|total| self.after(delay) < total.at)
    }

    /// Waits. Not bound by any deadline: [`has`](Self::has) says beforehand.
    pub(crate) async fn pause(&self, delay: Duration) {
        self.runtime().sleep_until(self.after(delay)).await;
    }

    fn after(&self, delay: Duration) -> Nanos {
        self.runtime().now().saturating_add(Nanos::try_from(delay.as_nanos()).unwrap_or(Nanos::MAX))
    }

    /// The deadline of a phase that begins now. The time is asked for only where there is a limit.
    fn begin(&self, phase: Phase) -> Option<Deadline> {
        self.timeouts.limit(phase)?;
        self.timeouts.deadline(phase, self.runtime().now())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::error::Kind;
    use crate::world::World;

    /// A clock with these limits, in milliseconds.
    fn clock(world: &World, total: u64, silence: u64) -> Clock<World> {
        let timeouts = Timeouts {
            total: Some(Duration::from_millis(total)),
            connect: Some(Duration::from_millis(100)),
            sock_read: Some(Duration::from_millis(silence)),
            ..Timeouts::none()
        };
        Clock::start(world.clone(), &timeouts)
    }

    fn silence(world: &World, clock: &mut Clock<World>) -> Option<Phase> {
        match world.with(|cx| clock.poll_silence(cx)) {
            Poll::Pending => None,
            Poll::Ready(error) => Some(phase(&error)),
        }
    }

    fn phase(error: &Error) -> Phase {
        match error.kind() {
            Kind::Timeout(phase, _) => *phase,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_nearest_limit_counts() {
        let world = World::default();
        let mut clock = clock(&world, 1000, 300);
        assert_eq!(silence(&world, &mut clock), None);
        world.pass(299);
        assert_eq!(silence(&world, &mut clock), None);
        world.pass(1);
        assert_eq!(silence(&world, &mut clock), Some(Phase::SockRead));
    }

    #[test]
    fn what_is_heard_ends_the_silence_but_not_the_request() {
        let world = World::default();
        let mut clock = clock(&world, 1000, 300);
        for _ in 0..3 {
            assert_eq!(silence(&world, &mut clock), None);
            world.pass(299);
            assert_eq!(silence(&world, &mut clock), None);
            clock.heard();
        }
        assert_eq!(silence(&world, &mut clock), None);
        assert!(clock.overrun().is_none());
        world.pass(103);
        assert_eq!(silence(&world, &mut clock), Some(Phase::Total));
        assert_eq!(clock.overrun().map(|error| phase(&error)), Some(Phase::Total));
    }

    #[test]
    fn silence_begins_when_somebody_listens() {
        let world = World::default();
        let mut clock = clock(&world, 1000, 300);
        world.pass(600);
        assert_eq!(silence(&world, &mut clock), None);
        world.pass(300);
        assert_eq!(silence(&world, &mut clock), Some(Phase::SockRead));
    }

    #[test]
    fn a_clock_that_stands_still() {
        let world = World::default();
        let mut clock = clock(&world, 1000, 300);
        assert_eq!(silence(&world, &mut clock), None);
        clock.stop();
        world.pass(5000);
        assert_eq!(silence(&world, &mut clock), None);
        assert!(clock.overrun().is_none());
    }

    #[test]
    fn futures_have_their_time() {
        let world = World::default();
        let mut clock = clock(&world, 1000, 300);
        let mut waiting = Box::pin(clock.bound(Phase::Connect, pending::<()>()));
        assert!(world.poll(&mut waiting).is_pending());
        world.pass(100);
        let Poll::Ready(Err(error)) = world.poll(&mut waiting) else { panic!("the time is over") };
        assert_eq!(phase(&error), Phase::Connect);
        drop(waiting);
        world.pass(5000);
        let done = world.poll(&mut Box::pin(clock.bound(Phase::Connect, ready(7))));
        assert!(matches!(done, Poll::Ready(Ok(7))), "what is there wins");
    }

    #[test]
    fn pauses_that_fit() {
        let world = World::default();
        let clock = clock(&world, 1000, 300);
        assert!(clock.has(Duration::from_millis(999)) && !clock.has(Duration::from_secs(1)));
        world.pass(500);
        assert!(clock.has(Duration::from_millis(499)) && !clock.has(Duration::from_millis(500)));
        assert!(Clock::start(world, &Timeouts::none()).has(Duration::MAX));
    }
}
