use core::time::Duration;

use symbolon_credential::claims_path::ClaimsPath;

use super::*;

fn good() -> Report {
    report(
        IDENTITY,
        REGISTRY,
        json!({"name": "Amina", "number": "12345", "nationality": "SN"}),
    )
}

fn with(edit: impl FnOnce(&mut Report)) -> Vec<(&'static str, Report)> {
    let mut report = good();
    edit(&mut report);
    vec![("identity", report)]
}

#[test]
fn a_good_answer_satisfies() {
    let policy = one(json!({
        "issuers": ["National registry"], "assurance": "high", "status": "always", "status_max_age_seconds": 60,
        "claims": [{"path": ["name"]}, {"path": ["number"], "pattern": "[0-9]{5}"},
                   {"path": ["nationality"], "values": ["ML", "SN"]}],
    }));
    let decision = decide(&policy, &with(|_| {}));
    assert_eq!(decision.outcome, PolicyOutcome::Satisfied, "{decision:?}");
    assert_eq!(decision.first_obstacle(), None);
    let looked_at = |rule| decision.rules.iter().any(|result| result.rule == rule);
    for rule in [
        Rule::Answer,
        Rule::Genuine,
        Rule::Type,
        Rule::Issuer,
        Rule::Assurance,
        Rule::Status,
        Rule::StatusAge,
        Rule::Binding,
        Rule::Claim,
        Rule::Pattern,
        Rule::Values,
    ] {
        assert!(looked_at(rule), "{rule:?}");
    }
}

/// One policy, one thing wrong at a time.
#[test]
fn each_rule_says_why_it_is_broken() {
    let strict = || {
        one(json!({
            "issuers": [REGISTRY], "assurance": "high", "status": "always", "status_max_age_seconds": 60,
            "claims": [{"path": ["name"]}, {"path": ["number"], "pattern": "[0-9]{5}"},
                       {"path": ["nationality"], "values": ["ML", "SN"]}],
        }))
    };
    type Edit = fn(&mut Report);
    let broken: [(Rule, RuleReason, Edit); 20] = [
        (Rule::Genuine, RuleReason::NotAuthentic, |r| {
            r.authentic.state = Authentic::NotAuthentic
        }),
        (Rule::Genuine, RuleReason::NotTrusted, |r| {
            r.trusted.state = Trusted::NotTrusted
        }),
        (Rule::Type, RuleReason::OtherFormat, |r| {
            r.format = CredentialFormat::Mdoc
        }),
        (Rule::Type, RuleReason::OtherType, |r| {
            r.credential_type = Some(RESIDENCE.to_owned())
        }),
        (Rule::Issuer, RuleReason::OtherIssuer, |r| {
            r.issuer.as_mut().unwrap().identifier = CITY.to_owned()
        }),
        (Rule::Issuer, RuleReason::OtherIssuer, |r| r.issuer = None),
        (Rule::Assurance, RuleReason::NoAssurance, |r| {
            r.issuer.as_mut().unwrap().identifier = CITY.to_owned()
        }),
        (Rule::Assurance, RuleReason::AssuranceTooLow, |r| {
            r.credential_type = Some(RESIDENCE.to_owned())
        }),
        (Rule::Status, RuleReason::Revoked, |r| {
            r.status.state = Status::Revoked
        }),
        (Rule::Status, RuleReason::Suspended, |r| {
            r.status.state = Status::Suspended
        }),
        (Rule::Status, RuleReason::StatusOutOfRange, |r| {
            r.status.state = Status::OutOfRange
        }),
        (Rule::Status, RuleReason::WithoutStatus, |r| {
            r.status.state = Status::WithoutStatus
        }),
        (Rule::StatusAge, RuleReason::StatusTooOld, |r| {
            r.as_of = Some(NOW.minus(Duration::from_secs(61)))
        }),
        (Rule::Binding, RuleReason::KeyNotProven, |r| {
            r.holder.state = Holder::CompareByEye
        }),
        (Rule::Binding, RuleReason::KeyNotProven, |r| {
            r.holder.state = Holder::NotBound
        }),
        (Rule::Binding, RuleReason::KeyNotProven, |r| {
            r.holder.state = Holder::NotAsked
        }),
        (Rule::Binding, RuleReason::ProofRefuted, |r| {
            r.holder.state = Holder::Refuted
        }),
        (Rule::Pattern, RuleReason::PatternNotMatched, |r| {
            r.claims.insert("number".to_owned(), json!("x12345"));
        }),
        (Rule::Pattern, RuleReason::NotText, |r| {
            r.claims.insert("number".to_owned(), json!(12345));
        }),
        (Rule::Values, RuleReason::OtherValue, |r| {
            r.claims.insert("nationality".to_owned(), json!("sn"));
        }),
    ];
    for (rule, reason, edit) in broken {
        let decision = decide(&strict(), &with(edit));
        assert_eq!(outcome(&decision, rule), failed(reason), "{rule:?} {reason:?}");
        assert_eq!(
            decision.outcome,
            PolicyOutcome::NotSatisfied,
            "{rule:?} {reason:?}"
        );
    }
    let decision = decide(&strict(), &with(|report| drop(report.claims.remove("name"))));
    let name = ClaimsPath::top_level("name");
    let missing = decision
        .rules
        .iter()
        .find(|result| result.claim.as_ref() == Some(&name))
        .unwrap();
    assert_eq!(
        (missing.rule, missing.outcome),
        (Rule::Claim, failed(RuleReason::Missing))
    );
    let decision = strict().decide(&presented(&with(|_| {})), AnswerCheck::WrongClaims, NOW);
    assert_eq!(outcome(&decision, Rule::Answer), failed(RuleReason::NotAsAsked));
    assert_eq!(decision.outcome, PolicyOutcome::NotSatisfied);
}

