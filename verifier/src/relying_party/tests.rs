use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_crypto::testing::SeededRandomness;

use super::*;
use crate::name::RelyingPartyName;

fn check(more: Value) -> Result<(), String> {
    let mut document = json!({"name": "First Bank", "policies": ["open-account"]});
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    let party: RelyingParty = serde_json::from_value(document).map_err(|error| error.to_string())?;
    let knows = |policy: &PolicyName| policy.as_str() == "open-account";
    party
        .check(knows, 3_600, WebhookUrls::Public)
        .map_err(|error| error.to_string())
}

#[test]
fn each_mistake_is_named_by_its_key() {
    assert_eq!(check(json!({})), Ok(()));
    for (more, key) in [
        (json!({"nam": "x"}), "nam"),
        (json!({"name": ""}), "name: "),
        (json!({"purpose": "a\u{7}"}), "purpose: "),
        (json!({"policies": ["other"]}), "policies[0]: "),
        (
            json!({"policies": ["open-account", "open-account"]}),
            "policies[1]: ",
        ),
        (json!({"policies": ["../x"]}), "a name is"),
        (
            json!({"result_retention_seconds": 3_601}),
            "result_retention_seconds: ",
        ),
        (json!({"requests_per_minute": 0}), "requests_per_minute: "),
        (json!({"requests_per_day": 0}), "requests_per_day: "),
        (
            json!({"webhook": {"url": "http://bank.example/"}}),
            "webhook.url: ",
        ),
        (json!({"webhook": {"url": "http://127.0.0.1/"}}), "webhook.url: "),
        (
            json!({"webhook": {"url": "https://a@bank.example/"}}),
            "webhook.url: ",
        ),
        (json!({"own_queries": "perhaps"}), "perhaps"),
        (json!({"origins": ["https://bank.example/page"]}), "not an origin"),
        (
            json!({"origins": ["https://bank.example", "http://127.0.0.1:1"]}),
            "origins[1]: ",
        ),
    ] {
        let refused = check(more).unwrap_err();
        assert!(refused.contains(key), "{key} in {refused}");
    }
}

#[test]
fn nothing_is_permitted_that_nobody_permitted() {
    let party: RelyingParty = serde_json::from_value(json!({"name": "First Bank"})).unwrap();
    assert_eq!(party.own_queries, Permission::Refused);
    assert_eq!(party.posted_verification, Permission::Refused);
    assert!(!party.may_use(&PolicyName::parse("open-account").unwrap()));
}

#[test]
fn a_key_is_known_by_its_digest_alone() {
    let bank = RelyingPartyName::parse("bank").unwrap();
    let key = ApiKey::make(&SeededRandomness::new(1)).unwrap();
    let other = ApiKey::make(&SeededRandomness::new(2)).unwrap();
    let record = key.record(bank, UnixTime::from_seconds(7));
    let stored = serde_json::to_string(&record).unwrap();
    assert!(!stored.contains(&key.expose()["symbolon_rp_".len() + 16..]));
    let again = ApiKey::parse(key.expose()).unwrap();
    assert_eq!(again.id(), key.id());
    assert!(record.is_of(&again));
    assert!(!record.is_of(&other));
    // The same public part with another secret.
    let mut forged = key.expose().to_owned();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    assert!(!record.is_of(&ApiKey::parse(&forged).unwrap()));
}

#[test]
fn what_is_no_key_is_refused() {
    let key = ApiKey::make(&SeededRandomness::new(1)).unwrap();
    let text = key.expose();
    for wrong in [
        "",
        "symbolon_rp_",
        &text[1..],
        &text[..text.len() - 1],
        &format!("{text}A"),
        &text.replace("symbolon_rp_", "symbolon_rp_é"),
        &format!("{}=", &text[..text.len() - 1]),
    ] {
        assert!(ApiKey::parse(wrong).is_err(), "{wrong}");
    }
}
