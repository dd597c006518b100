use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::{Dns, DnsCache, Looking, Resolve};
use crate::connect::{Notice, Observer};
use crate::error::{Error, Kind, Origin};
use crate::runtime::Family;
use crate::world::World;

type Found = Result<Vec<SocketAddr>, io::ErrorKind>;

/// Answers when it is told to.
#[derive(Clone, Default)]
struct Resolver {
    asked: Rc<Cell<usize>>,
    answer: Rc<RefCell<Option<Found>>>,
}

impl Resolve for Resolver {
    fn lookup(&self, _: &str, _: u16, _: Family) -> Looking {
        self.asked.set(self.asked.get() + 1);
        let answer = Rc::clone(&self.answer);
        Box::pin(poll_fn(move |_| match &*answer.borrow() {
            Some(answer) => Poll::Ready(answer.clone().map_err(io::Error::from)),
            None => Poll::Pending,
        }))
    }
}

struct Scene {
    world: World,
    resolver: Resolver,
    dns: Dns<World>,
    origin: Origin,
}

impl Scene {
    fn new(cache: DnsCache, family: Family) -> Self {
        let (world, resolver) = (World::default(), Resolver::default());
        let dns = Dns::new(world.clone(), Some(Rc::new(resolver.clone())), family, cache, 9);
        Self { world, resolver, dns, origin: Origin { host: "a".to_owned(), port: 80, tls: false } }
    }

    fn ask(&self) -> impl Future<Output = Result<Vec<SocketAddr>, Error>> + Unpin {
        Box::pin(self.dns.lookup("a", 80, &self.origin, None))
    }

    fn answer(&self, answer: Found) {
        self.resolver.answer.replace(Some(answer));
        self.world.run();
    }

    /// What is known, or found at once.
    fn known(&self, host: &str) -> Result<Vec<SocketAddr>, Kind> {
        let mut asking = Box::pin(self.dns.lookup(host, 80, &self.origin, None));
        let mut polled = self.world.poll(&mut asking);
        if polled.is_pending() {
            self.world.run();
            polled = self.world.poll(&mut asking);
        }
        let Poll::Ready(found) = polled else { panic!("not known") };
        found.map_err(|error| error.kind().clone())
    }
}

fn addresses(count: u8) -> Vec<SocketAddr> {
    (1..=count).map(|last| SocketAddr::from(([10, 0, 0, last], 80))).collect()
}

#[test]
fn all_who_ask_at_a_time_are_answered_together() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    let (mut one, mut two, mut three) = (scene.ask(), scene.ask(), scene.ask());
    assert!(scene.world.poll(&mut one).is_pending() && scene.world.poll(&mut two).is_pending());
    assert!(scene.world.poll(&mut three).is_pending());
    assert_eq!(scene.resolver.asked.get(), 1);
    drop(one); // who asked first goes away, and the others wait on
    scene.answer(Ok(addresses(1)));
    for asking in [&mut two, &mut three] {
        let Poll::Ready(Ok(found)) = scene.world.poll(asking) else { panic!("it was found") };
        assert_eq!(found, addresses(1));
    }
    assert_eq!((scene.resolver.asked.get(), scene.world.tasks()), (1, 0));
}

#[test]
fn who_goes_away_leaves_nothing_behind() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    for _ in 0..3 {
        let mut asking = scene.ask();
        assert!(scene.world.poll(&mut asking).is_pending() && scene.world.poll(&mut asking).is_pending());
        let waiting: Vec<usize> =
            scene.dns.0.asking.borrow().values().map(|asking| asking.wakers.borrow().len()).collect();
        assert_eq!(waiting, [1]);
    }
}

#[test]
fn an_answer_is_remembered_even_if_nobody_waited_for_it() {
    let scene = Scene::new(DnsCache::For(Duration::from_secs(10)), Family::Any);
    let mut asking = scene.ask();
    assert!(scene.world.poll(&mut asking).is_pending());
    drop(asking);
    scene.answer(Ok(addresses(2)));
    let [one, two] = addresses(2)[..] else { panic!("two") };
    assert_eq!(scene.known("a"), Ok(vec![one, two]));
    assert_eq!(scene.known("a"), Ok(vec![two, one]));
    scene.world.advance(10);
    assert_eq!(scene.known("a"), Ok(vec![one, two]));
    assert_eq!(scene.resolver.asked.get(), 1);
    scene.world.advance(1);
    assert_eq!(scene.known("a"), Ok(vec![one, two]));
    assert_eq!(scene.resolver.asked.get(), 2);
    scene.dns.clear(Some(("a", 80)));
    assert!(scene.known("a").is_ok());
    assert_eq!(scene.resolver.asked.get(), 3);
}