#[test]
fn what_is_not_known_is_not_taken_for_good() {
    type Edit = fn(&mut Report);
    let unknown: [(Rule, Edit); 4] = [
        (Rule::Genuine, |r| r.authentic.state = Authentic::Unknown),
        (Rule::Genuine, |r| r.trusted.state = Trusted::Unknown),
        (Rule::Status, |r| r.status.state = Status::Unknown),
        (Rule::Binding, |r| r.holder.state = Holder::NotChecked),
    ];
    for (rule, edit) in unknown {
        let decision = decide(&one(json!({})), &with(edit));
        let reason = RuleReason::EvidenceMissing;
        assert_eq!(outcome(&decision, rule), RuleOutcome::Unknown { reason });
        assert_eq!(decision.outcome, PolicyOutcome::Unknown, "{rule:?}");
    }
    let aged = one(json!({"status_max_age_seconds": 60}));
    let decision = decide(
        &aged,
        &with(|report| {
            report.as_of = None;
            report.status.state = Status::Unknown;
        }),
    );
    assert_eq!(decision.outcome, PolicyOutcome::Unknown);
    // What is broken outweighs what is unknown.
    let decision = decide(
        &one(json!({})),
        &with(|report| {
            report.status.state = Status::Unknown;
            report.holder.state = Holder::Refuted;
        }),
    );
    assert_eq!(decision.outcome, PolicyOutcome::NotSatisfied);
}

#[test]
fn without_a_status_a_credential_lives_by_its_expiry_where_the_policy_lets_it() {
    let aged = one(json!({"status_max_age_seconds": 60}));
    let decision = decide(
        &aged,
        &with(|report| {
            report.as_of = None;
            report.status.state = Status::WithoutStatus;
        }),
    );
    assert_eq!(decision.outcome, PolicyOutcome::Satisfied);
}

#[test]
fn a_face_is_compared_by_a_person_and_a_key_is_better() {
    let face = one(json!({"binding": "face", "keep_photo": true}));
    let by_eye = |photo| {
        with(move |report| {
            report.holder.state = Holder::CompareByEye;
            report.photo = photo;
        })
    };
    let decision = decide(&face, &by_eye(Some(photo())));
    assert_eq!(decision.outcome, PolicyOutcome::FaceToCompare);
    assert_eq!(
        outcome(&decide(&face, &by_eye(None)), Rule::Binding),
        failed(RuleReason::NoPhoto)
    );
    // A credential that a key binds, and of which no proof was asked for.
    let not_asked = with(|report| {
        report.holder.state = Holder::NotAsked;
        report.photo = Some(photo());
    });
    assert_eq!(decide(&face, &not_asked).outcome, PolicyOutcome::FaceToCompare);
    assert_eq!(decide(&face, &with(|_| {})).outcome, PolicyOutcome::Satisfied);
    let refuted = with(|report| {
        report.holder.state = Holder::Refuted;
        report.photo = Some(photo());
    });
    assert_eq!(decide(&face, &refuted).outcome, PolicyOutcome::NotSatisfied);
    let anybody = one(json!({"binding": "none"}));
    let unbound = with(|report| report.holder.state = Holder::NotBound);
    assert_eq!(decide(&anybody, &unbound).outcome, PolicyOutcome::Satisfied);
    assert_eq!(decide(&anybody, &not_asked).outcome, PolicyOutcome::Satisfied);
    assert_eq!(decide(&anybody, &refuted).outcome, PolicyOutcome::NotSatisfied);
}

