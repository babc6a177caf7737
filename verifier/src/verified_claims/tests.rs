use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_protocol::openid_connect::identity_assurance::{VerifiedClaims, VerifiedClaimsRequest};

use super::*;
use crate::answer::AnswerCheck;
use crate::policy::age::day;
use crate::policy::tests::{CITY, IDENTITY, RESIDENCE, compile, identity, policy, presented, report};
use crate::policy::{PolicyOutcome, PresentationPolicy};
use crate::report::{Holder, Report};
use crate::store::RequestId;

const REGISTRY: &str = "https://registry.example";

fn time(text: &str) -> UnixTime {
    UnixTime::parse_rfc3339(text).unwrap()
}

fn claim(from: Value, claims: Value) -> Option<Value> {
    let source: ClaimSource = serde_json::from_value(from).unwrap();
    let today = day(time("2026-11-28T12:00:00Z"), 0);
    source.value(claims.as_object().unwrap(), today)
}

/// Each source on the claims of each format.
#[test]
fn each_source_makes_its_claim() {
    let sd_jwt = json!({
        "given_name": " Amina ", "family_name": "Yusuf", "birthdate": "1998-03-09", "number": 42,
        "address": {"formatted": "1 Rue A\nCity", "street": "1 Rue A", "empty": ""},
        "nationalities": ["MAR", "FRA"], "nothing": null,
    });
    let of_sd_jwt = |from: Value| claim(from, sd_jwt.clone());
    assert_eq!(
        of_sd_jwt(json!({"value": ["address", "formatted"]})),
        Some(json!("1 Rue A\nCity"))
    );
    assert_eq!(
        of_sd_jwt(json!({"value": ["nationalities"]})),
        Some(json!(["MAR", "FRA"]))
    );
    assert_eq!(of_sd_jwt(json!({"value": ["nothing"]})), None);
    assert_eq!(of_sd_jwt(json!({"text": ["given_name"]})), Some(json!("Amina")));
    assert_eq!(of_sd_jwt(json!({"text": ["number"]})), Some(json!("42")));
    assert_eq!(of_sd_jwt(json!({"text": ["address"]})), None);
    assert_eq!(
        of_sd_jwt(json!({"list": ["nationalities"]})),
        Some(json!(["MAR", "FRA"]))
    );
    assert_eq!(
        of_sd_jwt(json!({"list": ["nationalities", null]})),
        Some(json!(["MAR", "FRA"]))
    );
    assert_eq!(
        of_sd_jwt(json!({"list": ["given_name"]})),
        Some(json!([" Amina "]))
    );
    assert_eq!(of_sd_jwt(json!({"list": ["absent"]})), None);
    assert_eq!(
        of_sd_jwt(json!({"joined": {"paths": [["given_name"], ["absent"], ["family_name"]]}})),
        Some(json!("Amina Yusuf"))
    );
    assert_eq!(
        of_sd_jwt(
            json!({"address": {"formatted": [["address", "formatted"]], "street_address": [["address", "street"], ["number"]],
            "locality": [["address", "empty"]], "country": [["absent"]]}})
        ),
        Some(json!({"formatted": "1 Rue A\nCity", "street_address": "1 Rue A\n42"}))
    );
    assert_eq!(of_sd_jwt(json!({"address": {"locality": [["absent"]]}})), None);

    let mdoc = json!({"org.iso.18013.5.1": {"sex": 2, "birth_date": "1998-03-09", "age_over_18": true, "nationality": "MA"}});
    let of_mdoc = |from: Value| claim(from, mdoc.clone());
    let element = |name: &str| json!(["org.iso.18013.5.1", name]);
    assert_eq!(
        of_mdoc(json!({"gender": {"path": element("sex"), "codes": "iso_5218"}})),
        Some(json!("female"))
    );
    assert_eq!(
        of_mdoc(json!({"list": element("nationality")})),
        Some(json!(["MA"]))
    );
    assert_eq!(
        of_mdoc(json!({"date": element("birth_date")})),
        Some(json!("1998-03-09"))
    );

    let w3c = json!({"credentialSubject": {"fullName": [
        {"@value": "أمينة", "@language": "ar"}, {"@value": "Amina", "@language": "en"}, "plain"]}});
    let in_language = |language: &str| {
        claim(
            json!({"language": {"path": ["credentialSubject", "fullName"], "language": language}}),
            w3c.clone(),
        )
    };
    assert_eq!(in_language("ar"), Some(json!("أمينة")));
    assert_eq!(in_language("en"), Some(json!("Amina")));
    assert_eq!(in_language("fr"), None);

    let card = json!({"gender": "Male", "date_of_birth": "1998-03-09"});
    let of_card = |from: Value| claim(from, card.clone());
    assert_eq!(
        of_card(json!({"gender": {"path": ["gender"], "codes": "words"}})),
        Some(json!("male"))
    );
}

