//! How what is woken is polled.

use std::rc::Rc;
use std::task::{Context, Waker};

use pyo3::prelude::*;
use rondel_http::Background;

use super::chore::Duty;
use super::inside::Inside;
use super::places::{Holds, Job};
use super::runtime::Loop;
use crate::event_loop::{self, Ready, closed};
use crate::raw::Owned;

/// What a place is to do.
enum Next {
    Nothing,
    Later,
    Poll(Rc<dyn Job>, Waker),
    Tell(Owned),
    Run(Background, Waker),
}

impl Loop {
    /// Runs `body`, in which the client may be polled, or parts of it dropped, and then what was woken by that.
    pub fn enter<R>(&self, py: Python<'_>, body: impl FnOnce() -> R) -> R {
        let result = self.inside(body);
        if self.shared().depth.get() == 0 {
            self.settle(py);
        }
        result
    }

    fn inside<R>(&self, body: impl FnOnce() -> R) -> R {
        let _inside = Inside::new(self.shared());
        body()
    }

    /// Polls what was woken, until nothing is: each place once, and again in the next turn if it was woken again. So a
    /// connection that goes on and on gives way to the others.
    fn settle(&self, py: Python<'_>) {
        let shared = self.shared();
        let settling = shared.settlings.get() + 1;
        shared.settlings.set(settling);
        let here = self.is_here(py);
        loop {
            let discarded = self.take_discarded();
            if !discarded.is_empty() {
                self.inside(|| drop(discarded));
                continue;
            }
            let Some(number) = shared.woken.borrow_mut().pop_front() else { return };
            if here {
                self.wake(py, number, settling);
            } else {
                self.queue(py, number);
            }
        }
    }

    /// A place is polled in the next turn.
    fn queue(&self, py: Python<'_>, number: u32) {
        if let Some(place) = self.shared().places.borrow_mut().get(number)
            && std::mem::replace(&mut place.queued, true)
        {
            return;
        }
        self.with_state(py, |state| {
            state.driver.push(Ready::Http(Duty::Woken(number).into()));
            // The loop may be waiting, where another thread has it closed or its connections dropped.
            state.driver.remote().wake_if_asleep();
        });
    }

    /// The turn has come for which a place was queued.
    pub fn turn_of(&self, py: Python<'_>, number: u32) {
        if let Some(place) = self.shared().places.borrow_mut().get(number) {
            place.queued = false;
        }
        self.enter(py, || self.shared().woken.borrow_mut().push_back(number));
    }

    /// What a place that was woken is to do, in this settling.
    fn next(&self, number: u32, settling: u64) -> Next {
        let mut places = self.shared().places.borrow_mut();
        let Some(place) = places.get(number) else { return Next::Nothing };
        if place.polling {
            place.again = true;
            return Next::Nothing;
        }
        let waker = place.waker.clone();
        match &mut place.holds {
            Holds::Nothing | Holds::Job { done: true, .. } => Next::Nothing,
            _ if place.settled == settling => Next::Later,
            Holds::Job { job, future, .. } if !job.is_eager() => {
                let told = future.take().map(Next::Tell);
                // If there is none, the task is on its way to wait: it looks once more before.
                place.again |= told.is_none();
                told.unwrap_or(Next::Nothing)
            }
            Holds::Job { job, .. } => {
                (place.settled, place.polling) = (settling, true);
                Next::Poll(Rc::clone(job), waker)
            }
            Holds::Task(task) => match task.take() {
                Some(task) => {
                    (place.settled, place.polling) = (settling, true);
                    Next::Run(task, waker)
                }
                None => Next::Nothing,
            },
        }
    }

    fn wake(&self, py: Python<'_>, number: u32, settling: u64) {
        match self.next(number, settling) {
            Next::Nothing => {}
            Next::Later => self.queue(py, number),
            Next::Tell(future) => tell(py, Some(future)),
            Next::Poll(job, waker) => {
                let polled = self.inside(|| job.poll(py, &mut Context::from_waker(&waker)));
                let future = self.polled(py, number, Some(&job).filter(|_| polled.is_ready()));
                self.inside(|| drop(job));
                tell(py, future);
            }
            Next::Run(mut task, waker) => {
                let polled = self.inside(|| task.as_mut().poll(&mut Context::from_waker(&waker)));
                if polled.is_pending() && !self.is_closed() {
                    self.put_back(number, task);
                    self.polled(py, number, None);
                    return;
                }
                self.polled(py, number, None);
                let held = self.shared().places.borrow_mut().remove(number);
                self.inside(|| drop((task, held)));
            }
        }
    }

