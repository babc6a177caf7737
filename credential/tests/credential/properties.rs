//! What holds for every credential: what is issued, presented in part and processed is exactly that part; and no text
//! makes a reader panic.

use crate::support::{self, PROVIDER, holder_key, issuer_key, key_binding_claims, path, present, sign};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use symbolon_credential::Input;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{
    Decoys, DigestAlgorithm, SdJwt, SdJwtBudget, SdJwtClaims, process, select, to_compact,
};
use symbolon_credential::sd_jwt_vc::{NEVER_SELECTIVE, SdJwtVc, TypeMetadata};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{PublicKey, SignatureAlgorithm};

fn issue(claims: &SdJwtClaims, seed: u64) -> (String, PublicKey) {
    let key = support::issuer_key();
    let prepared = claims
        .prepare(
            SignatureAlgorithm::Es256,
            &Map::new(),
            &SeededRandomness::new(seed),
        )
        .unwrap();
    let signature = sign(&key, prepared.signing_input().as_bytes());
    (prepared.finish(&signature), key.public_key())
}

/// A value without anything that the format reserves.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every place in the claims, as a concrete path.
fn places(value: &Value, at: &[Value], found: &mut Vec<Value>) {
    let mut below = |part: Value, child: &Value| {
        let mut path = at.to_vec();
        path.push(part);
        found.push(Value::from(path.clone()));
        places(child, &path, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, child)| below(json!(name), child)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, child)| below(json!(index), child)),
        _ => {}
    }
}

/// What must be left of `value` when of all selectable places only those in `shown` are shown.
fn reduced(value: &Value, at: &[Value], selectable: &[Value], shown: &dyn Fn(&Value) -> bool) -> Value {
    let keep = |part: Value| {
        let mut path = at.to_vec();
        path.push(part);
        let place = Value::from(path.clone());
        (!selectable.contains(&place) || shown(&place)).then_some(path)
    };
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter_map(|(name, child)| {
                    Some((
                        name.clone(),
                        reduced(child, &keep(json!(name))?, selectable, shown),
                    ))
                })
                .collect(),
        ),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .filter_map(|(index, child)| Some(reduced(child, &keep(json!(index))?, selectable, shown)))
            .collect(),
        leaf => leaf.clone(),
    }
}