#[test]
fn dates_are_read_as_credentials_write_them() {
    let date = |text: Value| claim(json!({"date": ["d"]}), json!({ "d": text }));
    for same in ["1998-03-09", "1998/03/09", "19980309", "1998-03-09T00:00:00Z"] {
        assert_eq!(date(json!(same)), Some(json!("1998-03-09")), "{same}");
    }
    assert_eq!(date(json!(19_980_309)), Some(json!("1998-03-09")));
    for none in ["1998-02-30", "09/03/1998", "1998", "", "199803091", "1998-3-9"] {
        assert_eq!(date(json!(none)), None, "{none}");
    }
}

#[test]
fn genders_are_words() {
    let gender = |codes: &str, written: Value| {
        claim(
            json!({"gender": {"path": ["g"], "codes": codes}}),
            json!({ "g": written }),
        )
    };
    assert_eq!(gender("iso_5218", json!(1)), Some(json!("male")));
    assert_eq!(gender("iso_5218", json!("2")), Some(json!("female")));
    for nothing in [0, 9, 3] {
        assert_eq!(gender("iso_5218", json!(nothing)), None);
    }
    assert_eq!(gender("words", json!("F")), Some(json!("female")));
    assert_eq!(gender("words", json!("Other")), Some(json!("other")));
    assert_eq!(gender("words", json!("1")), Some(json!("1")));
}

#[test]
fn what_was_true_at_issuance_is_true_still_and_a_birthday_outlives_a_no() {
    let over = |claims: Value| {
        claim(
            json!({"age_over": {"years": 18, "claims": [["over18"]], "birth_date": ["born"]}}),
            claims,
        )
    };
    assert_eq!(over(json!({"over18": true})), Some(json!(true)));
    assert_eq!(over(json!({"over18": false})), Some(json!(false)));
    assert_eq!(
        over(json!({"over18": false, "born": "2008-11-28"})),
        Some(json!(true))
    );
    assert_eq!(over(json!({"born": "2008-11-29"})), Some(json!(false)));
    assert_eq!(over(json!({"born": "soon"})), None);
    assert_eq!(over(json!({})), None);
}

fn mapped(claims: Value) -> Value {
    identity(json!({
        "keep_claims": [["given_name"], ["born"], ["lines"]],
        "verified_claims": {"claims": claims},
    }))
}

fn refusal(claims: Value) -> String {
    compile(json!({ "credentials": [mapped(claims)] })).unwrap_err()
}