    fn put_back(&self, number: u32, task: Background) {
        if let Some(place) = self.shared().places.borrow_mut().get(number) {
            place.holds = Holds::Task(Some(task));
        }
    }

    /// The poll of a place is over. Gives the future of who waits for the job that is done by it. (The place may be
    /// another job's by now, where the poll has run code that closed its own request.)
    fn polled(&self, py: Python<'_>, number: u32, finished: Option<&Rc<dyn Job>>) -> Option<Owned> {
        let mut waiting = None;
        let again = {
            let mut places = self.shared().places.borrow_mut();
            let place = places.get(number)?;
            place.polling = false;
            if let Holds::Job { job, future, done } = &mut place.holds
                && finished.is_some_and(|finished| Rc::ptr_eq(finished, job))
            {
                *done = true;
                waiting = future.take();
            }
            std::mem::take(&mut place.again)
        };
        if again {
            self.queue(py, number);
        }
        waiting
    }

    /// Begins a background task, as soon as what is polled now is over.
    pub fn start(&self, py: Python<'_>, task: Background) {
        if self.is_closed() {
            return;
        }
        let number = self.add(Holds::Task(Some(task)));
        if self.shared().depth.get() > 0 {
            self.shared().woken.borrow_mut().push_back(number);
        } else {
            self.queue(py, number);
        }
    }

    fn add(&self, holds: Holds) -> u32 {
        let shared = self.shared();
        shared.places.borrow_mut().add(shared.id, &shared.remote, holds)
    }

    /// Gives a job a place, and its number.
    pub fn add_job(&self, job: Rc<dyn Job>) -> u32 {
        self.add(Holds::Job { job, future: None, done: false })
    }

    /// Polls a job from the task that waits for it. Whether it is done.
    pub fn poll_job(&self, py: Python<'_>, number: u32) -> bool {
        let (job, waker) = {
            let mut places = self.shared().places.borrow_mut();
            let Some(place) = places.get(number) else { return false };
            let Holds::Job { job, done, .. } = &place.holds else { return false };
            if *done {
                return true;
            }
            if place.polling {
                place.again = true;
                return false;
            }
            let found = (Rc::clone(job), place.waker.clone());
            place.polling = true;
            found
        };
        self.enter(py, || {
            let done = job.poll(py, &mut Context::from_waker(&waker)).is_ready();
            // A future that stands there is of an earlier wait, which is over.
            let future = self.polled(py, number, Some(&job).filter(|_| done));
            drop((job, future));
            done
        })
    }

    /// The task waits for `future` now, until the job is done. False: it was woken meanwhile, and has to look again.
    pub fn park(&self, number: u32, future: Owned) -> bool {
        let mut stale = Some(future);
        let mut parked = false;
        if let Some(place) = self.shared().places.borrow_mut().get(number)
            && !std::mem::take(&mut place.again)
        {
            if let Holds::Job { future, .. } = &mut place.holds {
                std::mem::swap(future, &mut stale);
            }
            parked = true;
        }
        drop(stale);
        parked
    }

    /// Whether a job is done already: it may have got so far while the task's poll was settled.
    pub fn is_done(&self, number: u32) -> bool {
        let mut places = self.shared().places.borrow_mut();
        places.get(number).is_some_and(|place| matches!(place.holds, Holds::Job { done: true, .. }))
    }

    /// Takes a job's place back.
    pub fn remove_job(&self, py: Python<'_>, number: u32) {
        let held = self.shared().places.borrow_mut().remove(number);
        if let Holds::Job { job, future, .. } = held {
            self.discard(py, job);
            drop(future);
        }
    }

    /// An asyncio future of the loop.
    ///
    /// Errors: `RuntimeError` if the loop is closed or does not run here.
    pub fn new_future(&self, py: Python<'_>) -> PyResult<Owned> {
        let known = self.with_state(py, |state| state.future_arguments.clone()).ok_or_else(closed)?;
        event_loop::new_future(py, known.as_ref())
    }
}

/// Wakes a task.
fn tell(py: Python<'_>, future: Option<Owned>) {
    if let Some(future) = future
        && let Err(error) = crate::sock::wake(py, &future)
    {
        // A future of the program's own making may raise what it likes; here is nobody to take it.
        error.write_unraisable(py, Some(future.bind(py)));
    }
}
