//! In which order addresses are tried.

use std::net::SocketAddr;

/// Addresses of both families in turn, beginning with `first` of the family that comes first (RFC 8305, section 4, "First
/// Address Family Count"; 0 counts as 1). Each family keeps its order.
pub(crate) fn interleave(addresses: Vec<SocketAddr>, first: usize) -> Vec<SocketAddr> {
    let Some(is_first) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let (one, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv4() == is_first);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut ordered: Vec<_> = one.by_ref().take(first.saturating_sub(1)).collect();
    loop {
        let before = ordered.len();
        ordered.extend(one.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

/// What is left to try after a round that has failed of something else than connecting: all but the first `count` of each
/// family (0 counts as 1).
pub(crate) fn next_round(addresses: &mut Vec<SocketAddr>, count: usize) {
    let mut seen = [0; 2];
    addresses.retain(|address| {
        let seen = &mut seen[usize::from(address.is_ipv4())];
        *seen += 1;
        *seen > count.max(1)
    });
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::{interleave, next_round};

    /// `4` and `6` with a number each.
    fn addresses(families: &str) -> Vec<SocketAddr> {
        let each = |(port, family)| match family {
            '4' => SocketAddr::from(([10, 0, 0, 1], port)),
            _ => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port)),
        };
        (1..).zip(families.chars()).map(each).collect()
    }

    fn ports(addresses: &[SocketAddr]) -> Vec<u16> {
        addresses.iter().map(SocketAddr::port).collect()
    }

    #[test]
    fn in_turn() {
        assert_eq!(ports(&interleave(addresses("666644"), 1)), [1, 5, 2, 6, 3, 4]);
        assert_eq!(ports(&interleave(addresses("666644"), 2)), [1, 2, 5, 3, 6, 4]);
        assert_eq!(ports(&interleave(addresses("666644"), 9)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(ports(&interleave(addresses("4666"), 0)), [1, 2, 3, 4]);
        assert_eq!(ports(&interleave(addresses("444"), 1)), [1, 2, 3]);
        assert!(interleave(Vec::new(), 1).is_empty());
    }

    #[test]
    fn rounds() {
        let mut left = addresses("66464");
        next_round(&mut left, 1);
        assert_eq!(ports(&left), [2, 4, 5]);
        next_round(&mut left, 2);
        assert!(left.is_empty());
    }

    proptest! {
        #[test]
        fn nobody_is_lost(families in "[46]{0,12}", first in 0..5usize) {
            let all = addresses(&families);
            let ordered = interleave(all.clone(), first);
            prop_assert_eq!(ordered.len(), all.len());
            for is_ipv4 in [true, false] {
                let of = |addresses: &[SocketAddr]| {
                    addresses.iter().filter(|address| address.is_ipv4() == is_ipv4).copied().collect::<Vec<_>>()
                };
                prop_assert_eq!(of(&ordered), of(&all));
            }
            let mut left = all;
            let mut rounds = 0;
            while !left.is_empty() {
                next_round(&mut left, first);
                rounds += 1;
            }
            prop_assert!(rounds <= 12);
        }
    }
}
