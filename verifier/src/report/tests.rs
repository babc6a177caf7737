use super::{Authentic, Holder, Report, Shown, Status, Trusted, Verdict};
use crate::policy::HolderPolicy;
use crate::session::tests::world::World;

const AUTHENTIC: [Authentic; 3] = [Authentic::Authentic, Authentic::NotAuthentic, Authentic::Unknown];
const TRUSTED: [Trusted; 3] = [Trusted::Trusted, Trusted::NotTrusted, Trusted::Unknown];
const STATUS: [Status; 6] = [
    Status::Good,
    Status::Suspended,
    Status::Revoked,
    Status::WithoutStatus,
    Status::OutOfRange,
    Status::Unknown,
];
const HOLDER: [Holder; 6] = [
    Holder::NotAsked,
    Holder::ProvenByKey,
    Holder::CompareByEye,
    Holder::NotBound,
    Holder::NotChecked,
    Holder::Refuted,
];

fn every_case() -> impl Iterator<Item = (Authentic, Trusted, Status, Holder)> {
    AUTHENTIC.into_iter().flat_map(|authentic| {
        TRUSTED.into_iter().flat_map(move |trusted| {
            STATUS.into_iter().flat_map(move |status| {
                HOLDER
                    .into_iter()
                    .map(move |holder| (authentic, trusted, status, holder))
            })
        })
    })
}

#[test]
fn only_four_good_answers_are_valid() {
    for policy in [HolderPolicy::KeyProof, HolderPolicy::KeyOrPhoto] {
        for (authentic, trusted, status, holder) in every_case() {
            let good = authentic == Authentic::Authentic
                && trusted == Trusted::Trusted
                && matches!(status, Status::Good | Status::WithoutStatus)
                && holder == Holder::ProvenByKey;
            let verdict = Verdict::judge(authentic, trusted, status, holder, policy);
            assert_eq!(
                verdict == Verdict::Valid,
                good,
                "{authentic:?} {trusted:?} {status:?} {holder:?}"
            );
        }
    }
}

#[test]
fn a_failure_outweighs_what_is_unknown() {
    for (authentic, trusted, status, holder) in every_case() {
        let failed = authentic == Authentic::NotAuthentic
            || trusted == Trusted::NotTrusted
            || matches!(status, Status::Suspended | Status::Revoked | Status::OutOfRange)
            || holder == Holder::Refuted;
        if failed {
            let verdict = Verdict::judge(authentic, trusted, status, holder, HolderPolicy::KeyOrPhoto);
            assert_eq!(
                verdict,
                Verdict::Invalid,
                "{authentic:?} {trusted:?} {status:?} {holder:?}"
            );
        }
    }
}

#[test]
fn a_photo_makes_genuine_where_the_policy_lets_it_stand_in_for_the_key() {
    let judge = |policy| {
        Verdict::judge(
            Authentic::Authentic,
            Trusted::Trusted,
            Status::Good,
            Holder::CompareByEye,
            policy,
        )
    };
    assert_eq!(judge(HolderPolicy::KeyOrPhoto), Verdict::Genuine);
    assert_eq!(judge(HolderPolicy::KeyProof), Verdict::Unknown);
}

#[test]
fn an_unknown_status_is_never_valid_and_never_genuine() {
    for (authentic, trusted, _, holder) in every_case() {
        for policy in [HolderPolicy::KeyProof, HolderPolicy::KeyOrPhoto] {
            let verdict = Verdict::judge(authentic, trusted, Status::Unknown, holder, policy);
            assert!(matches!(verdict, Verdict::Unknown | Verdict::Invalid));
        }
    }
}

/// The JSON form is stored and read by programs: a change raises the version.
#[test]
fn the_json_form_of_version_1_is_frozen() {
    let world = World::new();
    let report = world.verify(&world.presentation());
    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_eq!(json, include_str!("frozen-report-1.json").trim_end());
    let read: Report = serde_json::from_str(&json).unwrap();
    let shown = Shown::default();
    assert_eq!(
        read,
        Report { shown, ..report },
        "what a query is compared with is not kept"
    );
}

#[test]
fn a_report_with_fractions_among_its_claims_survives_storage() {
    let world = World::new();
    let mut report = world.verify(&world.presentation());
    report.shown = Shown::default();
    report.claims.insert("height".to_owned(), serde_json::json!(1.75));
    let result = crate::store::ResultOutcome::Presented {
        reports: vec![crate::store::StoredReport {
            validity: None,
            query_id: "id".to_owned(),
            report,
        }],
        answer: crate::answer::AnswerCheck::AsAsked,
        decision: None,
        transactions: Vec::new(),
    };
    let json = serde_json::to_string(&result).unwrap();
    assert_eq!(
        serde_json::from_str::<crate::store::ResultOutcome>(&json).unwrap(),
        result
    );
}