#[test]
fn without_cache_each_asks_for_itself() {
    let scene = Scene::new(DnsCache::Off, Family::Any);
    let (mut one, mut two) = (scene.ask(), scene.ask());
    assert!(scene.world.poll(&mut one).is_pending() && scene.world.poll(&mut two).is_pending());
    assert_eq!((scene.resolver.asked.get(), scene.world.tasks()), (2, 0));
    scene.answer(Ok(addresses(1)));
    assert!(scene.world.poll(&mut one).is_ready() && scene.world.poll(&mut two).is_ready());
}

#[test]
fn failures_are_told_to_all_and_not_remembered() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    let (mut one, mut two) = (scene.ask(), scene.ask());
    assert!(scene.world.poll(&mut one).is_pending() && scene.world.poll(&mut two).is_pending());
    scene.answer(Err(io::ErrorKind::NotFound));
    for asking in [&mut one, &mut two] {
        let Poll::Ready(Err(error)) = scene.world.poll(asking) else { panic!("nothing was found") };
        assert_eq!((error.kind(), error.origin()), (&Kind::Lookup, Some(&scene.origin)));
        assert_eq!(error.io().map(io::Error::kind), Some(io::ErrorKind::NotFound));
    }
    scene.answer(Ok(addresses(1)));
    assert_eq!(scene.known("a"), Ok(addresses(1)));
}

#[test]
fn the_end_of_the_loop_is_no_hang() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    let mut asking = scene.ask();
    assert!(scene.world.poll(&mut asking).is_pending());
    scene.world.end();
    let Poll::Ready(Err(error)) = scene.world.poll(&mut asking) else { panic!("nobody looks any more") };
    assert_eq!(error.kind(), &Kind::Closed);
}

#[test]
fn each_who_asks_begins_with_another_address() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    let (mut one, mut two) = (scene.ask(), scene.ask());
    assert!(scene.world.poll(&mut one).is_pending() && scene.world.poll(&mut two).is_pending());
    scene.answer(Ok(addresses(2)));
    let mut firsts = Vec::new();
    for asking in [&mut one, &mut two] {
        let Poll::Ready(Ok(found)) = scene.world.poll(asking) else { panic!("it was found") };
        firsts.push(found[0]);
    }
    assert_eq!(firsts, addresses(2));
}

#[test]
fn a_closed_client_asks_no_more() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    let mut asking = scene.ask();
    assert!(scene.world.poll(&mut asking).is_pending());
    scene.world.run();
    scene.dns.close();
    scene.world.run();
    assert_eq!(scene.world.tasks(), 0);
    let Poll::Ready(Err(error)) = scene.world.poll(&mut asking) else { panic!("nobody looks any more") };
    assert_eq!(error.kind(), &Kind::Closed);
}

#[test]
fn addresses_need_no_resolver() {
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    assert_eq!(scene.known("10.0.0.1"), Ok(addresses(1)));
    assert_eq!(scene.known("::1"), Ok(vec!["[::1]:80".parse().unwrap()]));
    for numbers in ["127.1", "2130706433", "010.0.0.1", "1.2.3.4.5", "300.1.1.1"] {
        assert_eq!(scene.known(numbers), Err(Kind::InvalidUrl(numbers.to_owned())));
    }
    assert_eq!(scene.resolver.asked.get(), 0);
}

#[test]
fn one_family_alone() {
    let scene = Scene::new(DnsCache::Forever, Family::V6);
    assert_eq!(scene.known("10.0.0.1"), Err(Kind::Lookup));
    scene.answer(Ok(addresses(1)));
    assert_eq!(scene.known("a"), Err(Kind::Lookup));
    let six: SocketAddr = "[::1]:80".parse().unwrap();
    scene.answer(Ok([addresses(1), vec![six]].concat()));
    assert_eq!(scene.known("a"), Ok(vec![six]));
}

#[test]
fn observers_hear_of_it() {
    struct Names(RefCell<Vec<&'static str>>);
    impl Observer for Names {
        fn notice(&self, notice: Notice<'_>) {
            assert_eq!(notice.host(), Some("a"));
            self.0.borrow_mut().push(notice.name());
        }
    }
    let scene = Scene::new(DnsCache::Forever, Family::Any);
    let names = Names(RefCell::default());
    let ask = || Box::pin(scene.dns.lookup("a", 80, &scene.origin, Some(&names)));
    let (mut one, mut two) = (ask(), ask());
    assert!(scene.world.poll(&mut one).is_pending() && scene.world.poll(&mut two).is_pending());
    scene.answer(Ok(addresses(1)));
    assert!(scene.world.poll(&mut one).is_ready() && scene.world.poll(&mut two).is_ready());
    assert!(scene.world.poll(&mut ask()).is_ready());
    assert_eq!(names.0.take(), ["dns_miss", "dns_start", "dns_hit", "dns_end", "dns_hit"]);
}
