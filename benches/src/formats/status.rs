//! Looking a status up: in a Token Status List, and in the compact set of an offline pack. Hashing 64 bytes, which is one
//! round of SHA-256, stands for the speed of the machine.

use core::hint::black_box;

use sha2::{Digest as _, Sha256};
use symbolon_trust::compact_set::{CompactSet, build};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};

use crate::row::Row;

/// Credentials in the list, and how many of them are revoked.
const ENTRIES: u32 = 1_000_000;
const REVOKED: u32 = 10_000;

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn rows() -> [Row; 4] {
    let revoked: Vec<u64> = (0..REVOKED)
        .map(|one| u64::from(one * (ENTRIES / REVOKED) + one % 97))
        .collect();
    let mut list = TokenStatusList::all_valid(BitsPerStatus::One, ENTRIES);
    for index in &revoked {
        list.set(*index, Status::Invalid).unwrap();
    }
    let text = list.encode();
    let max_bytes = list.as_bytes().len();
    let set = build(&revoked, u64::from(ENTRIES)).unwrap();
    let unit = || {
        || {
            black_box(Sha256::digest(black_box([0x61; 55])));
        }
    };
    let (mut here, mut there) = (0_u64, 0_u64);
    let next = |index: &mut u64| {
        *index = (*index + 611_953) % u64::from(ENTRIES);
        *index
    };
    let (set_to_open, set_bytes) = (set.clone(), set);
    let list_to_read = list.clone();
    [
        Row::new("status list lookup, in hashes of one block", unit(), move || {
            black_box(list_to_read.get(next(&mut here)).unwrap());
        }),
        Row::new(
            "status list inflate, 1 M at 1 %, in hashes of one block",
            unit(),
            move || {
                black_box(TokenStatusList::decode(BitsPerStatus::One, black_box(&text), max_bytes).unwrap());
            },
        ),
        Row::new("pack set open, in hashes of one block", unit(), move || {
            black_box(CompactSet::open(black_box(&set_to_open)).unwrap());
        }),
        Row::new(
            "pack set open and lookup, in hashes of one block",
            unit(),
            move || {
                let set = CompactSet::open(black_box(&set_bytes)).unwrap();
                black_box(set.contains(next(&mut there)).unwrap());
            },
        ),
    ]
}
