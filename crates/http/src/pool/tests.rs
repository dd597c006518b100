//! The pool on a clock that stands still until it is told to go on, with connections that do as they are told.

mod fake;
mod schedule;
mod shared;

use std::ops::Deref;
use std::task::Poll;

use self::fake::{Fake, Network, key};
use super::{Acquired, Lease, Permit, Pool, PoolSettings, Statistics};
use crate::error::Kind;
use crate::world::World;

type Leased = Lease<World, Fake>;

/// Where the pool is.
#[derive(Default)]
struct Scene {
    world: World,
    network: Network,
}

impl Scene {
    fn runtime(&self) -> World {
        self.world.clone()
    }
}

impl Deref for Scene {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

fn pool(world: &Scene, limit: usize, limit_per_host: usize) -> Pool<World, Fake> {
    Pool::new(world.runtime(), PoolSettings { limit, limit_per_host, ..PoolSettings::default() })
}

/// A connection to `host`, new or old, without waiting.
fn get(world: &Scene, pool: &Pool<World, Fake>, host: usize) -> Leased {
    match world.poll(&mut pool.acquire(&key(host))) {
        Poll::Ready(Ok(Acquired::Lease(lease))) => lease,
        Poll::Ready(Ok(Acquired::Permit(permit))) => permit.fill(world.network.connect()),
        other => panic!("not at once: {other:?}"),
    }
}

fn permit(world: &Scene, pool: &Pool<World, Fake>, host: usize) -> Permit<World, Fake> {
    match world.poll(&mut pool.acquire(&key(host))) {
        Poll::Ready(Ok(Acquired::Permit(permit))) => permit,
        other => panic!("no permit: {other:?}"),
    }
}

fn standing(in_use: usize, idle: usize, waiting: usize) -> Statistics {
    Statistics { in_use, idle, waiting }
}

#[test]
fn a_connection_is_used_again() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    assert!(!lease.is_reused());
    let id = lease.id();
    drop(lease);
    assert_eq!(pool.statistics(), standing(0, 1, 0));
    let again = get(&world, &pool, 0);
    assert!(again.is_reused());
    assert_eq!(again.id(), id);
    assert_ne!(get(&world, &pool, 1).id(), id);
}

#[test]
fn the_last_one_used_is_the_first() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let (one, other) = (get(&world, &pool, 0), get(&world, &pool, 0));
    let id = one.id();
    drop(other);
    drop(one);
    assert_eq!(get(&world, &pool, 0).id(), id);
}

#[test]
fn one_that_cannot_go_on_is_closed() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    lease.begin();
    drop(lease);
    get(&world, &pool, 0).close();
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 0, 0), 0));
}

#[test]
fn idle_ones_end_with_their_time() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let (one, other) = (get(&world, &pool, 0), get(&world, &pool, 1));
    drop(one);
    world.advance(10);
    drop(other);
    world.advance(4);
    assert_eq!((pool.statistics().idle, world.network.open(), world.tasks()), (2, 2, 1));
    world.advance(1);
    assert_eq!((pool.statistics().idle, world.network.open()), (1, 1));
    world.advance(10);
    assert_eq!((pool.statistics().idle, world.network.open(), world.tasks()), (0, 0, 0));
    drop(get(&world, &pool, 0));
    assert_eq!((world.network.open(), world.tasks()), (1, 1));
}

#[test]
fn a_late_reaper_does_no_harm() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    let id = lease.id();
    drop(lease);
    world.sleep_through(16);
    assert_ne!(get(&world, &pool, 0).id(), id);
}

#[test]
fn one_that_the_server_closes_is_closed() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    let server = lease.server();
    drop(lease);
    server.close();
    world.run();
    assert_eq!((pool.statistics().idle, world.network.open()), (0, 0));
}

#[test]
fn one_that_the_server_has_just_closed_is_not_given_out() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    let server = lease.server();
    drop(lease);
    server.close();
    assert!(!get(&world, &pool, 0).is_reused());
}

#[test]
fn one_that_is_closed_while_used_is_not_kept() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    lease.server().close();
    drop(lease);
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 0, 0), 0));
}

#[test]
fn the_rest_of_a_request_goes_on_in_the_background() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    let lease = get(&world, &pool, 0);
    let server = lease.server();
    lease.begin();
    lease.finish();
    assert_eq!((pool.statistics(), world.tasks()), (standing(1, 0, 0), 1));
    server.take_rest();
    world.run();
    assert_eq!(pool.statistics(), standing(0, 1, 0));

    let lease = get(&world, &pool, 0);
    lease.begin();
    lease.finish();
    world.advance(10);
    assert_eq!((pool.statistics(), world.network.open()), (standing(0, 0, 0), 0));
}