fn parts(place: &Value) -> &[Value] {
    place.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// One of the two is the beginning of the other.
fn on_one_line(left: &Value, right: &Value) -> bool {
    parts(left)
        .iter()
        .zip(parts(right))
        .all(|(left, right)| left == right)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn a_presentation_shows_exactly_what_was_selected(
        members in proptest::collection::btree_map("[a-z]{1,4}", value(), 1..6),
        hide in any::<u64>(), ask in any::<u64>(), seed in any::<u64>(), decoys in 0..3_usize,
        algorithm in prop_oneof![
            Just(DigestAlgorithm::Sha256), Just(DigestAlgorithm::Sha384), Just(DigestAlgorithm::Sha512)
        ],
    ) {
        let claims: Map<String, Value> = members.into_iter().collect();
        let whole = Value::Object(claims.clone());
        let mut all = Vec::new();
        places(&whole, &[], &mut all);
        let pick = |bits: u64| move |index: usize| bits.rotate_left(u32::try_from(index * 7 % 64).unwrap()) & 1 == 1;
        let (hidden, asked) = (pick(hide), pick(ask));
        let selectable: Vec<Value> =
            all.iter().enumerate().filter(|(index, _)| hidden(*index)).map(|(_, place)| place.clone()).collect();
        let wanted: Vec<Value> =
            all.iter().enumerate().filter(|(index, _)| asked(*index)).map(|(_, place)| place.clone()).take(3).collect();

        let mut builder = SdJwtClaims::new(claims).decoys(Decoys::PerObject(decoys)).digest_algorithm(algorithm);
        for place in &selectable {
            builder = builder.selectable(path(place.clone()));
        }
        let (issued, issuer) = issue(&builder, seed);
        let sd_jwt = SdJwt::parse_received(&issued, SdJwtBudget::DEFAULT).unwrap();
        sd_jwt.issuer_jwt().verify(&PROVIDER, &issuer).unwrap();
        prop_assert_eq!(sd_jwt.disclosures().len(), selectable.len());
        let processed = process(&sd_jwt).unwrap();
        prop_assert_eq!(Value::Object(processed.claims), whole.clone());

        let paths: Vec<ClaimsPath> = wanted.iter().cloned().map(path).collect();
        let presented = select(&sd_jwt, &paths).unwrap().without_key_binding();
        let shown = process(&SdJwt::parse(&presented, SdJwtBudget::DEFAULT).unwrap()).unwrap();
        let is_shown = |place: &Value| wanted.iter().any(|wanted| on_one_line(wanted, place));
        prop_assert_eq!(Value::Object(shown.claims), reduced(&whole, &[], &selectable, &is_shown));
    }

    #[test]
    fn a_credential_presented_in_part_verifies_as_exactly_that_part(
        members in proptest::collection::btree_map("[a-z]{1,4}", value(), 1..6),
        hide in any::<u64>(), ask in any::<u64>(), decoys in 0..3_usize,
    ) {
        let claims: Map<String, Value> =
            members.into_iter().map(|(name, value)| (format!("x_{name}"), value)).collect();
        let whole = Value::Object(claims.clone());
        let mut all = Vec::new();
        places(&whole, &[], &mut all);
        let picked = |bits: u64| -> Vec<Value> {
            let places = all.iter().enumerate();
            places.filter(|(index, _)| bits >> (index % 64) & 1 == 1).map(|(_, place)| place.clone()).collect()
        };
        let (selectable, wanted) = (picked(hide), picked(ask));
        let mut credential = support::credential();
        credential.claims = claims;
        credential.selectable = selectable.iter().cloned().map(path).collect();
        credential.decoys = Decoys::PerObject(decoys);
        let issued = support::issue(&credential, &issuer_key());
        let paths: Vec<ClaimsPath> = wanted.iter().cloned().map(path).collect();
        let presented = present(&issued, &paths, &key_binding_claims(), &holder_key());

        let read = SdJwtVc::parse(&presented, SdJwtBudget::DEFAULT).unwrap();
        let read = read.verify_issuer_signature(&issuer_key().public_key(), &PROVIDER).unwrap();
        prop_assert!(read.verify_key_binding(&crate::sd_jwt_vc::expected(), &PROVIDER).is_ok());
        let mut shown = read.claims().clone();
        shown.retain(|name, _| !NEVER_SELECTIVE.contains(&name.as_str()) && name != "iat");
        let is_shown = |place: &Value| wanted.iter().any(|wanted| on_one_line(wanted, place));
        prop_assert_eq!(Value::Object(shown), reduced(&whole, &[], &selectable, &is_shown));
    }

    #[test]
    fn salts_and_so_digests_never_repeat(seed in any::<u64>()) {
        let claims = json!({"a": 1, "b": 1, "c": {"a": 1}, "d": [1, 1, 1]});
        let mut builder = SdJwtClaims::new(support::object(claims)).decoys(Decoys::PerObject(3));
        for place in [json!(["a"]), json!(["b"]), json!(["c", "a"]), json!(["d", null])] {
            builder = builder.selectable(path(place));
        }
        let (issued, _) = issue(&builder.digest_algorithm(DigestAlgorithm::Sha512), seed);
        let sd_jwt = SdJwt::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
        let mut salts: Vec<&str> = sd_jwt.disclosures().iter().map(|disclosure| disclosure.salt()).collect();
        let count = salts.len();
        salts.sort_unstable();
        salts.dedup();
        prop_assert_eq!(salts.len(), count);
        prop_assert!(process(&sd_jwt).is_ok());
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "[A-Za-z0-9_.~ {}\\[\\]\":,-]{0,200}") {
        let _ = SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).map(drop);
        let _ = TypeMetadata::parse(text.as_bytes());
        let _ = to_compact(&format!("{{{text}"), SdJwtBudget::DEFAULT).map(drop);
        if let Ok(input) = Input::of_text(&text) {
            let _ = input.read().map(drop);
        }
    }

    #[test]
    fn no_bytes_make_the_recognition_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), start in 0_u8..5) {
        let start: &[u8] = match start {
            0 => b"",
            1 => &[0xd2, 0x84],
            2 => &[0xa1, 0x6a],
            3 => b"\xa3gversionc1.0idocuments\x81",
            _ => &[0xd8, 0x3d, 0xd2],
        };
        let bytes = [start, &bytes].concat();
        if let Ok(input) = Input::open(&bytes) {
            let _ = input.read().map(drop);
        }
    }

    #[test]
    fn no_payload_or_disclosure_makes_a_reader_panic(payload in value(), disclosures in proptest::collection::vec(value(), 0..4)) {
        let mut text = support::jwt(&support::issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload);
        for disclosure in disclosures {
            text.push('~');
            text.push_str(&symbolon_crypto::encoding::base64url::encode(disclosure.to_string().as_bytes()));
        }
        text.push('~');
        let _ = SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).map(drop);
    }
}
