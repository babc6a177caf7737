use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;

fn runs(members: &BTreeSet<u64>) -> Runs {
    Runs::of_members(&members.iter().copied().collect::<Vec<_>>()).unwrap()
}

fn members(runs: &Runs) -> BTreeSet<u64> {
    runs.as_slice()
        .iter()
        .flat_map(|run| run.start..run.end)
        .collect()
}

fn are_maximal(runs: &Runs) -> bool {
    runs.as_slice().is_sorted_by(|a, b| a.end < b.start)
        && runs.as_slice().iter().all(|run| run.start < run.end)
}

fn set() -> impl Strategy<Value = BTreeSet<u64>> {
    prop_oneof![
        prop::collection::btree_set(0_u64..60, 0..40),
        prop::collection::btree_set(0_u64..300, 0..40),
    ]
}

proptest! {
    #[test]
    fn changes_sets_as_sets(one in set(), other in set(), ends in prop::collection::btree_set(1_u64..300, 1..6)) {
        let (first, second) = (runs(&one), runs(&other));
        prop_assert_eq!(first.members(), one.len() as u64);
        let left = first.without(&second);
        prop_assert!(are_maximal(&left));
        prop_assert_eq!(members(&left), &one - &other);
        let both = first.with(&second);
        if one.is_disjoint(&other) {
            let both = both.unwrap();
            prop_assert!(are_maximal(&both));
            prop_assert_eq!(members(&both), &one | &other);
        } else {
            prop_assert!(both.is_none());
        }
        let mut stream = RunStream::new(first);
        let mut begin = 0;
        for end in ends {
            let taken = stream.take_below(end, begin);
            prop_assert!(are_maximal(&taken));
            let expected: BTreeSet<u64> = one.range(begin..end).map(|member| member - begin).collect();
            prop_assert_eq!(members(&taken), expected);
            begin = end;
        }
    }
}
