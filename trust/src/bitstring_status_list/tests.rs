use core::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use symbolon_credential::w3c::{
    BitstringStatusEntry, ProblemType, StatusMessage, StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::{base64url, gzip, zlib::InflateError};
use symbolon_did::Did;

use super::*;
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};

const LIMIT: usize = 1 << 20;
const URL: &str = "https://example.com/credentials/status/3";
const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

/// The example of §2.2.
const SPECIFIED: &str = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";

#[test]
fn reads_the_list_of_the_specification() {
    let list = BitstringStatusList::decode(StatusSize::ONE, SPECIFIED, LIMIT).unwrap();
    assert_eq!(list.len(), MIN_ENTRIES);
    assert!(list.as_bytes().iter().all(|byte| *byte == 0));
    assert_eq!(
        BitstringStatusList::decode(StatusSize::ONE, &list.encode(), LIMIT),
        Ok(list)
    );
}

#[test]
fn the_first_entry_is_the_highest_bit() {
    let mut list = BitstringStatusList::zeros(StatusSize::ONE, 0);
    list.set(0, 1).unwrap();
    list.set(9, 1).unwrap();
    assert_eq!(list.as_bytes()[..2], [0b1000_0000, 0b0100_0000]);
    let three = StatusSize::from_bits(3).unwrap();
    let mut list = BitstringStatusList::zeros(three, 0);
    list.set(2, 0b101).unwrap();
    assert_eq!(list.as_bytes()[..2], [0b0000_0010, 0b1000_0000]);
    assert_eq!(list.get(2), Ok(0b101));
    assert_eq!(list.set(2, 8), Err(BitstringError::DoesNotFit));
    assert_eq!(list.get(list.len()), Err(BitstringError::OutOfRange));
    assert_eq!(list.get(u64::MAX), Err(BitstringError::OutOfRange));
}

#[test]
fn refuses_lists_that_are_short_damaged_or_bombs() {
    let decode = |text: &str, limit| BitstringStatusList::decode(StatusSize::ONE, text, limit);
    let encoded = |bytes: &[u8]| format!("u{}", base64url::encode(&gzip::deflate(bytes)));
    assert_eq!(
        decode(&encoded(&[0; 16_383]), LIMIT),
        Err(BitstringError::TooShort)
    );
    assert!(decode(&encoded(&[0; 16_384]), LIMIT).is_ok());
    let bomb = encoded(&vec![0; 1 << 21]);
    assert_eq!(
        decode(&bomb, LIMIT),
        Err(BitstringError::Inflate(InflateError::OverLimit { limit: LIMIT }))
    );
    for text in ["", "H4sI", "zH4sI", "uH4s*", &SPECIFIED[1..]] {
        assert_eq!(decode(text, LIMIT), Err(BitstringError::NotMultibase), "{text}");
    }
    assert!(matches!(decode("uAAAA", LIMIT), Err(BitstringError::Inflate(_))));
    let two = StatusSize::from_bits(2).unwrap();
    let halved = BitstringStatusList::decode(two, SPECIFIED, LIMIT);
    assert_eq!(halved, Err(BitstringError::TooShort));
}

#[test]
fn says_in_which_places_of_a_token_status_list_a_state_stands() {
    let mut token_list = TokenStatusList::all_valid(BitsPerStatus::Two, 200_000);
    token_list.set(7, Status::Invalid).unwrap();
    token_list.set(199_999, Status::Suspended).unwrap();
    let revoked = BitstringStatusList::of_states(&token_list, &[Status::Invalid]);
    let suspended = BitstringStatusList::of_states(&token_list, &[Status::Suspended]);
    assert_eq!((revoked.get(7), revoked.get(199_999)), (Ok(1), Ok(0)));
    assert_eq!((suspended.get(7), suspended.get(199_999)), (Ok(0), Ok(1)));
    assert_eq!(
        revoked
            .as_bytes()
            .iter()
            .map(|byte| byte.count_ones())
            .sum::<u32>(),
        1
    );
}

fn published(change: impl Fn(&mut Value)) -> PublishedList {
    read(change).unwrap()
}

fn read(change: impl Fn(&mut Value)) -> Result<PublishedList, BitstringStatusError> {
    let mut list = BitstringStatusList::zeros(StatusSize::ONE, 0);
    list.set(94_567, 1).unwrap();
    let credential = ListToPublish {
        url: URL,
        issuer: &Did::parse("did:web:example.com").unwrap(),
        purpose: StatusPurpose::Revocation,
        valid_from: NOW,
        valid_until: Some(NOW.plus(Duration::from_secs(3_600))),
        time_to_live: Some(Duration::from_secs(300)),
        list: &list.encoded(),
        messages: &[],
    }
    .document()
    .unwrap();
    let mut document = Value::Object(credential.into_document());
    change(&mut document);
    PublishedList::read(&VerifiableCredential::from_value(document).unwrap())
}

fn entry(index: u64) -> BitstringStatusEntry {
    BitstringStatusEntry::new(StatusPurpose::Revocation, URL, index)
}

