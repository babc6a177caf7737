use serde_json::json;
use symbolon_trust::testing::NOW;

use super::*;
use crate::policy::tests::{IDENTITY, presented, report};

const HOUR: u64 = 60 * 60;
const DAY: Duration = Duration::from_secs(24 * HOUR);

fn place(list: &str) -> StatusPlace {
    StatusPlace::TokenStatusList {
        uri: list.to_owned(),
        index: 7,
    }
}

fn watched(list: &str) -> Report {
    let mut report = report(IDENTITY, "https://registry.example", json!({}));
    report.shown.status_places = vec![place(list)];
    report
}

fn terms(renew_after: Option<u64>, look_every: Option<u64>) -> RelianceTerms {
    RelianceTerms {
        duration: DAY * 100,
        renew_after: renew_after.map(|days| DAY * u32::try_from(days).unwrap()),
        look_every: look_every.map(|hours| Duration::from_secs(hours * HOUR)),
    }
}

fn begin(terms: RelianceTerms, reports: &[(&str, Report)]) -> Option<Reliance> {
    let names = (
        RequestId::parse("r").unwrap(),
        RelyingPartyName::parse("bank").unwrap(),
        PolicyName::parse("customer").unwrap(),
    );
    Reliance::begin(terms, names, &presented(reports), NOW)
}

fn seen(status: ReliedStatus, as_of: UnixTime) -> [Option<StatusSeen>; 1] {
    [Some(StatusSeen {
        status,
        as_of: Some(as_of),
    })]
}

#[test]
fn only_what_can_change_is_watched() {
    let list = "https://registry.example/status/0";
    assert!(begin(terms(None, Some(24)), &[("identity", watched(list))]).is_some());
    let without = report(IDENTITY, "https://registry.example", json!({}));
    assert_eq!(
        begin(terms(None, Some(24)), &[("identity", without.clone())]),
        None
    );
    let renewed = begin(terms(Some(30), Some(24)), &[("identity", without)]).unwrap();
    assert_eq!((renewed.credentials.len(), renewed.next_look_at), (0, None));
    assert_eq!(renewed.due_at(), Some(NOW.plus(DAY * 30)));
    // Without a look nothing about the credential is kept.
    let unwatched = begin(terms(Some(30), None), &[("identity", watched(list))]).unwrap();
    assert_eq!(unwatched.credentials, []);
}

#[test]
fn looks_at_one_list_fall_together_and_those_at_others_do_not() {
    let at = |list: &str, now: UnixTime| {
        let mut reliance = begin(terms(None, Some(24)), &[("identity", watched(list))]).unwrap();
        reliance.next_look_at = reliance.next_look(Some(DAY), now);
        reliance.next_look_at.unwrap()
    };
    let one = "https://registry.example/status/0";
    let first = at(one, NOW);
    assert!(first > NOW && first <= NOW.plus(DAY));
    // Who began half a day later looks at the same second, or a whole interval later.
    let later = at(one, NOW.plus(DAY / 2));
    assert_eq!((later.seconds() - first.seconds()).rem_euclid(24 * 60 * 60), 0);
    assert_ne!(at("https://registry.example/status/1", NOW), first);
    // Right after a look the next is a whole interval away.
    assert_eq!(at(one, first), first.plus(DAY));
}

#[test]
fn a_change_is_told_once_and_a_silent_list_tells_nothing() {
    let begun = begin(
        terms(None, Some(24)),
        &[("identity", watched("https://registry.example/status/0"))],
    );
    let begun = begun.unwrap();
    let look = begun.next_look_at.unwrap();
    let (silent, news) = begun.clone().after(&[None], Some(DAY), look);
    assert_eq!(news, []);
    assert_eq!(silent.credentials[0].status, ReliedStatus::Good);
    assert_eq!(
        silent.next_look_at,
        Some(look.plus(RETRY)),
        "asked again before long"
    );

    let (suspended, news) = begun.after(&seen(ReliedStatus::Suspended, look), Some(DAY), look);
    let change = |status, as_of| {
        RelianceNews::StatusChanged(StatusChange {
            query_id: QueryId::parse("identity").unwrap(),
            status,
            as_of: Some(as_of),
        })
    };
    assert_eq!(news, [change(ReliedStatus::Suspended, look)]);
    let next = suspended.next_look_at.unwrap();
    let (still, news) = suspended.after(&seen(ReliedStatus::Suspended, next), Some(DAY), next);
    assert_eq!(news, []);
    // An older list than was believed is one that was held back.
    let (held_back, news) = still.after(&seen(ReliedStatus::Good, look), Some(DAY), next);
    assert_eq!(news, []);
    assert_eq!(held_back.credentials[0].status, ReliedStatus::Suspended);
    let next = held_back.next_look_at.unwrap();
    let (again, news) = held_back.after(&seen(ReliedStatus::Good, next), Some(DAY), next);
    assert_eq!(news, [change(ReliedStatus::Good, next)]);
    let next = again.next_look_at.unwrap();
    let (revoked, news) = again.after(&seen(ReliedStatus::Revoked, next), Some(DAY), next);
    assert_eq!(news, [change(ReliedStatus::Revoked, next)]);
    assert_eq!(revoked.due_at(), None, "what is revoked stays so");
}

#[test]
fn the_renewal_is_told_once() {
    let begun = begin(terms(Some(30), None), &[]).unwrap();
    let due = begun.due_at().unwrap();
    let (early, news) = begun.after(&[], None, UnixTime::from_seconds(due.seconds() - 1));
    assert_eq!(news, []);
    let (told, news) = early.after(&[], None, due);
    assert_eq!(news, [RelianceNews::RenewalDue]);
    assert_eq!(told.due_at(), None);
    assert_eq!(told.clone().after(&[], None, due.plus(DAY)), (told, Vec::new()));
}

#[test]
fn nothing_is_looked_at_beyond_the_time_or_without_the_policy() {
    let begun = begin(
        terms(None, Some(24)),
        &[("identity", watched("https://registry.example/status/0"))],
    );
    let begun = begun.unwrap();
    let look = begun.next_look_at.unwrap();
    assert_eq!(begun.clone().after(&[None], None, look).0.next_look_at, None);
    let last = begun.kept_until;
    assert_eq!(begun.next_look(Some(DAY * 2), last), None);
}

/// It stands in stores for years.
#[test]
fn the_stored_form_is_frozen() {
    let frozen = r#"{"request":"r","relying_party":"bank","policy":"customer","began_at":1,"renewal_due_at":2,"renewal_announced":false,"next_look_at":3,"credentials":[{"query_id":"identity","issuer":"https://registry.example","places":[{"mechanism":"token_status_list","uri":"https://registry.example/status/0","index":7},{"mechanism":"bitstring_status_list","url":"https://registry.example/bits/0","index":8,"purpose":"suspension","bits":1}],"status":"good","as_of":4,"looked_at":5}],"kept_until":6}"#;
    let reliance: Reliance = serde_json::from_str(frozen).unwrap();
    assert_eq!(serde_json::to_string(&reliance).unwrap(), frozen);
    for place in &reliance.credentials[0].places {
        let again = match (place.reference(), place.entry()) {
            (Some(reference), None) => StatusPlace::of_reference(&reference),
            (None, Some(entry)) => StatusPlace::of_entry(&entry).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(again, *place);
    }
}
