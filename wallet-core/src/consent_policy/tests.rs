use serde_json::{Value, json};

use super::*;

fn check(document: &Value) -> Result<ConsentPolicy, ConsentPolicyError> {
    ConsentPolicy::check(serde_json::from_value(document.clone()).unwrap())
}

fn whole() -> Value {
    json!({
        "version": 1,
        "people": [{"address": "ward", "person": "Binta", "passphrase_file": "binta"}],
        "waiting": {"seconds": 600, "requests": 5},
        "presentations": {"otherwise": "hold", "over_asking": "refuse", "rules": [{
            "name": "age", "person": "ward",
            "verifier": {"names": ["Clinic"], "prefixes": ["x509_hash"]},
            "purposes": ["Treatment"],
            "credentials": [{"type": "urn:identity", "claims": [["age_over_18"]]}],
            "transaction_types": ["urn:payment"], "answers_for_anybody": true, "authorises_for_anybody": true,
            "spent_copies": "shown_again", "decision": "share",
        }]},
        "offers": {"rules": [{
            "name": "registry", "issuers": ["https://issuer.example"], "receives_for_anybody": true, "decision": "receive",
        }]},
    })
}

#[test]
fn a_policy_without_rules_refuses_everything() {
    let policy = check(&json!({"version": 1})).unwrap();
    assert_eq!(policy.over_asking(), Otherwise::Refuse);
    assert_eq!(policy.waiting_time(), Duration::from_secs(3600));
    assert!(check(&whole()).is_ok());
}

#[test]
fn each_key_that_cannot_be_used_is_named() {
    use ConsentPolicyDefect as Defect;
    let rule = "/presentations/rules/0";
    for (pointer, value, key, defect) in [
        (
            "/presentations/rules/0/answers_for_anybody",
            json!(false),
            "presentations.rules[0].authorises_for_anybody",
            Defect::AnswersNobody,
        ),
        (
            "/offers/rules/0/decision",
            json!("hold"),
            "offers.rules[0].receives_for_anybody",
            Defect::NothingToSay,
        ),
        ("/version", json!(2), "version", Defect::Version),
        (
            "/waiting/seconds",
            json!(59),
            "waiting.seconds",
            Defect::OutOfRange,
        ),
        (
            "/waiting/seconds",
            json!(86_401),
            "waiting.seconds",
            Defect::OutOfRange,
        ),
        (
            "/waiting/requests",
            json!(0),
            "waiting.requests",
            Defect::OutOfRange,
        ),
        (
            "/people",
            json!([
                {"address": "ward", "person": "A", "passphrase_file": "a"},
                {"address": "ward", "person": "B", "passphrase_file": "b"},
            ]),
            "people[1].address",
            Defect::Twice,
        ),
        (
            &format!("{rule}/name"),
            json!(" "),
            "presentations.rules[0].name",
            Defect::Empty,
        ),
        (
            &format!("{rule}/person"),
            json!("other"),
            "presentations.rules[0].person",
            Defect::UnknownPerson,
        ),
        (
            &format!("{rule}/verifier"),
            json!({}),
            "presentations.rules[0].verifier",
            Defect::NamesNobody,
        ),
        (
            &format!("{rule}/verifier"),
            json!({"prefixes": ["redirect_uri"]}),
            "presentations.rules[0].verifier.prefixes",
            Defect::NamesAnybody,
        ),
        (
            &format!("{rule}/verifier"),
            json!({"client_ids": ["x509_hash:short"]}),
            "presentations.rules[0].verifier.client_ids[0]",
            Defect::ClientId,
        ),
        (
            &format!("{rule}/credentials"),
            json!([]),
            "presentations.rules[0].credentials",
            Defect::Empty,
        ),
        (
            &format!("{rule}/credentials/0/all_claims"),
            json!(true),
            "presentations.rules[0].credentials[0].claims",
            Defect::Contradiction,
        ),
        (
            "/offers/rules/0/issuers",
            json!([]),
            "offers.rules[0].issuers",
            Defect::NamesNobody,
        ),
    ] {
        let mut document = whole();
        match document.pointer_mut(pointer) {
            Some(place) => *place = value,
            // The one member that is left out by default.
            None => document["presentations"]["rules"][0]["credentials"][0]["all_claims"] = value,
        }
        let expected = ConsentPolicyError {
            key: key.to_owned(),
            defect,
        };
        assert_eq!(check(&document), Err(expected), "{pointer}");
    }
    let mut twice = whole();
    let rule = twice["offers"]["rules"][0].clone();
    twice["offers"]["rules"].as_array_mut().unwrap().push(rule);
    assert_eq!(check(&twice).unwrap_err().key, "offers.rules[1].name");
}

/// A rule that holds or refuses answers nobody and shows nothing, so that what it says of that would mislead.
#[test]
fn what_only_a_rule_that_shares_can_say_is_refused_elsewhere() {
    for (left, key) in [
        (
            "answers_for_anybody",
            "presentations.rules[0].answers_for_anybody",
        ),
        ("spent_copies", "presentations.rules[0].spent_copies"),
    ] {
        let mut document = whole();
        let rule = document["presentations"]["rules"][0].as_object_mut().unwrap();
        for name in ["answers_for_anybody", "authorises_for_anybody", "spent_copies"] {
            if name != left {
                rule.remove(name);
            }
        }
        rule.insert("decision".to_owned(), json!("hold"));
        let expected = ConsentPolicyError {
            key: key.to_owned(),
            defect: ConsentPolicyDefect::NothingToSay,
        };
        assert_eq!(check(&document), Err(expected), "{left}");
    }
}

#[test]
fn a_key_that_is_not_known_is_an_error() {
    for (place, key) in [
        ("", "otherwise"),
        ("/presentations", "overasking"),
        ("/presentations/rules/0/verifier", "name"),
    ] {
        let mut document = whole();
        document.pointer_mut(place).unwrap()[key] = json!("x");
        assert!(
            serde_json::from_value::<ConsentPolicyDocument>(document).is_err(),
            "{place}/{key}"
        );
    }
    for address in ["", "Ward", "a/b", "a b", &"a".repeat(65)] {
        assert!(address.parse::<PersonAddress>().is_err(), "{address}");
    }
}
