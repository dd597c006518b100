//! The queue of datagrams against a plain list of them.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

use proptest::prelude::*;
use rondel_net::DatagramQueue;

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<u8>),
    /// Taken out, and put back if it would not go.
    Pop {
        goes: bool,
    },
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..50).prop_map(Step::Push),
        4 => any::<bool>().prop_map(|goes| Step::Pop { goes }),
        1 => Just(Step::Take),
    ]
}

proptest! {
    #[test]
    fn it_does_what_a_list_does(steps in proptest::collection::vec(step(), 0..200), header in 0..10_usize) {
        let mut queue = DatagramQueue::new(header);
        let mut list: VecDeque<(Vec<u8>, usize)> = VecDeque::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push(data) => {
                    list.push_back((data.clone(), number));
                    queue.push(data, number);
                }
                Step::Pop { goes } => {
                    let popped = queue.pop();
                    prop_assert_eq!(&popped, &list.front().cloned());
                    if goes {
                        list.pop_front();
                    } else if let Some((data, to)) = popped {
                        queue.put_back(data, to);
                    }
                }
                Step::Take => prop_assert_eq!(queue.take(), std::mem::take(&mut list)),
            }
            prop_assert_eq!(queue.is_empty(), list.is_empty());
            prop_assert_eq!(queue.size(), list.iter().map(|(data, _)| data.len() + header).sum::<usize>());
            prop_assert!(queue.iter().eq(&list));
        }
    }
}
