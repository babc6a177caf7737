//! What is refused: two readings of one card, forgeries, bombs.

use super::{card, ed25519, key, parse, read, signed, signed_bytes, webp, written};
use crate::support::PROVIDER;
use ciborium::{Value, cbor};
use symbolon_credential::claim169::{Biometric, Claim169Budget, Claim169Error, ImageKind, ParsedClaim169};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::encoding::cbor::encode;
use symbolon_crypto::encoding::zlib::{Effort, deflate};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, SignatureAlgorithm};

#[test]
fn a_claim_under_a_number_and_a_text_is_refused() {
    let key = ed25519();
    for (payload, claim) in [
        (cbor!({169 => {4 => "Asha", "4" => "Mallory"}}), 4),
        (cbor!({1 => "a", "1" => "b", 169 => {}}), 1),
    ] {
        let error = ParsedClaim169::parse_cose(&signed(&payload.unwrap(), &key), Claim169Budget::DEFAULT)
            .unwrap_err();
        assert_eq!(error, Claim169Error::DuplicateClaim { claim });
    }
}

#[test]
fn the_outer_tags_may_be_missing_and_other_tags_are_refused() {
    let key = ed25519();
    let tagged = signed(&cbor!({169 => {4 => "Asha"}}).unwrap(), &key);
    for message in [
        [&[0xd8, 61], tagged.as_slice()].concat(),
        tagged.clone(),
        tagged[1..].to_vec(),
    ] {
        assert_eq!(
            read(&message, &key.public_key()).identity.full_name.as_deref(),
            Some("Asha")
        );
    }
    for prefix in [[0xd8, 60], [0xd8, 98]] {
        let message = [&prefix, tagged.as_slice()].concat();
        assert!(matches!(
            ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT),
            Err(Claim169Error::Cose(_))
        ));
    }
    let encrypted = [0xd8, 61, 0xd0, 0x83, 0x40, 0xa0, 0x40];
    assert_eq!(
        ParsedClaim169::parse_cose(&encrypted, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::Encrypted
    );
}

#[test]
fn the_algorithm_is_read_from_the_protected_header_alone() {
    let message =
        cbor!([Value::Bytes(vec![]), {1 => -8}, Value::Bytes(vec![0xa0]), Value::Bytes(vec![0; 64])])
            .unwrap();
    let error = ParsedClaim169::parse_cose(&encode(&message), Claim169Budget::DEFAULT).unwrap_err();
    assert!(matches!(error, Claim169Error::Cose(_)));
    let p384 = key(SignatureAlgorithm::Es384);
    let message = signed(&cbor!({169 => {}}).unwrap(), &p384);
    assert_eq!(
        ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::Algorithm
    );
}

#[test]
fn a_status_that_is_not_known_is_not_taken_for_none_and_a_broken_one_is_refused() {
    let key = ed25519();
    let cwt = read(
        &signed(&cbor!({169 => {}, 65535 => {"other" => 1}}).unwrap(), &key),
        &key.public_key(),
    );
    assert_eq!(cwt.status, CredentialStatus::OtherMechanism);
    for status in [
        cbor!(1),
        cbor!({"status_list" => {"idx" => -1, "uri" => "https://a.example"}}),
        cbor!({"status_list" => {"idx" => 1}}),
    ] {
        let message = signed(&cbor!({169 => {}, 65535 => status.unwrap()}).unwrap(), &key);
        let error = ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err();
        assert_eq!(error, Claim169Error::MalformedClaim { claim: 65535 });
    }
}

#[test]
fn a_token_without_identity_data_or_without_claims_is_refused() {
    let key = ed25519();
    let error = |payload: Value| {
        ParsedClaim169::parse_cose(&signed(&payload, &key), Claim169Budget::DEFAULT).unwrap_err()
    };
    assert_eq!(
        error(cbor!({1 => "issuer"}).unwrap()),
        Claim169Error::NoIdentityData
    );
    assert_eq!(error(cbor!([1, 2]).unwrap()), Claim169Error::NotACwt);
    assert_eq!(
        error(cbor!({169 => "text"}).unwrap()),
        Claim169Error::MalformedClaim { claim: 169 }
    );
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let base45 = |bytes: &[u8]| {
        // Written as a card printer writes it, around any bytes.
        const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        let mut text = String::new();
        for pair in bytes.chunks(2) {
            let mut value = pair
                .iter()
                .fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
            for _ in 0..=pair.len() {
                text.push(char::from(ALPHABET[value % 45]));
                value /= 45;
            }
        }
        text
    };
    let bomb = base45(&deflate(&vec![0; 8 << 20], Effort::Best));
    assert!(
        bomb.len() < 16 << 10,
        "it must fit the first budget to try the second"
    );
    assert_eq!(parse(&bomb).unwrap_err(), Claim169Error::OverBudget);
    assert_eq!(
        parse(&"0".repeat((16 << 10) + 1)).unwrap_err(),
        Claim169Error::OverBudget
    );
    let nested = base45(&deflate(
        &[vec![0xd8, 61, 0xd2], vec![0x81; 5000]].concat(),
        Effort::Best,
    ));
    assert!(matches!(parse(&nested), Err(Claim169Error::Cose(_))));
    for length in [[0x9b, 0xff], [0x5b, 0x7f], [0xbb, 0x7f]] {
        let declared = base45(&deflate(&[&length[..], &[0xff; 7]].concat(), Effort::Best));
        assert!(matches!(
            parse(&declared),
            Err(Claim169Error::Cose(_) | Claim169Error::NotSigned)
        ));
    }
    for (text, error) in [
        ("lower case", Claim169Error::NotBase45),
        ("", Claim169Error::NotZlib),
        ("BB8", Claim169Error::NotZlib),
    ] {
        assert_eq!(parse(text).unwrap_err(), error);
    }
    let key = ed25519();
    let mut twice = encode(&cbor!({169 => {4 => "a", 5 => "b"}}).unwrap());
    let second = twice.iter().rposition(|byte| *byte == 5).unwrap();
    twice[second] = 4;
    let message = signed_bytes(twice, &key);
    assert_eq!(
        ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::NotACwt
    );
}

#[test]
fn a_changed_card_is_refused_or_says_the_same() {
    let key = ed25519();
    let mut cwt = card();
    cwt.identity = cwt
        .identity
        .with_face(Biometric::image(webp(60), ImageKind::Webp));
    let text = written(&cwt, &key);
    for place in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone().into_bytes();
            changed[place] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            let verified = parse(&changed)
                .ok()
                .and_then(|parsed| parsed.verify(&key.public_key(), &PROVIDER).ok());
            // Bits that deflate ignores may change; no claim may.
            if let Some(verified) = verified {
                assert_eq!(verified.into_inner(), cwt, "character {place}, bit {bit}");
            }
        }
    }
    let another = PROVIDER
        .generate_key(SignatureAlgorithm::EdDsa, &SeededRandomness::new(4))
        .unwrap()
        .public_key();
    assert!(parse(&text).unwrap().verify(&another, &PROVIDER).is_err());
}