fn two(combined: Value) -> PresentationPolicy {
    let mut document = json!({"credentials": [
        identity(json!({"claims": [{"path": ["number"]}]})),
        {"id": "residence", "format": "dc+sd-jwt", "types": [RESIDENCE], "binding": "key",
         "claims": [{"path": ["person"]}]},
    ]});
    for (key, value) in combined.as_object().unwrap() {
        document[key] = value.clone();
    }
    policy(document)
}

fn pair(person: Value, key: Option<&str>) -> Vec<(&'static str, Report)> {
    let mut residence = report(RESIDENCE, CITY, json!({ "person": person }));
    residence.holder_key = key.map(str::to_owned);
    vec![("identity", good()), ("residence", residence)]
}

/// Row 11 of the attacks: a friend's credential beside one's own.
#[test]
fn a_friends_credential_is_not_combined_with_ones_own() {
    let by_key = two(json!({}));
    assert_eq!(by_key.holder_keys(), crate::answer::HolderKeys::OneKey);
    let mine = decide(&by_key, &pair(json!("12345"), Some("key-1")));
    assert_eq!(mine.outcome, PolicyOutcome::Satisfied);
    for friends in [Some("key-2"), None] {
        let decision = decide(&by_key, &pair(json!("12345"), friends));
        assert_eq!(outcome(&decision, Rule::OneHolder), failed(RuleReason::OtherKey));
    }
    let by_claims = two(json!({
        "combined": "same_claims", "same_claims": [{"identity": ["number"], "residence": ["person"]}],
    }));
    assert_eq!(
        by_claims.holder_keys(),
        crate::answer::HolderKeys::KeyPerCredential
    );
    let mine = decide(&by_claims, &pair(json!("12345"), Some("key-2")));
    assert_eq!(mine.outcome, PolicyOutcome::Satisfied);
    for other in [
        json!("54321"),
        json!(12345),
        json!(""),
        json!(["12345"]),
        json!(null),
    ] {
        let decision = decide(&by_claims, &pair(other.clone(), Some("key-1")));
        assert_eq!(
            outcome(&decision, Rule::OneHolder),
            failed(RuleReason::OtherPerson),
            "{other}"
        );
    }
    let family = two(json!({"combined": "several_people"}));
    let decision = decide(&family, &pair(json!("54321"), Some("key-2")));
    assert_eq!(decision.outcome, PolicyOutcome::Satisfied);
}

#[test]
fn two_empty_identifiers_are_not_one_person() {
    let by_claims = two(json!({
        "combined": "same_claims", "same_claims": [{"identity": ["number"], "residence": ["person"]}],
    }));
    let mut reports = pair(json!(""), Some("key-1"));
    reports[0].1.claims.insert("number".to_owned(), json!(""));
    let decision = decide(&by_claims, &reports);
    assert_eq!(
        outcome(&decision, Rule::OneHolder),
        failed(RuleReason::OtherPerson)
    );
}

#[test]
fn one_alternative_is_enough_and_none_is_not() {
    let rule = |id: &str, presence: &str| identity(json!({"id": id, "one_of": "who", "presence": presence}));
    let either = |presence: &str| policy(json!({"credentials": [rule("a", presence), rule("b", presence)]}));
    for id in ["a", "b"] {
        let decision = decide(&either("required"), &[(id, good())]);
        assert_eq!(decision.outcome, PolicyOutcome::Satisfied);
    }
    let none = decide(&either("required"), &[]);
    let [missing] = none
        .rules
        .iter()
        .filter(|result| result.rule == Rule::Presence)
        .collect::<Vec<_>>()[..]
    else {
        panic!("{none:?}");
    };
    assert_eq!(missing.outcome, failed(RuleReason::Missing));
    assert_eq!(missing.credential.as_deref(), Some("who"));
    assert_eq!(none.outcome, PolicyOutcome::NotSatisfied);
    assert_eq!(decide(&either("optional"), &[]).outcome, PolicyOutcome::Satisfied);
}

