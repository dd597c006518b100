//! Connections that several requests use at a time.

use super::*;

#[test]
fn requests_share_a_connection() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    let one = permit(&world, &pool, 0).fill(world.network.connect_shared(2));
    let other = get(&world, &pool, 0);
    assert_eq!((one.id(), other.is_reused(), one.is_reused()), (other.id(), true, false));
    // No third request at a time, and no second connection.
    let mut third = pool.acquire(&key(0));
    assert!(world.poll(&mut third).is_pending());
    drop(one);
    assert!(matches!(world.poll(&mut third), Poll::Ready(Ok(Acquired::Lease(_)))));
    assert_eq!(pool.statistics(), standing(1, 0, 0));
    drop(other);
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 1, 0), 1));
    assert!(get(&world, &pool, 0).is_reused());
    world.advance(15);
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 0, 0), 0));
}

#[test]
fn those_in_line_are_served_together() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    let first = permit(&world, &pool, 0);
    let mut line: Vec<_> = (0..4).map(|_| pool.acquire(&key(0))).collect();
    assert!(line.iter_mut().all(|waiter| world.poll(waiter).is_pending()));
    let lease = first.fill(world.network.connect_shared(3));
    assert_eq!(pool.statistics(), standing(1, 0, 2));
    drop(line.remove(1)); // had a handle, which is the next one's now
    assert_eq!(pool.statistics(), standing(1, 0, 1));
    drop(lease);
    assert_eq!(pool.statistics(), standing(1, 0, 0));
    let leases: Vec<_> = line.iter_mut().map(|waiter| world.poll(waiter)).collect();
    assert!(leases.iter().all(|lease| matches!(lease, Poll::Ready(Ok(Acquired::Lease(_))))));
}

#[test]
fn who_waits_is_served_when_there_is_more_room() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    let lease = permit(&world, &pool, 0).fill(world.network.connect_shared(1));
    let mut line: Vec<_> = (0..3).map(|_| pool.acquire(&key(0))).collect();
    assert!(line.iter_mut().all(|waiter| world.poll(waiter).is_pending()));
    lease.server().allow(0);
    assert_eq!(pool.statistics(), standing(1, 0, 3));
    let before = world.wakes();
    lease.server().allow(3);
    assert_eq!((pool.statistics(), world.wakes() - before), (standing(1, 0, 1), 2));
    drop(line.remove(0)); // who never looks passes it on
    assert_eq!(pool.statistics(), standing(1, 0, 0));
    for waiter in &mut line {
        assert!(matches!(world.poll(waiter), Poll::Ready(Ok(Acquired::Lease(_)))));
    }
}

#[test]
fn who_connects_is_told_when_there_is_more_room() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = permit(&world, &pool, 0).fill(world.network.connect_shared(1));
    let mut second = permit(&world, &pool, 0);
    let mut third = pool.acquire(&key(0));
    assert!(world.with(|cx| second.poll_shared(cx)).is_pending() && world.poll(&mut third).is_pending());
    lease.server().allow(3);
    assert!(matches!(world.poll(&mut third), Poll::Ready(Ok(Acquired::Lease(_)))));
    let Poll::Ready(shared) = world.with(|cx| second.poll_shared(cx)) else { panic!("there is room") };
    drop(second);
    assert_eq!((shared.id(), pool.statistics()), (lease.id(), standing(1, 0, 0)));
}

#[test]
fn who_is_opening_another_is_told() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let (first, mut second) = (permit(&world, &pool, 0), permit(&world, &pool, 0));
    assert!(world.with(|cx| second.poll_shared(cx)).is_pending());
    let before = world.wakes();
    let lease = first.fill(world.network.connect_shared(9));
    assert_eq!(world.wakes() - before, 1);
    let Poll::Ready(shared) = world.with(|cx| second.poll_shared(cx)) else { panic!("there is one") };
    drop(second);
    assert_eq!((shared.id(), pool.statistics()), (lease.id(), standing(1, 0, 0)));
}

#[test]
fn what_could_be_shared_is_remembered_when_it_is_gone() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    drop(permit(&world, &pool, 0).fill(world.network.connect_shared(9)));
    world.advance(15);
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 0, 0), 0));

    let first = permit(&world, &pool, 0);
    let mut others: Vec<_> = (0..3).map(|_| pool.acquire(&key(0))).collect();
    assert!(others.iter_mut().all(|other| world.poll(other).is_pending()));
    // Another server is another matter.
    drop(permit(&world, &pool, 1));
    // And this one has changed its mind: one request at a time.
    drop(first.fill(world.network.connect()));
    let got: Vec<_> = others.iter_mut().map(|other| world.poll(other)).collect();
    assert!(got.iter().all(Poll::is_ready));
    drop(got);
    world.advance(15);
    let _permits = [permit(&world, &pool, 0), permit(&world, &pool, 0)];
}

#[test]
fn one_is_opened_where_one_will_do() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = permit(&world, &pool, 0).fill(world.network.connect_shared(1));
    let second = permit(&world, &pool, 0); // the first is full
    let mut others: Vec<_> = (0..3).map(|_| pool.acquire(&key(0))).collect();
    assert!(others.iter_mut().all(|other| world.poll(other).is_pending()));
    assert_eq!(pool.statistics(), standing(2, 0, 3)); // although there are slots
    let second = second.fill(world.network.connect_shared(3));
    let got: Vec<_> = others.iter_mut().map(|other| world.poll(other)).collect();
    assert!(matches!(got[..2], [Poll::Ready(Ok(Acquired::Lease(_))), Poll::Ready(Ok(Acquired::Lease(_)))]));
    assert!(matches!(got[2], Poll::Ready(Ok(Acquired::Permit(_)))));
    drop((got, lease, second));
    assert_eq!(pool.statistics(), standing(0, 2, 0));
}

#[test]
fn who_waits_for_another_takes_what_is_free_before() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = permit(&world, &pool, 0).fill(world.network.connect_shared(1));
    let second = permit(&world, &pool, 0); // and that takes its time
    let (mut third, mut fourth) = (pool.acquire(&key(0)), pool.acquire(&key(0)));
    assert!(world.poll(&mut third).is_pending() && world.poll(&mut fourth).is_pending());
    drop(lease);
    assert!(matches!(world.poll(&mut third), Poll::Ready(Ok(Acquired::Lease(_)))));
    assert!(matches!(world.poll(&mut fourth), Poll::Ready(Ok(Acquired::Lease(_)))));
    drop(second);
    assert_eq!(pool.statistics(), standing(0, 1, 0));
}

#[test]
fn a_failure_sets_all_free() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = permit(&world, &pool, 0).fill(world.network.connect_shared(1));
    let second = permit(&world, &pool, 0);
    let mut others: Vec<_> = (0..3).map(|_| pool.acquire(&key(0))).collect();
    assert!(others.iter_mut().all(|other| world.poll(other).is_pending()));
    drop(second);
    let got: Vec<_> = others.iter_mut().map(|other| world.poll(other)).collect();
    assert!(got.iter().all(|got| matches!(got, Poll::Ready(Ok(Acquired::Permit(_))))));
    drop(lease);
}

#[test]
fn one_that_goes_away_ends_with_its_last_request() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let one = permit(&world, &pool, 0).fill(world.network.connect_shared(9));
    let other = get(&world, &pool, 0);
    one.server().close();
    assert_ne!(get(&world, &pool, 0).id(), one.id());
    world.advance(15);
    drop(one);
    assert_eq!((pool.statistics(), world.network.open()), (standing(1, 0, 0), 1));
    drop(other);
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 0, 0), 0));
}
