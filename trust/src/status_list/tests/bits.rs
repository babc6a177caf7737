use proptest::prelude::*;

use super::super::*;

const MAX: usize = 1 << 20;

fn bits() -> impl Strategy<Value = BitsPerStatus> {
    prop::sample::select(vec![
        BitsPerStatus::One,
        BitsPerStatus::Two,
        BitsPerStatus::Four,
        BitsPerStatus::Eight,
    ])
}

/// Token Status List, section 4.1, figure 1: sixteen one-bit states.
#[test]
fn reads_and_writes_the_one_bit_example_of_the_specification() {
    let states = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    let mut list = TokenStatusList::all_valid(BitsPerStatus::One, 16);
    for (index, state) in states.into_iter().enumerate() {
        list.set(index as u64, Status::from_value(state)).unwrap();
    }
    assert_eq!(list.as_bytes(), [0xb9, 0xa3]);
    assert_eq!(
        TokenStatusList::decode(BitsPerStatus::One, "eNrbuRgAAhcBXQ", MAX).unwrap(),
        list
    );
    assert_eq!(
        TokenStatusList::decode(BitsPerStatus::One, &list.encode(), MAX).unwrap(),
        list
    );
}

/// Token Status List, section 4.1, figure 2: twelve two-bit states.
#[test]
fn reads_and_writes_the_two_bit_example_of_the_specification() {
    let states = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 12);
    for (index, state) in states.into_iter().enumerate() {
        list.set(index as u64, Status::from_value(state)).unwrap();
    }
    assert_eq!(list.as_bytes(), [0xc9, 0x44, 0xf9]);
    assert_eq!(
        TokenStatusList::decode(BitsPerStatus::Two, "eNo76fITAAPfAgc", MAX).unwrap(),
        list
    );
    assert_eq!(list.get(3), Ok(Status::ApplicationSpecific(3)));
}

#[test]
fn an_index_behind_the_end_is_an_error() {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 10);
    assert_eq!(list.len(), 12, "whole bytes");
    assert_eq!(list.get(11), Ok(Status::Valid));
    assert_eq!(list.get(12), Err(IndexOutOfRange));
    assert_eq!(list.get(u64::MAX), Err(IndexOutOfRange));
    assert_eq!(
        list.set(12, Status::Invalid),
        Err(SetStatusError::OutOfRange(IndexOutOfRange))
    );
}

#[test]
fn a_state_that_does_not_fit_changes_nothing() {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::One, 8);
    assert_eq!(list.set(0, Status::Suspended), Err(SetStatusError::DoesNotFit));
    assert_eq!(list.as_bytes(), [0]);
}

#[test]
fn a_state_can_be_taken_back_without_touching_its_neighbours() {
    let mut list = TokenStatusList::from_bytes(BitsPerStatus::Two, vec![0b11_11_11_11]);
    list.set(1, Status::Valid).unwrap();
    assert_eq!(list.as_bytes(), [0b11_11_00_11]);
    list.set(1, Status::Suspended).unwrap();
    assert_eq!(list.as_bytes(), [0b11_11_10_11]);
}

#[test]
fn values_have_the_meaning_of_the_registry() {
    assert_eq!(Status::from_value(0x0b), Status::Unregistered(0x0b));
    assert_eq!(Status::from_value(0x0c), Status::ApplicationSpecific(0x0c));
    assert_eq!(Status::from_value(0x10), Status::Unregistered(0x10));
    for value in 0..=u8::MAX {
        assert_eq!(Status::from_value(value).value(), value);
    }
}

#[test]
fn a_list_that_inflates_beyond_its_bound_is_refused() {
    let bomb = TokenStatusList::from_bytes(BitsPerStatus::One, vec![0; 1 << 22]).encode();
    assert!(bomb.len() < 8_192);
    assert!(matches!(
        TokenStatusList::decode(BitsPerStatus::One, &bomb, 1 << 20),
        Err(DecodeListError::Inflate(_))
    ));
}

#[test]
fn a_truncated_list_is_refused() {
    let text = TokenStatusList::from_bytes(BitsPerStatus::One, (0..=255).collect()).encode();
    for length in 0..text.len() {
        assert!(
            TokenStatusList::decode(BitsPerStatus::One, &text[..length], MAX).is_err(),
            "{length}"
        );
    }
    assert_eq!(
        TokenStatusList::decode(BitsPerStatus::One, "eNrbuRgAAhcBXQ==", MAX),
        Err(DecodeListError::NotBase64Url)
    );
}

proptest! {
    #[test]
    fn keeps_what_is_set(
        bits in bits(),
        changes in prop::collection::vec((0_u64..2_000, any::<u8>()), 0..100),
    ) {
        let mut list = TokenStatusList::all_valid(bits, 2_000);
        let mut expected = std::collections::BTreeMap::new();
        for (index, value) in changes {
            let value = value & (u8::MAX >> (8 - bits.count()));
            list.set(index, Status::from_value(value)).unwrap();
            expected.insert(index, value);
        }
        expected.retain(|_, value| *value != 0);
        let found: Vec<_> = list.not_valid().map(|(index, status)| (index, status.value())).collect();
        prop_assert_eq!(&found, &expected.into_iter().collect::<Vec<_>>());
        let again = TokenStatusList::decode(bits, &list.encode(), MAX).unwrap();
        prop_assert_eq!(again, list);
    }

    #[test]
    fn no_text_makes_decoding_panic(text in ".{0,80}") {
        let _ = TokenStatusList::decode(BitsPerStatus::Four, &text, MAX);
    }
}