#[test]
fn an_unwanted_credential_is_judged_by_no_rule_and_not_sorted() {
    let policy = two(json!({}));
    let stranger = report("https://x.example/types/y", REGISTRY, json!({}));
    let reports = vec![good(), good(), stranger];
    let sorted = policy.sort(reports);
    assert_eq!(sorted.reports.len(), 1);
    assert_eq!(sorted.unasked.len(), 2);
    let decision = policy.decide_sorted(&sorted, NOW);
    assert_eq!(outcome(&decision, Rule::Answer), failed(RuleReason::NotAsked));
}

#[test]
fn a_pattern_is_about_the_whole_text_and_linear() {
    let policy = one(json!({"claims": [{"path": ["number"], "pattern": "(a+)+|12"}]}));
    let number = |text: String| {
        with(move |report| {
            report.claims.insert("number".to_owned(), Value::from(text));
        })
    };
    assert_eq!(
        decide(&policy, &number("12".to_owned())).outcome,
        PolicyOutcome::Satisfied
    );
    for text in [
        "123",
        "a\n",
        &"a".repeat(4_097),
        &format!("{}b", "a".repeat(4_000)),
    ] {
        let decision = decide(&policy, &number(text.to_owned()));
        assert_eq!(
            outcome(&decision, Rule::Pattern),
            failed(RuleReason::PatternNotMatched)
        );
    }
}

/// One value of several is enough, as in DCQL.
#[test]
fn a_path_may_select_several_values() {
    let policy = one(json!({"claims": [{"path": ["nationalities", null], "values": ["SN"]}]}));
    let of = |values: Value| {
        with(move |report| {
            report.claims.insert("nationalities".to_owned(), values);
        })
    };
    assert_eq!(
        decide(&policy, &of(json!(["FR", "SN"]))).outcome,
        PolicyOutcome::Satisfied
    );
    assert_eq!(
        decide(&policy, &of(json!(["FR"]))).outcome,
        PolicyOutcome::NotSatisfied
    );
    assert_eq!(
        decide(&policy, &of(json!([]))).outcome,
        PolicyOutcome::NotSatisfied
    );
}

/// Decisions are stored and read by programs: a change raises the version. No value of the person's stands in one.
#[test]
fn the_json_form_of_version_1_is_frozen() {
    let policy = one(json!({
        "claims": [{"path": ["name"]}, {"path": ["nationalities", null], "values": ["SN"]}],
        "binding": "face", "keep_photo": true,
    }));
    let decision = decide(
        &policy,
        &with(|report| {
            report.claims.insert("nationalities".to_owned(), json!(["FR"]));
            report.holder.state = Holder::CompareByEye;
            report.status.state = Status::Unknown;
            report.photo = Some(photo());
        }),
    );
    let wanted = json!({
        "version": 1,
        "policy": "test",
        "outcome": "not_satisfied",
        "decided_at": NOW.seconds(),
        "rules": [
            {"rule": "answer", "outcome": "passed"},
            {"rule": "genuine", "credential": "identity", "outcome": "passed"},
            {"rule": "type", "credential": "identity", "outcome": "passed"},
            {"rule": "status", "credential": "identity", "outcome": "unknown", "reason": "evidence_missing"},
            {"rule": "binding", "credential": "identity", "outcome": "face_to_compare"},
            {"rule": "claim", "credential": "identity", "claim": ["name"], "outcome": "passed"},
            {"rule": "claim", "credential": "identity", "claim": ["nationalities", null], "outcome": "passed"},
            {"rule": "values", "credential": "identity", "claim": ["nationalities", null],
             "outcome": "failed", "reason": "other_value"},
        ],
    });
    assert_eq!(serde_json::to_value(&decision).unwrap(), wanted);
    assert_eq!(
        serde_json::from_value::<PolicyDecision>(wanted).unwrap(),
        decision
    );
}