#[test]
fn a_published_list_answers_for_its_own_entries() {
    let list = published(|_| {});
    assert_eq!(list.time_to_live(), Some(Duration::from_secs(300)));
    assert_eq!(
        list.status(&entry(94_567), NOW, LIMIT).map(|status| status.value),
        Ok(1)
    );
    assert_eq!(
        list.status(&entry(94_566), NOW, LIMIT).map(|status| status.value),
        Ok(0)
    );
    let status = |entry: &BitstringStatusEntry, now| list.status(entry, now, LIMIT);

    let behind = status(&entry(MIN_ENTRIES), NOW).unwrap_err();
    assert_eq!(behind.problem(), ProblemType::RangeError);
    let mut other = entry(1);
    other.list = "https://example.com/credentials/status/4".to_owned();
    assert_eq!(status(&other, NOW), Err(BitstringStatusError::OtherList));
    let suspension = BitstringStatusEntry::new(StatusPurpose::Suspension, URL, 1);
    let error = status(&suspension, NOW).unwrap_err();
    assert_eq!(
        (error, error.problem()),
        (
            BitstringStatusError::OtherPurpose,
            ProblemType::StatusVerificationError
        )
    );
    let mut wide = entry(1);
    wide.size = StatusSize::from_bits(2).unwrap();
    assert_eq!(status(&wide, NOW), Err(BitstringStatusError::OtherSize));
    let later = NOW.plus(Duration::from_secs(3_600));
    assert_eq!(
        status(&entry(1), later),
        Err(BitstringStatusError::Expired { valid_until: later })
    );
    let earlier = NOW.minus(Duration::from_secs(301));
    assert_eq!(
        status(&entry(1), earlier),
        Err(BitstringStatusError::NotYetValid { valid_from: NOW })
    );
}

#[test]
fn a_short_list_is_told_as_such() {
    let short = format!("u{}", base64url::encode(&gzip::deflate(&[0; 100])));
    let list = published(|document| document["credentialSubject"]["encodedList"] = json!(short));
    let error = list.status(&entry(1), NOW, LIMIT).unwrap_err();
    assert_eq!(
        error.problem().url(),
        "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"
    );
}

#[test]
fn refuses_credentials_that_publish_no_list() {
    for (name, value) in [
        ("type", json!("Person")),
        ("statusPurpose", json!([])),
        ("statusPurpose", json!(1)),
        ("encodedList", json!(null)),
        ("ttl", json!("300")),
        ("statusSize", json!(0)),
    ] {
        let error = read(|document| document["credentialSubject"][name] = value.clone()).unwrap_err();
        assert_eq!(error, BitstringStatusError::Malformed, "{name}");
    }
    let error = read(|document| document["type"] = json!(["VerifiableCredential"])).unwrap_err();
    assert_eq!(error.problem(), ProblemType::MalformedValueError);
    let several = published(|document| {
        document["credentialSubject"]["statusPurpose"] = json!(["suspension", "revocation"]);
    });
    assert!(several.status(&entry(1), NOW, LIMIT).is_ok());
}

#[test]
fn messages_tell_what_a_value_means() {
    let size = StatusSize::from_bits(2).unwrap();
    let messages: Vec<StatusMessage> = ["pending", "accepted", "rejected", "undefined"]
        .iter()
        .zip(0..)
        .map(|(message, status)| StatusMessage {
            status,
            message: (*message).to_owned(),
        })
        .collect();
    let mut list = BitstringStatusList::zeros(size, 0);
    list.set(5, 2).unwrap();
    let credential = ListToPublish {
        url: URL,
        issuer: &Did::parse("did:web:example.com").unwrap(),
        purpose: StatusPurpose::Message,
        valid_from: NOW,
        valid_until: None,
        time_to_live: None,
        list: &list.encoded(),
        messages: &messages,
    }
    .document()
    .unwrap();
    let published = PublishedList::read(&credential).unwrap();
    let entry = BitstringStatusEntry {
        size,
        messages,
        ..BitstringStatusEntry::new(StatusPurpose::Message, URL, 5)
    };
    let status = published.status(&entry, NOW, LIMIT).unwrap();
    assert_eq!((status.value, status.message.as_deref()), (2, Some("rejected")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_was_set_is_read_and_nothing_else_changes(
        bits in 1_u64..=8, index in 0_u64..MIN_ENTRIES, value: u8,
    ) {
        let size = StatusSize::from_bits(bits).unwrap();
        let value = value & u8::try_from(size.values() - 1).unwrap();
        let mut list = BitstringStatusList::zeros(size, 0);
        list.set(index, value).unwrap();
        let read = BitstringStatusList::decode(size, &list.encode(), LIMIT).unwrap();
        prop_assert_eq!(read.get(index), Ok(value));
        let set: u32 = read.as_bytes().iter().map(|byte| byte.count_ones()).sum();
        prop_assert_eq!(set, value.count_ones());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "u?[A-Za-z0-9_-]{0,80}") {
        let _ = BitstringStatusList::decode(StatusSize::ONE, &text, LIMIT);
    }
}
