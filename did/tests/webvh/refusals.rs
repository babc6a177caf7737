//! One wrong log for each rule ([§3.6.2](https://identity.foundation/didwebvh/v1.0/#read-resolve)). The signatures are right
//! wherever the rule is another one.

use proptest::prelude::*;
use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_did::Did;
use symbolon_did::webvh::{WebvhError, WebvhLog, verify_webvh_log};

use crate::controller::{Log, PROVIDER, Signer, multihash, now, object, time};

fn keys(signers: &[&Signer]) -> Value {
    let keys: Vec<String> = signers.iter().map(|signer| signer.multikey()).collect();
    json!({ "updateKeys": keys })
}

fn with(mut parameters: Value, more: Value) -> Value {
    parameters.as_object_mut().unwrap().extend(object(more));
    parameters
}

/// A log of one entry.
fn simple() -> (Log, Signer) {
    let signer = Signer::new(1);
    (Log::begin(keys(&[&signer]), &signer), signer)
}

#[test]
fn a_plain_log_verifies() {
    let (mut log, signer) = simple();
    log.update(json!({}), &signer);
    assert!(matches!(log.verify(), Ok(WebvhLog::Verified(history)) if history.versions().len() == 2));
}

#[test]
fn refuses_another_identifier_and_a_first_entry_that_was_changed() {
    let (log, _) = simple();
    let (other, _) = {
        let signer = Signer::new(2);
        (Log::begin(keys(&[&signer]), &signer), signer)
    };
    let result = verify_webvh_log(&other.did(), &log.bytes(), now(), &PROVIDER);
    assert_eq!(result, Err(WebvhError::Scid));
    let elsewhere = Did::parse(&format!("did:webvh:{}:example.org", log.scid())).unwrap();
    let result = verify_webvh_log(&elsewhere, &log.bytes(), now(), &PROVIDER);
    assert_eq!(result, Err(WebvhError::NeverThisDid));
    let (mut changed, _) = simple();
    changed.entries[0]["state"]["service"] = json!([]);
    assert_eq!(changed.refused(), WebvhError::Scid);
    let (log, _) = simple();
    let not_webvh = Did::parse("did:web:example.com").unwrap();
    assert!(matches!(
        verify_webvh_log(&not_webvh, &log.bytes(), now(), &PROVIDER),
        Err(WebvhError::NotDidWebvh(_))
    ));
}

#[test]
fn refuses_numbers_with_gaps_and_hashes_that_do_not_chain() {
    let (mut log, signer) = simple();
    log.update(json!({}), &signer);
    log.update(json!({}), &signer);
    let mut gap = Log::begin(keys(&[&signer]), &signer);
    gap.entries = vec![log.entries[0].clone(), log.entries[2].clone()];
    assert_eq!(gap.refused(), WebvhError::VersionId { entry: 2 });
    let hash = log.version_id(2)[2..].to_owned();
    for wrong in [
        format!("02-{hash}"),
        format!("2--{hash}"),
        format!("2{hash}"),
        hash.clone(),
    ] {
        let mut renamed = Log::begin(keys(&[&signer]), &signer);
        renamed.update(json!({}), &signer);
        renamed.entries[1]["versionId"] = json!(wrong);
        renamed.sign_again(2, &signer, signer.options());
        assert_eq!(renamed.refused(), WebvhError::VersionId { entry: 2 }, "{wrong}");
    }
    log.entries[1]["state"]["service"] = json!([]);
    log.sign_again(2, &signer, signer.options());
    assert_eq!(log.refused(), WebvhError::EntryHash { entry: 2 });
}

#[test]
fn refuses_times_that_do_not_go_forward_or_are_not_in_utc() {
    let at = |text: &str| {
        let (mut log, signer) = simple();
        let state = log.entries[0]["state"].clone();
        log.push(
            json!({"versionTime": text, "parameters": {}, "state": state}),
            &signer,
        );
        log.verify().map(drop)
    };
    assert_eq!(at("2026-01-01T00:00:00.5Z"), Ok(()));
    assert_eq!(at("2026-06-01T00:00:00+00:00"), Ok(()));
    for wrong in [
        time(0).as_str(),
        "2026-01-01T00:00:00.000Z",
        "2025-12-31T23:59:59Z",
        "2026-06-01T00:00:00",
        "2026-06-01T00:00:00+02:00",
        "2026-06-01",
        "",
    ] {
        assert_eq!(at(wrong), Err(WebvhError::VersionTime { entry: 2 }), "{wrong}");
    }
    // Five minutes are allowed for a clock that is ahead.
    assert_eq!(at("2026-12-31T00:05:00Z"), Ok(()));
    assert_eq!(
        at("2026-12-31T00:05:01Z"),
        Err(WebvhError::FromTheFuture { entry: 2 })
    );
}

