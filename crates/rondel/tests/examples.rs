//! The examples, on the virtual clock: what they print, and how long that takes.

mod common;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use common::run_virtually;

/// The examples as modules, of which each has a `main` that is not called here.
macro_rules! examples {
    ($($name:ident = $path:literal;)*) => {$(
        #[allow(dead_code)] // their main
        #[path = $path]
        mod $name;
    )*};
}

examples! {
    breakfast = "../examples/breakfast.rs";
    cpu_offload = "../examples/cpu_offload.rs";
    gather = "../examples/gather.rs";
    producer_consumer = "../examples/producer_consumer.rs";
    semaphore = "../examples/semaphore.rs";
    timeout_cancel = "../examples/timeout_cancel.rs";
    workers = "../examples/workers.rs";
}

/// What an example says, line by line.
fn lines_of<F: Future<Output = ()>>(example: impl FnOnce(Rc<dyn Fn(String)>) -> F) -> String {
    let lines = Rc::new(RefCell::new(String::new()));
    let heard = Rc::clone(&lines);
    run_virtually(example(Rc::new(move |line| *heard.borrow_mut() += &(line + "\n"))));
    lines.take()
}

#[test]
fn breakfast() {
    let lines = lines_of(async |say| breakfast::breakfast(&*say).await);
    let expected = "\
One after another:
  eggs: on
  eggs: done
  toast: on
  toast: done
  tea: on
  tea: done
  ready after 6 s
Together:
  eggs: on
  toast: on
  tea: on
  toast: done
  tea: done
  eggs: done
  ready after 3 s
On the table: eggs, toast, tea
";
    assert_eq!(lines, expected);
}

#[test]
fn workers() {
    let expected = "\
All are at work.
  Ada: crate 1
  Ben: crate 1
  Cleo: crate 1
  Ada: crate 2
  Ben: crate 2
Ada carried 2.
  Ben: crate 3
Ben carried 3.
Cleo carried 1.
Dan gave up: nothing to carry.
";
    assert_eq!(lines_of(workers::workers), expected);
}

#[test]
fn gather() {
    let lines = lines_of(async |say| gather::parcels(&*say).await);
    let expected = "\
gather waits for all, and gives each result in its place:
  (the bell rings in Elm Street)
  (the bell rings in Oak Street)
  (the bell rings in Ash Street)
  Oak Street: after 3 h
  Elm Street: after 1 h
  Nowhere: there is no such street
  Ash Street: after 4 h
  over after 4 s
try_gather stops at the first error, and drops the rest:
  (the bell rings in Elm Street)
  stopped: there is no such street
  over after 2 s
";
    assert_eq!(lines, expected);
}

#[test]
fn timeout_cancel() {
    let expected = "\
Got on bus 10.
Walking: the bus timed out.
First at the stop: Some(10).
  all quiet
  all quiet
  all quiet
  (the lamp is put out)
The guard is gone: the task was cancelled.
";
    assert_eq!(lines_of(timeout_cancel::patience), expected);
}

#[test]
fn producer_consumer() {
    let expected = "\
The oven is on.
  rye 1 is on the shelf
  oat 1 is on the shelf
  rye 2 is on the shelf
  oat 2 is on the shelf
  Nell sold rye 1
  Omar sold oat 1
  rye 3 is on the shelf
The oven is off.
  Nell sold rye 2
  Omar sold oat 2
  Nell sold rye 3
Sold: 5.
";
    assert_eq!(lines_of(producer_consumer::bakery), expected);
}

#[test]
fn semaphore() {
    let lines = lines_of(async |say| semaphore::ferry(&*say).await);
    let expected = "\
0 s: Ann is aboard
0 s: Bo is aboard
1 s: Cy is aboard
1 s: Di is aboard
2 s: Ed is aboard
2 s: Flo is aboard
All across after 3 s, never more than 2 at once.
";
    assert_eq!(lines, expected);
}

#[test]
fn cpu_offload() {
    let lines = RefCell::new(Vec::new());
    let say = |line| lines.borrow_mut().push(line);
    // With threads, so on the real clock: how often the loop ticks is up to the machine.
    rondel::run(cpu_offload::offload(&[2000, 1000, 10], &say)).unwrap();
    let expected = ["303 primes below 2000", "168 primes below 1000", "4 primes below 10"];
    let (last, others) = lines.take().split_last().map(|(last, others)| (last.clone(), others.to_vec())).unwrap();
    assert_eq!(others, expected);
    let ticks: u32 = last.split(' ').nth(3).unwrap().parse().unwrap();
    assert!(ticks > 0);
}