#[test]
fn a_mapping_is_refused_with_the_offending_key() {
    let place = "credentials[0].verified_claims";
    let name = json!({"claim": "given_name", "from": {"value": ["given_name"]}});
    compile(json!({ "credentials": [mapped(json!([name]))] })).unwrap();
    assert_eq!(refusal(json!([])), format!("{place}.claims: names no claims"));
    for reserved in ["sub", "iss", "verified_claims", "", "given name"] {
        let claims = json!([name, {"claim": reserved, "from": {"value": ["given_name"]}}]);
        assert_eq!(
            refusal(claims),
            format!("{place}.claims[1].claim: is no name of a claim about a person")
        );
    }
    for (from, expected) in [
        (
            json!({"value": ["family_name"]}),
            "from: reads a claim that keep_claims does not keep as a whole",
        ),
        (json!({"joined": {"paths": []}}), "from: names no path"),
        (
            json!({"joined": {"paths": [["born"]], "separator": "123456789"}}),
            "from.joined.separator: must be 1 to 8 characters",
        ),
        (
            json!({"age_over": {"years": 0, "birth_date": ["born"]}}),
            "from.age_over.years: must be from 1 to 150",
        ),
        (
            json!({"age_over": {"years": 18}}),
            "from.age_over: names neither claims nor birth_date",
        ),
        (
            json!({"language": {"path": ["lines"], "language": ""}}),
            "from.language.language: must be 1 to 64 characters",
        ),
        (json!({"address": {}}), "from: names no path"),
    ] {
        let refused = refusal(json!([{"claim": "claim", "from": from}]));
        assert_eq!(refused, format!("{place}.claims[0].{expected}"));
    }
    let too_many: Vec<_> = (0..65).map(|_| name.clone()).collect();
    assert_eq!(refusal(json!(too_many)), format!("{place}.claims: at most 64"));
    for unknown in [
        json!({"template": "x"}),
        json!({"value": ["a"], "text": ["a"]}),
        json!({"gender": {"path": ["a"]}}),
    ] {
        assert!(
            compile(json!({ "credentials": [mapped(json!([{"claim": "claim", "from": unknown}]))] }))
                .is_err()
        );
    }
    let with = |more: Value| {
        let mut credential = mapped(json!([name]));
        for (key, value) in more.as_object().unwrap() {
            credential["verified_claims"][key] = value.clone();
        }
        compile(json!({ "credentials": [credential] }))
    };
    assert_eq!(
        with(json!({"country_code": "ma"})).unwrap_err(),
        format!("{place}.country_code: must be three capital letters")
    );
    assert_eq!(
        with(json!({"document_number": ["given_name"]})).unwrap_err(),
        format!("{place}.document_number: belongs to evidence = \"document\"")
    );
    assert_eq!(
        with(json!({"evidence": "document", "document_number": ["number"]})).unwrap_err(),
        format!("{place}.document_number: reads a claim that keep_claims does not keep as a whole")
    );
    assert_eq!(
        with(json!({"type": ""})).unwrap_err(),
        format!("{place}.type: must be 1 to 64 characters")
    );
    with(json!({"evidence": "document", "document_number": ["given_name"], "country_code": "MAR", "type": "idcard"})).unwrap();
}

/// Of an array of which single elements are kept the others are gone, and nobody knows which is the first.
#[test]
fn single_elements_of_an_array_are_not_kept_as_a_whole() {
    let with = |keep: Value| {
        let mut credential = mapped(json!([{"claim": "first", "from": {"value": ["lines", 1]}}]));
        credential["keep_claims"] = keep;
        compile(json!({ "credentials": [credential] }))
    };
    with(json!([["lines"]])).unwrap();
    assert!(with(json!([["lines", 1]])).is_err());
    assert!(with(json!([["lines", null]])).is_err());
}

#[test]
fn verified_claims_are_one_persons_by_the_rules_of_a_framework() {
    let mut anybodys = mapped(json!([{"claim": "given_name", "from": {"value": ["given_name"]}}]));
    anybodys["binding"] = json!("none");
    assert_eq!(
        compile(json!({ "credentials": [anybodys] })).unwrap_err(),
        "credentials[0].verified_claims.claims: are somebody's, and binding = \"none\" does not say whose"
    );
    let one = mapped(json!([{"claim": "given_name", "from": {"value": ["given_name"]}}]));
    let mut other = one.clone();
    other["id"] = json!("other");
    let several = json!({"combined": "several_people", "credentials": [one, other]});
    assert_eq!(
        compile(several).unwrap_err(),
        "credentials[1].verified_claims: is the second of a policy whose credentials may be several people's"
    );
}

/// A policy about the identity, and the residence where the holder shows it.
fn customer() -> PresentationPolicy {
    policy(json!({"credentials": [
        identity(json!({
            "claims": [{"path": ["given_name"]}, {"path": ["born"]}],
            "keep_claims": [["given_name"], ["born"], ["number"]],
            "verified_claims": {
                "evidence": "document", "type": "idcard", "country_code": "MAR", "document_number": ["number"],
                "claims": [
                    {"claim": "given_name", "from": {"text": ["given_name"]}},
                    {"claim": "birthdate", "from": {"date": ["born"]}},
                    {"claim": "birthdate", "from": {"date": ["given_name"]}},
                ],
            },
        })),
        {
            "id": "residence", "format": "dc+sd-jwt", "types": [RESIDENCE], "binding": "key", "presence": "optional",
            "claims": [{"path": ["city"]}], "keep_claims": [["city"]],
            "verified_claims": {"claims": [{"claim": "address", "from": {"address": {"locality": [["city"]]}}}]},
        },
    ]}))
}