#[test]
fn refuses_proofs_by_other_keys_of_other_kinds_or_none() {
    let (_, signer) = simple();
    let stranger = Signer::new(9);
    let changed = |change: &dyn Fn(&mut Value)| {
        let (mut log, signer) = simple();
        let mut options = signer.options();
        change(&mut options);
        log.sign_again(1, &signer, options);
        log.refused()
    };
    let unauthorized = WebvhError::Unauthorized { entry: 1 };
    for (name, value) in [
        ("type", json!("Ed25519Signature2020")),
        ("cryptosuite", json!("ecdsa-jcs-2019")),
        ("cryptosuite", json!("eddsa-rdfc-2022")),
        ("proofPurpose", json!("authentication")),
        ("@context", json!([])),
        ("expires", json!("2026-06-01T00:00:00Z")),
        ("verificationMethod", json!("#key")),
        (
            "verificationMethod",
            json!(format!("{}#{}", stranger.did(), signer.multikey())),
        ),
        (
            "verificationMethod",
            json!(format!("{}#{}", signer.did(), stranger.multikey())),
        ),
        (
            "verificationMethod",
            json!(format!("{}#{}", stranger.did(), stranger.multikey())),
        ),
    ] {
        assert_eq!(
            changed(&|options| options[name] = value.clone()),
            unauthorized,
            "{name} {value}"
        );
    }
    for missing in ["type", "cryptosuite", "proofPurpose", "verificationMethod"] {
        let without = |options: &mut Value| drop(options.as_object_mut().unwrap().remove(missing));
        assert_eq!(changed(&without), unauthorized, "{missing}");
    }
    let (mut log, _) = simple();
    log.entries[0]["proof"] = json!([]);
    assert_eq!(log.refused(), unauthorized);
    log.entries[0].as_object_mut().unwrap().remove("proof");
    assert_eq!(log.refused(), unauthorized);
    // A stranger who signs in the name of the key.
    log.sign_again(1, &stranger, signer.options());
    assert_eq!(log.refused(), WebvhError::Signature { entry: 1 });
    // A key of another kind, in the list of keys.
    let p256 = Signer::of(3, SignatureAlgorithm::Es256);
    assert_eq!(Log::begin(keys(&[&p256]), &p256).refused(), unauthorized);
}

#[test]
fn a_new_key_signs_only_after_the_entry_that_brings_it() {
    let (first, second) = (Signer::new(1), Signer::new(2));
    let mut log = Log::begin(keys(&[&first]), &first);
    log.update(keys(&[&second]), &first);
    log.update(json!({}), &second);
    assert!(log.verify().is_ok());
    log.update(json!({}), &first);
    assert_eq!(log.refused(), WebvhError::Unauthorized { entry: 4 });
    let mut early = Log::begin(keys(&[&first]), &first);
    early.update(keys(&[&second]), &second);
    assert_eq!(early.refused(), WebvhError::Unauthorized { entry: 2 });
    let mut nobody = Log::begin(keys(&[&first]), &first);
    nobody.update(json!({"updateKeys": []}), &first);
    assert!(nobody.verify().is_ok());
    nobody.update(json!({}), &first);
    assert_eq!(nobody.refused(), WebvhError::Unauthorized { entry: 3 });
}

