//! What holds for every credential and presentation: what is issued and then presented in part verifies as exactly that part,
//! and no flipped bit does.

use core::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};
use symbolon_did::{DidUrl, did_jwk};

use super::*;
use crate::w3c::tests::to_issue;
use crate::w3c::{EnvelopeType, EnvelopedCredential, PresentedCredential, W3cBudget};

const NOW: UnixTime = UnixTime::from_seconds(1_600);
const AUDIENCE: &str = "x509_san_dns:verifier.example";
const NONCE: &str = "n-1";

fn key(seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::EdDsa, &SeededRandomness::new(seed))
        .unwrap()
}

fn finish(prepared: PreparedJws, key: &SecretKey) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn issue(claims: &Map<String, Value>, holder: &PublicKey) -> String {
    let mut document = to_issue();
    document.claims = claims.clone();
    document.holder = Some(did_jwk(holder).unwrap());
    let kid = DidUrl::parse("did:web:issuer.example#key-1").unwrap();
    let credential = document.build().unwrap();
    finish(
        prepare_credential(&credential, SignatureAlgorithm::EdDsa, &kid, &[]).unwrap(),
        &key(1),
    )
}

fn present(credentials: &[&String], holder: &SecretKey) -> String {
    let envelopes: Vec<EnvelopedCredential> = (credentials.iter())
        .map(|text| EnvelopedCredential::from_text(EnvelopeType::VcJwt, text).unwrap())
        .collect();
    let key_id = did_jwk(&holder.public_key()).unwrap().with_fragment("0").unwrap();
    let presentation = PresentationToSign {
        credentials: &envelopes,
        key_id: &key_id,
        audience: AUDIENCE,
        nonce: NONCE,
        issued_at: NOW,
    };
    finish(presentation.prepare(SignatureAlgorithm::EdDsa).unwrap(), holder)
}

/// The claims of each credential in a presentation of which everything verifies.
fn verified(text: &str, holder: &PublicKey) -> Option<Vec<Map<String, Value>>> {
    let expected = ExpectedPresentation {
        audience: AUDIENCE,
        nonce: NONCE,
        now: NOW,
        max_age: Duration::from_secs(300),
        max_clock_skew: Duration::from_secs(60),
    };
    let presentation = JwtPresentation::parse(text, W3cBudget::DEFAULT).ok()?;
    presentation
        .verify_holder(holder, &expected, &RustCryptoProvider)
        .ok()?;
    let read = |credential: &PresentedCredential| {
        let PresentedCredential::Enveloped(envelope) = credential else {
            return None;
        };
        let credential = JwtCredential::parse(envelope.text()?, W3cBudget::DEFAULT).ok()?;
        let credential = credential
            .verify_issuer_signature(&key(1).public_key(), &RustCryptoProvider)
            .ok()?;
        let mut claims = credential.credential().subject()?.clone();
        claims.remove("id")?;
        Some(claims)
    };
    presentation.credentials().iter().map(read).collect()
}

fn claims() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        proptest::collection::vec("\\PC{0,6}", 0..3).prop_map(Value::from),
    ];
    proptest::collection::btree_map("[a-z]{3,6}", value, 1..5).prop_map(|claims| {
        claims
            .into_iter()
            .map(|(name, value)| (format!("x{name}"), value))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_presentation_of_some_credentials_gives_exactly_those(
        all in proptest::collection::vec((claims(), any::<bool>()), 1..6),
    ) {
        let holder = key(2);
        let issued: Vec<String> = all.iter().map(|(claims, _)| issue(claims, &holder.public_key())).collect();
        let shown: Vec<&String> =
            issued.iter().zip(&all).filter(|(_, (_, shown))| *shown).map(|(text, _)| text).collect();
        let expected: Vec<Map<String, Value>> =
            all.iter().filter(|(_, shown)| *shown).map(|(claims, _)| claims.clone()).collect();
        prop_assert_eq!(verified(&present(&shown, &holder), &holder.public_key()), Some(expected));
    }
}

#[test]
fn every_flipped_bit_of_a_credential_or_presentation_is_noticed() {
    let holder = key(2);
    let (issuer, public) = (key(1).public_key(), holder.public_key());
    let credential = issue(&to_issue().claims, &public);
    let presentation = present(&[&credential], &holder);
    let flipped = |text: &str, place: usize, bit: u8| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[place] ^= 1 << bit;
        String::from_utf8(bytes).ok()
    };
    // In each character the lowest bit, which may be a stray one of base64, and one of the others in turn.
    let bits = |place: usize| [0, u8::try_from(1 + place % 7).unwrap()];
    for place in 0..credential.len() {
        for bit in bits(place) {
            let accepted = flipped(&credential, place, bit).is_some_and(|changed| {
                JwtCredential::parse(&changed, W3cBudget::DEFAULT)
                    .is_ok_and(|read| read.verify_issuer_signature(&issuer, &RustCryptoProvider).is_ok())
            });
            assert!(!accepted, "credential, character {place}, bit {bit}");
        }
    }
    for place in 0..presentation.len() {
        for bit in bits(place) {
            let accepted = flipped(&presentation, place, bit)
                .is_some_and(|changed| verified(&changed, &public).is_some());
            assert!(!accepted, "presentation, character {place}, bit {bit}");
        }
    }
}