fn held(identifier: &str, credential_type: &str, claims: Value) -> Report {
    let mut report = report(credential_type, identifier, claims);
    report.shown.validity.issued_at = Some(time("2026-01-02T03:04:05Z"));
    report.shown.validity.expires = Some(time("2027-01-02T03:04:05Z"));
    report
}

fn amina() -> Report {
    held(
        REGISTRY,
        IDENTITY,
        json!({"given_name": "Amina", "born": "1998/03/09", "number": "X1", "secret": "s"}),
    )
}

fn make(policy: &PresentationPolicy, reports: &[(&str, Report)]) -> Vec<VerifiedClaims> {
    let reports = presented(reports);
    let decision = policy.decide(&reports, AnswerCheck::AsAsked, time("2026-11-28T12:00:00Z"));
    policy.verified_claims(PresentedEvidence {
        request: &RequestId::parse("request-1").unwrap(),
        reports: &policy.keep(reports),
        decision: &decision,
    })
}

#[test]
fn a_presentation_becomes_a_set_of_claims_for_each_credential_with_its_evidence() {
    let policy = customer();
    let residence = held(CITY, RESIDENCE, json!({"city": "Fès"}));
    let made = make(&policy, &[("identity", amina()), ("residence", residence)]);
    let at = "2026-11-28T12:00:00Z";
    // The reports of these tests were made at one time; the decision later.
    let verified_at = amina().verified_at.rfc3339();
    let checks = json!([
        {"check_method": "vcrypt", "check_id": "request-1", "time": verified_at},
        {"check_method": "data", "check_id": "request-1", "time": verified_at},
        {"check_method": "token", "check_id": "request-1", "time": verified_at},
    ]);
    assert_eq!(
        VerifiedClaims::all(&made).unwrap(),
        json!([
            {
                "verification": {
                    "trust_framework": "example", "assurance_level": "high", "time": at, "verification_process": "request-1",
                    "evidence": [{
                        "type": "document", "check_details": checks,
                        "document_details": {
                            "type": "idcard", "document_number": "X1", "date_of_issuance": "2026-01-02",
                            "date_of_expiry": "2027-01-02", "issuer": {"name": REGISTRY, "country_code": "MAR"},
                        },
                    }],
                },
                "claims": {"given_name": "Amina", "birthdate": "1998-03-09"},
            },
            {
                "verification": {
                    "trust_framework": "example", "time": at, "verification_process": "request-1",
                    "evidence": [{
                        "type": "electronic_record", "check_details": checks,
                        "record": {
                            "type": RESIDENCE, "created_at": "2026-01-02T03:04:05Z", "date_of_expiry": "2027-01-02",
                            "source": {"name": CITY},
                        },
                    }],
                },
                "claims": {"address": {"locality": "Fès"}},
            },
        ])
    );
    let request = VerifiedClaimsRequest::parse(&json!({
        "verification": {"assurance_level": {"value": "high"}}, "claims": {"birthdate": null, "address": null},
    }));
    let answer = request.unwrap().fulfil(&made, time(at)).unwrap();
    assert_eq!(answer["claims"], json!({"birthdate": "1998-03-09"}));
    let support = policy.verified_claims_support().unwrap();
    assert_eq!(support.trust_framework, "example");
    assert_eq!(
        Vec::from_iter(support.claims),
        ["address", "birthdate", "given_name"]
    );
    assert_eq!(Vec::from_iter(support.documents), ["idcard"]);
    assert_eq!(
        Vec::from_iter(support.evidence),
        ["document", "electronic_record"]
    );
}