#[test]
fn under_pre_rotation_every_key_was_announced_by_the_entry_before() {
    let [first, second, third] = [1, 2, 3].map(Signer::new);
    let begin = || {
        Log::begin(
            with(
                keys(&[&first]),
                json!({"nextKeyHashes": [second.hash(), multihash("unused")]}),
            ),
            &first,
        )
    };
    let next = |parameters: Value, signer: &Signer| {
        let mut log = begin();
        log.update(parameters, signer);
        log.verify().map(drop)
    };
    let announced =
        |signers: &[&Signer], hashes: Value| with(keys(signers), json!({ "nextKeyHashes": hashes }));
    assert_eq!(
        next(announced(&[&second], json!([third.hash()])), &second),
        Ok(())
    );
    // Turned off, and from the next entry on the keys of the entry before sign.
    let mut off = begin();
    off.update(announced(&[&second], json!([])), &second);
    off.update(keys(&[&third]), &second);
    assert!(off.verify().is_ok());
    let refused = Err(WebvhError::PreRotation { entry: 2 });
    assert_eq!(next(json!({}), &first), refused);
    assert_eq!(next(json!({"nextKeyHashes": [third.hash()]}), &first), refused);
    assert_eq!(next(keys(&[&second]), &second), refused);
    assert_eq!(next(announced(&[&third], json!([])), &third), refused);
    assert_eq!(next(announced(&[&first], json!([])), &first), refused);
    assert_eq!(next(announced(&[&second, &first], json!([])), &second), refused);
    // The key that announced may not sign for the one that it announced.
    assert_eq!(
        next(announced(&[&second], json!([])), &first),
        Err(WebvhError::Unauthorized { entry: 2 })
    );
}

#[test]
fn the_document_of_every_entry_carries_the_identifier_of_the_log() {
    let (log, signer) = simple();
    let state = |id: String| json!({ "id": id });
    let other = Log::begin(keys(&[&Signer::new(5)]), &Signer::new(5));
    for wrong in [
        format!("did:webvh:{}:example.com", other.scid()),
        "did:web:example.com".to_owned(),
        format!("did:webvh:{}:127.0.0.1", log.scid()),
        format!("did:webvh:{}:example.com#fragment", log.scid()),
        String::new(),
    ] {
        let (mut log, _) = simple();
        log.update_to(json!({}), state(wrong.clone()), &signer);
        assert_eq!(log.refused(), WebvhError::OtherDid { entry: 2 }, "{wrong}");
    }
    let swapped = json!({"id": format!("did:webvh:{}:example.com", other.scid())});
    let log = Log::begin_with(keys(&[&signer]), swapped, &signer);
    assert_eq!(log.refused(), WebvhError::OtherDid { entry: 1 });
}

#[test]
fn a_did_moves_with_leave_and_says_from_where() {
    let signer = Signer::new(1);
    let moved = |first: Value, second: Value, also: bool| {
        let mut log = Log::begin(with(keys(&[&signer]), first), &signer);
        let mut state = json!({"id": format!("did:webvh:{}:example.org", log.scid())});
        if also {
            state["alsoKnownAs"] = json!([log.did().as_str()]);
        }
        log.update_to(second, state, &signer);
        log.verify().map(drop)
    };
    let portable = json!({"portable": true});
    assert_eq!(moved(portable.clone(), json!({}), true), Ok(()));
    let refused = Err(WebvhError::Moved { entry: 2 });
    assert_eq!(moved(portable.clone(), json!({}), false), refused);
    assert_eq!(moved(json!({}), json!({}), true), refused);
    assert_eq!(moved(portable, json!({"portable": false}), true), refused);
    let late = Err(WebvhError::Parameters { entry: 2 });
    assert_eq!(moved(json!({}), json!({"portable": true}), true), late);
}

#[test]
fn nothing_follows_a_deactivation() {
    let (mut log, signer) = simple();
    log.update(json!({"deactivated": true}), &signer);
    assert!(log.verify().is_ok());
    log.update(json!({}), &signer);
    assert_eq!(log.refused(), WebvhError::AfterDeactivation { entry: 3 });
    let (mut log, signer) = simple();
    log.update(json!({"deactivated": true}), &signer);
    log.update(json!({"deactivated": false}), &signer);
    assert_eq!(log.refused(), WebvhError::AfterDeactivation { entry: 3 });
}

