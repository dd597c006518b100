//! Addresses that were found, for as long as they count. No I/O.

use std::collections::HashMap;
use std::net::SocketAddr;

use rondel_engine::Nanos;

/// A name, and the port that goes into the addresses.
pub(super) type Name = (String, u16);

/// The addresses of names. When there are too many names, the one goes that was used least recently.
#[derive(Debug)]
pub(super) struct Cache {
    /// How long addresses count; none: for ever.
    ttl: Option<Nanos>,
    capacity: usize,
    found: HashMap<Name, Found>,
    uses: u64,
}

#[derive(Debug)]
struct Found {
    addresses: Vec<SocketAddr>,
    at: Nanos,
    used: u64,
}

impl Cache {
    pub(super) fn new(ttl: Option<Nanos>, capacity: usize) -> Self {
        Self { ttl, capacity, found: HashMap::new(), uses: 0 }
    }

    /// The addresses of `name`, if they still count: each time another one comes first.
    pub(super) fn get(&mut self, name: &Name, now: Nanos) -> Option<Vec<SocketAddr>> {
        let ttl = self.ttl;
        self.uses += 1;
        let found = self.found.get_mut(name)?;
        if ttl.is_some_and(|ttl| found.at.saturating_add(ttl) < now) {
            self.found.remove(name);
            return None;
        }
        found.used = self.uses;
        let addresses = found.addresses.clone();
        if !found.addresses.is_empty() {
            found.addresses.rotate_left(1);
        }
        Some(addresses)
    }

    pub(super) fn insert(&mut self, name: Name, addresses: Vec<SocketAddr>, now: Nanos) {
        if self.capacity == 0 {
            return;
        }
        self.uses += 1;
        self.found.insert(name, Found { addresses, at: now, used: self.uses });
        if self.found.len() > self.capacity {
            let least = self.found.iter().min_by_key(|(_, found)| found.used).map(|(name, _)| name.clone());
            if let Some(least) = least {
                self.found.remove(&least);
            }
        }
    }

    /// Forgets one name, or all.
    pub(super) fn clear(&mut self, only: Option<&Name>) {
        match only {
            Some(name) => drop(self.found.remove(name)),
            None => self.found.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Cache, Name};

    fn name(name: &str) -> Name {
        (name.to_owned(), 80)
    }

    fn addresses(count: u8) -> Vec<SocketAddr> {
        (0..count).map(|last| SocketAddr::from(([10, 0, 0, last], 80))).collect()
    }

    fn first(cache: &mut Cache, of: &str, now: u64) -> Option<SocketAddr> {
        cache.get(&name(of), now)?.first().copied()
    }

    #[test]
    fn each_address_has_its_turn() {
        let mut cache = Cache::new(None, 9);
        cache.insert(name("a"), addresses(3), 0);
        let all = addresses(3);
        for expected in [0, 1, 2, 0] {
            assert_eq!(first(&mut cache, "a", u64::MAX), Some(all[expected]));
        }
        assert_eq!(cache.get(&name("a"), 0).map(|addresses| addresses.len()), Some(3));
        assert_eq!(first(&mut cache, "b", 0), None);
    }

    #[test]
    fn addresses_count_for_their_time() {
        let mut cache = Cache::new(Some(10), 9);
        cache.insert(name("a"), addresses(1), 5);
        assert!(first(&mut cache, "a", 15).is_some());
        assert!(first(&mut cache, "a", 16).is_none());
        assert!(first(&mut cache, "a", 5).is_none());
    }

    #[test]
    fn the_least_used_goes() {
        let mut cache = Cache::new(None, 2);
        for of in ["a", "b"] {
            cache.insert(name(of), addresses(1), 0);
        }
        assert!(first(&mut cache, "a", 0).is_some());
        cache.insert(name("c"), addresses(1), 0);
        assert!(first(&mut cache, "b", 0).is_none());
        assert!(first(&mut cache, "a", 0).is_some() && first(&mut cache, "c", 0).is_some());
    }

    #[test]
    fn forgetting() {
        let mut cache = Cache::new(None, 9);
        for of in ["a", "b", "c"] {
            cache.insert(name(of), addresses(1), 0);
        }
        cache.clear(Some(&name("a")));
        assert!(first(&mut cache, "a", 0).is_none() && first(&mut cache, "b", 0).is_some());
        cache.clear(None);
        assert!(first(&mut cache, "b", 0).is_none());
        let mut none = Cache::new(None, 0);
        none.insert(name("a"), addresses(1), 0);
        assert!(first(&mut none, "a", 0).is_none());
    }
}