#[test]
fn what_the_issuer_does_not_say_is_left_out_of_the_evidence() {
    let mut report = amina();
    report.shown = crate::report::Shown::default();
    report.as_of = None;
    report.status.state = crate::report::Status::WithoutStatus;
    let made = serde_json::to_value(make(&customer(), &[("identity", report)])).unwrap();
    let evidence = &made[0]["verification"]["evidence"][0];
    assert_eq!(evidence["document_details"].get("date_of_issuance"), None);
    let methods: Vec<_> = evidence["check_details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| &check["check_method"])
        .collect();
    assert_eq!(methods, ["vcrypt", "token"]);
}

#[test]
fn nothing_is_verified_by_a_presentation_that_does_not_satisfy() {
    let policy = customer();
    assert_eq!(make(&policy, &[("identity", amina())]).len(), 1);
    let mut revoked = amina();
    revoked.status.state = crate::report::Status::Revoked;
    let mut unknown = amina();
    unknown.status.state = crate::report::Status::Unknown;
    let mut unbound = amina();
    unbound.holder.state = Holder::NotBound;
    let without = held(REGISTRY, IDENTITY, json!({"given_name": "Amina"}));
    for report in [revoked, unknown, unbound, without] {
        assert_eq!(make(&policy, &[("identity", report)]), []);
    }
    assert_eq!(make(&policy, &[]), []);
    // Until a person has compared the face, nobody is known to be whom it shows.
    let by_face = policy_by_face();
    let mut with_photo = amina();
    with_photo.holder.state = Holder::CompareByEye;
    with_photo.photo = Some(crate::policy::tests::photo());
    let reports = presented(&[("identity", with_photo)]);
    let decision = by_face.decide(&reports, AnswerCheck::AsAsked, time("2026-11-28T12:00:00Z"));
    assert_eq!(decision.outcome, PolicyOutcome::FaceToCompare);
    let made = by_face.verified_claims(PresentedEvidence {
        request: &RequestId::parse("r").unwrap(),
        reports: &by_face.keep(reports),
        decision: &decision,
    });
    assert_eq!(made, []);
}

fn policy_by_face() -> PresentationPolicy {
    policy(json!({"credentials": [identity(json!({
        "binding": "face", "keep_photo": true, "claims": [{"path": ["given_name"]}], "keep_claims": [["given_name"]],
        "verified_claims": {"claims": [{"claim": "given_name", "from": {"text": ["given_name"]}}]},
    }))]}))
}

/// What another policy has decided says nothing about this one.
#[test]
fn the_decision_of_another_policy_makes_no_verified_claims() {
    let policy = customer();
    let reports = presented(&[("identity", amina())]);
    let mut decision = policy.decide(&reports, AnswerCheck::AsAsked, time("2026-11-28T12:00:00Z"));
    decision.policy = crate::name::PolicyName::parse("other").unwrap();
    let made = policy.verified_claims(PresentedEvidence {
        request: &RequestId::parse("r").unwrap(),
        reports: &policy.keep(reports),
        decision: &decision,
    });
    assert_eq!(made, []);
}

/// The policy of the documentation reads, and a file in TOML can say everything.
#[test]
fn a_mapping_of_every_source_survives_its_file() {
    let claims = json!([
        {"claim": "a", "from": {"value": ["lines"]}}, {"claim": "b", "from": {"text": ["lines"]}},
        {"claim": "c", "from": {"language": {"path": ["lines"], "language": "en"}}}, {"claim": "d", "from": {"list": ["lines"]}},
        {"claim": "e", "from": {"date": ["born"]}}, {"claim": "f", "from": {"gender": {"path": ["lines"], "codes": "words"}}},
        {"claim": "g", "from": {"age_over": {"years": 18, "birth_date": ["born"]}}},
        {"claim": "h", "from": {"joined": {"paths": [["born"]], "separator": ", "}}},
        {"claim": "i", "from": {"address": {"country": [["lines"]]}}},
    ]);
    let document: VerifiedClaimsDocument =
        serde_json::from_value(json!({"evidence": "document", "claims": claims})).unwrap();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(
        serde_json::from_str::<VerifiedClaimsDocument>(&text).unwrap(),
        document
    );
    compile(json!({ "credentials": [mapped(claims)] })).unwrap();
}