#[test]
fn parameters_are_known_ones_of_the_right_types_in_the_right_entries() {
    let signer = Signer::new(1);
    let first = |more: Value| {
        Log::begin(with(keys(&[&signer]), more), &signer)
            .verify()
            .map(drop)
    };
    let second = |parameters: Value| {
        let (mut log, signer) = simple();
        log.update(parameters, &signer);
        log.verify().map(drop)
    };
    for version in [
        "did:webvh:99.0",
        "did:webvh:1.0-rc1",
        "didwebvh:1.0",
        "did:webvh:0.5",
    ] {
        let refused = |entry| Err(WebvhError::MethodVersion { entry });
        assert_eq!(first(json!({ "method": version })), refused(1));
        assert_eq!(second(json!({ "method": version })), refused(2));
    }
    assert_eq!(second(json!({"method": "did:webvh:1.0"})), Ok(()));
    for wrong in [
        json!({"unheardOf": 1}),
        json!({"updateKeys": "z6Mk"}),
        json!({"updateKeys": [1]}),
        json!({"nextKeyHashes": {}}),
        json!({"watchers": [""]}),
        json!({"portable": "yes"}),
        json!({"portable": null}),
        json!({"deactivated": 1}),
        json!({"ttl": -1}),
        json!({"ttl": 4_294_967_296_u64}),
        json!({"ttl": "3600"}),
    ] {
        assert_eq!(
            first(wrong.clone()),
            Err(WebvhError::Parameters { entry: 1 }),
            "{wrong}"
        );
        assert_eq!(
            second(wrong.clone()),
            Err(WebvhError::Parameters { entry: 2 }),
            "{wrong}"
        );
    }
    assert_eq!(
        second(json!({"scid": "x"})),
        Err(WebvhError::Parameters { entry: 2 })
    );
    // What early logs have.
    assert_eq!(
        first(json!({"witness": null, "watchers": null, "nextKeyHashes": null, "ttl": null})),
        Ok(())
    );
    assert_eq!(
        first(json!({"ttl": 0, "watchers": ["https://watcher.example"]})),
        Ok(())
    );
    assert_eq!(
        first(json!({"watchers": vec!["https://w.example"; 65]})),
        Err(WebvhError::OverBudget)
    );
}

#[test]
fn refuses_lines_that_are_no_entries() {
    let (log, signer) = simple();
    let refused = |bytes: &[u8]| verify_webvh_log(&log.did(), bytes, now(), &PROVIDER).unwrap_err();
    assert_eq!(refused(b""), WebvhError::Empty);
    for line in [
        "\n",
        "\n\n",
        "[]\n",
        "{}\n",
        "{\n",
        "null\n",
        r#"{"versionId":"1-x","versionId":"1-x"}"#,
    ] {
        assert_eq!(
            refused(line.as_bytes()),
            WebvhError::Malformed { entry: 1 },
            "{line}"
        );
    }
    let mut blank = log.bytes();
    blank.extend(b"\n");
    blank.extend(log.bytes());
    assert_eq!(refused(&blank), WebvhError::Malformed { entry: 2 });
    let (mut more, _) = simple();
    let state = more.entries[0]["state"].clone();
    more.push(
        json!({"versionTime": time(1), "parameters": {}, "state": state, "note": "a fifth member"}),
        &signer,
    );
    assert_eq!(more.refused(), WebvhError::Malformed { entry: 2 });
    assert_eq!(refused(&vec![b' '; (2 << 20) + 1]), WebvhError::OverBudget);
    let mut crlf = log.bytes();
    crlf.pop();
    assert!(verify_webvh_log(&log.did(), &crlf, now(), &PROVIDER).is_ok());
    crlf.extend(b"\r\n");
    assert!(verify_webvh_log(&log.did(), &crlf, now(), &PROVIDER).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_changed_bit_of_a_log_is_noticed(place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let signer = Signer::new(1);
        let mut log = Log::begin(keys(&[&signer]), &signer);
        log.update(json!({"ttl": 60}), &signer);
        let did = log.did();
        let mut bytes = log.bytes();
        // The line feed at the end says nothing.
        let place = place.index(bytes.len() - 1);
        bytes[place] ^= 1 << bit;
        prop_assert!(verify_webvh_log(&did, &bytes, now(), &PROVIDER).is_err(), "byte {place}, bit {bit}");
    }

    #[test]
    fn no_bytes_make_the_resolver_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (log, _) = simple();
        let _ = verify_webvh_log(&log.did(), &bytes, now(), &PROVIDER);
    }
}