#[test]
fn those_who_wait_are_served_in_order() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    let lease = get(&world, &pool, 0);
    let id = lease.id();
    let (mut first, mut second) = (pool.acquire(&key(0)), pool.acquire(&key(1)));
    assert!(world.poll(&mut first).is_pending() && world.poll(&mut second).is_pending());
    assert_eq!(pool.statistics(), standing(1, 0, 2));
    drop(lease);
    // The connection has gone from hand to hand, the slot with it.
    assert_eq!(pool.statistics(), standing(1, 0, 1));
    assert!(world.poll(&mut second).is_pending());
    let Poll::Ready(Ok(Acquired::Lease(lease))) = world.poll(&mut first) else { panic!("it was handed over") };
    assert_eq!(lease.id(), id);
    drop(lease);
    // The other server needs a connection of its own.
    assert_eq!(pool.statistics(), standing(1, 1, 0));
    assert!(matches!(world.poll(&mut second), Poll::Ready(Ok(Acquired::Permit(_)))));
    assert_eq!(pool.statistics(), standing(0, 1, 0));
}

#[test]
fn who_goes_passes_on_what_he_was_given() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    for connect in [true, false] {
        let holder = permit(&world, &pool, 7);
        let mut line: Vec<_> = (0..3).map(|_| pool.acquire(&key(7))).collect();
        assert!(line.iter_mut().all(|waiter| world.poll(waiter).is_pending()));
        if connect {
            drop(holder.fill(world.network.connect()));
        } else {
            drop(holder);
        }
        drop(line.remove(0)); // has it, and never looks
        let _ = line.pop(); // still in line
        assert_eq!(pool.statistics().waiting, 0);
        let got = world.poll(&mut line[0]);
        assert_eq!(matches!(got, Poll::Ready(Ok(Acquired::Lease(_)))), connect);
        drop(got);
        assert_eq!(pool.statistics(), standing(0, usize::from(connect), 0));
        world.advance(15);
    }
}

#[test]
fn a_detached_connection_counts_until_its_place_is_free() {
    let world = Scene::default();
    let pool = pool(&world, 1, 0);
    let (connection, place) = get(&world, &pool, 0).detach();
    let mut next = pool.acquire(&key(0));
    assert!(world.poll(&mut next).is_pending());
    drop(connection);
    assert!(world.poll(&mut next).is_pending());
    drop(place);
    assert!(matches!(world.poll(&mut next), Poll::Ready(Ok(Acquired::Permit(_)))));
}

#[test]
fn force_close_keeps_nothing() {
    let world = Scene::default();
    let pool: Pool<World, Fake> =
        Pool::new(world.runtime(), PoolSettings { force_close: true, ..PoolSettings::default() });
    drop(get(&world, &pool, 0));
    assert_eq!((pool.statistics(), world.network.open(), world.tasks()), (standing(0, 0, 0), 0, 0));
}

#[test]
fn closing_ends_everything() {
    let world = Scene::default();
    let pool = pool(&world, 2, 0);
    drop(get(&world, &pool, 0));
    let (lease, mut permit) = (get(&world, &pool, 1), permit(&world, &pool, 1));
    let mut waiter = pool.acquire(&key(0));
    assert!(world.poll(&mut waiter).is_pending());
    assert!(world.with(|cx| lease.poll_closed(cx)).is_pending());
    assert!(world.with(|cx| permit.poll_shared(cx)).is_pending());
    world.run();
    let before = world.wakes();
    pool.close();
    assert_eq!(world.wakes() - before, 3 + 1); // and the reaper
    assert_eq!(world.network.open(), 1);
    assert!(world.with(|cx| lease.poll_closed(cx)).is_ready() && permit.is_void());
    for acquire in [&mut waiter, &mut pool.acquire(&key(0))] {
        let Poll::Ready(Err(error)) = world.poll(acquire) else { panic!("the pool is closed") };
        assert_eq!(error.kind(), &Kind::Closed);
    }
    drop((lease, permit.fill(world.network.connect())));
    world.run();
    assert_eq!((world.network.open(), world.tasks()), (0, 0));
}

#[test]
fn a_dropped_pool_leaves_nothing() {
    let world = Scene::default();
    let pool = pool(&world, 0, 0);
    let lease = get(&world, &pool, 0);
    drop(get(&world, &pool, 0));
    drop(pool);
    drop(lease);
    assert_eq!(world.network.open(), 0);
    world.run();
    assert_eq!(world.tasks(), 0);
}
