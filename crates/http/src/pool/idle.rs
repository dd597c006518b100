//! Connections that nobody uses just now.

use rondel_engine::Nanos;
use slab::Slab;

use super::limits::HostId;

/// All idle connections of a pool, in the order in which they became idle.
///
/// A connection can be lent: it keeps its place, while somebody looks at it who must not hold the pool meanwhile.
#[derive(Debug)]
pub(super) struct IdleList<C> {
    places: Slab<Place<C>>,
    oldest: Option<usize>,
    newest: Option<usize>,
    next_token: u64,
}

#[derive(Debug)]
struct Place<C> {
    /// None: lent.
    connection: Option<C>,
    host: HostId,
    since: Nanos,
    token: u64,
    older: Option<usize>,
    newer: Option<usize>,
}

/// Who has been lent a connection, and may give it back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loan {
    pub(super) index: usize,
    token: u64,
}

/// What was taken out.
#[derive(Debug)]
pub(super) struct Taken<C> {
    pub(super) connection: Option<C>,
    pub(super) host: HostId,
    pub(super) since: Nanos,
}

impl<C> IdleList<C> {
    pub(super) fn new() -> Self {
        Self { places: Slab::new(), oldest: None, newest: None, next_token: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// A place for a connection that is idle from now on. It is lent until [`restore`](Self::restore) brings it.
    pub(super) fn reserve(&mut self, host: HostId, since: Nanos) -> Loan {
        let token = self.next_token;
        self.next_token += 1;
        let place = Place { connection: None, host, since, token, older: self.newest, newer: None };
        let index = self.places.insert(place);
        match self.newest.and_then(|newest| self.places.get_mut(newest)) {
            Some(newest) => newest.newer = Some(index),
            None => self.oldest = Some(index),
        }
        self.newest = Some(index);
        Loan { index, token }
    }

    /// Lends what is at `index`, if something is.
    pub(super) fn lend(&mut self, index: usize) -> Option<(Loan, C)> {
        let place = self.places.get_mut(index)?;
        let connection = place.connection.take()?;
        Some((Loan { index, token: place.token }, connection))
    }

    /// Puts a connection into its place. It comes back if the place is gone.
    pub(super) fn restore(&mut self, loan: Loan, connection: C) -> Result<(), C> {
        match self.places.get_mut(loan.index) {
            Some(place) if place.token == loan.token => {
                place.connection = Some(connection);
                Ok(())
            }
            _ => Err(connection),
        }
    }

    /// Whether a connection is at `index` that is not lent.
    pub(super) fn is_there(&self, index: usize) -> bool {
        self.places.get(index).is_some_and(|place| place.connection.is_some())
    }

    /// Since when it is idle.
    pub(super) fn since(&self, index: usize) -> Option<Nanos> {
        self.places.get(index).map(|place| place.since)
    }

    /// Takes a place away.
    pub(super) fn take(&mut self, index: usize) -> Option<Taken<C>> {
        let Place { connection, host, since, older, newer, .. } = self.places.try_remove(index)?;
        match older.and_then(|older| self.places.get_mut(older)) {
            Some(place) => place.newer = newer,
            None => self.oldest = newer,
        }
        match newer.and_then(|newer| self.places.get_mut(newer)) {
            Some(place) => place.older = older,
            None => self.newest = older,
        }
        Some(Taken { connection, host, since })
    }

    /// Takes the place away that `loan` is for.
    pub(super) fn take_lent(&mut self, loan: Loan) -> Option<Taken<C>> {
        let same = self.places.get(loan.index).is_some_and(|place| place.token == loan.token);
        if same { self.take(loan.index) } else { None }
    }

    /// The one that has been idle longest, and since when.
    pub(super) fn oldest(&self) -> Option<(usize, Nanos)> {
        let index = self.oldest?;
        Some((index, self.since(index)?))
    }

    /// Takes all.
    pub(super) fn drain(&mut self) -> Vec<C> {
        (self.oldest, self.newest) = (None, None);
        self.places.drain().filter_map(|place| place.connection).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::IdleList;

    #[test]
    fn a_lent_one_keeps_its_place() {
        let mut list = IdleList::new();
        let loan = list.reserve(7, 1);
        assert!(!list.is_there(loan.index));
        list.restore(loan, 'a').unwrap();
        let (loan, connection) = list.lend(loan.index).unwrap();
        assert!(list.lend(loan.index).is_none());
        assert_eq!((list.len(), list.oldest()), (1, Some((loan.index, 1))));
        list.restore(loan, connection).unwrap();
        assert!(list.is_there(loan.index));
    }

    #[test]
    fn what_comes_back_too_late_is_refused() {
        let mut list = IdleList::new();
        let loan = list.reserve(7, 1);
        assert!(list.take(loan.index).is_some());
        let other = list.reserve(7, 2);
        assert_eq!(other.index, loan.index);
        assert_eq!(list.restore(loan, 'a'), Err('a'));
        assert!(list.take_lent(loan).is_none());
        assert_eq!(list.restore(other, 'b'), Ok(()));
        assert_eq!(list.drain(), ['b']);
        assert_eq!((list.len(), list.oldest()), (0, None));
    }

    proptest! {
        #[test]
        fn in_order(steps in prop::collection::vec(prop_oneof![Just(None), any::<usize>().prop_map(Some)], 0..100)) {
            let mut list = IdleList::new();
            let mut model: Vec<(usize, u64)> = Vec::new();
            for (now, step) in (0u64..).zip(steps) {
                match step {
                    None => {
                        let loan = list.reserve(0, now);
                        prop_assert_eq!(list.restore(loan, now), Ok(()));
                        model.push((loan.index, now));
                    }
                    Some(_) if model.is_empty() => {}
                    Some(which) => {
                        let (index, since) = model.remove(which % model.len());
                        let taken = list.take(index).and_then(|taken| taken.connection);
                        prop_assert_eq!(taken, Some(since));
                    }
                }
                prop_assert_eq!(list.oldest(), model.first().copied());
                prop_assert_eq!(list.len(), model.len());
            }
            while let Some((index, _)) = list.oldest() {
                prop_assert_eq!(index, model.remove(0).0);
                list.take(index);
            }
            prop_assert!(model.is_empty());
        }
    }
}
