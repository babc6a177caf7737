//! Whatever a record says, the credential verifies and holds exactly what is mapped.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::{IssuerSigned, MdocBudget};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_credential::w3c::W3cBudget;
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64url;

use super::desk::{Desk, NOW, record, text};
use super::formats::document_signer;
use crate::identifiers::ConfigurationId;
use crate::mapping::{IssuanceTimes, KeepPictures, MappedValue};
use crate::record::IdRecord;

const LANGUAGES: [&str; 6] = ["eng", "ara", "hin", "fra", "tam", "bho"];

/// A text in one to three languages.
fn languages() -> impl Strategy<Value = Value> {
    (0..LANGUAGES.len(), prop::collection::vec("\\PC{1,24}", 1..4)).prop_map(|(first, texts)| {
        let text = |(at, value): (usize, String)| {
            json!({ "language": LANGUAGES[(first + at) % LANGUAGES.len()], "value": value })
        };
        texts.into_iter().enumerate().map(text).collect()
    })
}

/// A record of a resident with some of the fields that the shipped configurations read.
fn records() -> impl Strategy<Value = IdRecord> {
    let fields = prop::collection::vec(prop::option::of(languages()), 8);
    let plain = prop::collection::vec(prop::option::of("[a-z0-9@.]{1,20}"), 3);
    (languages(), fields, plain, 1920..2026_i32, 1..13_u8, 1..29_u8).prop_map(
        |(name, fields, plain, year, month, day)| {
            let mut extra = Map::new();
            extra.insert("fullName".to_owned(), name);
            let birth = format!("{year:04}/{month:02}/{day:02}");
            extra.insert("dateOfBirth".to_owned(), birth.into());
            let names = [
                "gender",
                "residenceStatus",
                "addressLine1",
                "addressLine2",
                "addressLine3",
                "city",
                "region",
                "province",
            ];
            let texts = names.into_iter().zip(fields);
            let plain = ["postalCode", "phone", "email"].into_iter().zip(plain);
            for (name, value) in texts.chain(plain.map(|(name, value)| (name, value.map(Value::from)))) {
                if let Some(value) = value {
                    extra.insert(name.to_owned(), value);
                }
            }
            record(Value::Object(extra))
        },
    )
}

/// What the configuration maps, as nested objects.
fn mapped(
    desk: &Desk,
    configuration: &str,
    record: &IdRecord,
    write: fn(&MappedValue) -> Value,
) -> Map<String, Value> {
    let id = ConfigurationId::parse(configuration).unwrap();
    let configuration = desk.profile.configuration(&id).unwrap();
    let day = std::time::Duration::from_secs(86_400);
    let times = IssuanceTimes::new(NOW, day, configuration.validity());
    let mut root = json!({});
    for claim in configuration.map_claims(record, times, &KeepPictures).unwrap() {
        let place = claim
            .path
            .iter()
            .fold(&mut root, |object, part| &mut object[part]);
        *place = write(&claim.value);
    }
    root.as_object().unwrap().clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn an_sd_jwt_vc_holds_exactly_the_mapped_claims(record in records()) {
        let desk = Desk::new();
        let credential = desk.issue("NationalIdentity", &record);
        let sd_jwt = SdJwt::parse(text(&credential), SdJwtBudget::DEFAULT).unwrap();
        let key = desk.keys["credentials"].public_key();
        sd_jwt.issuer_jwt().verify(&RustCryptoProvider, key).unwrap();
        let mut claims = process(&sd_jwt).unwrap().claims.clone();
        for own in ["iss", "iat", "exp", "vct", "vct#integrity", "status", "cnf"] {
            prop_assert!(claims.shift_remove(own).is_some());
        }
        let expected = mapped(&desk, "NationalIdentity", &record, MappedValue::to_json);
        prop_assert_eq!(Value::Object(claims), Value::Object(expected));
    }

    #[test]
    fn an_mdoc_holds_exactly_the_mapped_elements(record in records()) {
        let desk = Desk::new();
        let credential = desk.issue("NationalIdentityMdoc", &record);
        let bytes = base64url::decode(text(&credential)).unwrap();
        let mdoc = IssuerSigned::parse(&bytes, MdocBudget::DEFAULT).unwrap();
        let chain = document_signer(&desk, &mdoc);
        let mdoc = mdoc.verify(&chain, &RustCryptoProvider).unwrap();
        let expected = mapped(&desk, "NationalIdentityMdoc", &record, |value| value.to_element().to_json());
        prop_assert_eq!(Value::Object(mdoc.claims()), Value::Object(expected));
    }

    #[test]
    fn a_jwt_credential_holds_exactly_the_mapped_claims(record in records()) {
        let desk = Desk::new();
        let credential = desk.issue("NationalIdentityJwt", &record);
        let jwt = JwtCredential::parse(text(&credential), W3cBudget::DEFAULT).unwrap();
        let jwt = jwt.verify_issuer_signature(desk.keys["p256"].public_key(), &RustCryptoProvider).unwrap();
        let mut subject = jwt.credential().subject().unwrap().clone();
        subject.shift_remove("id");
        let expected = mapped(&desk, "NationalIdentityJwt", &record, MappedValue::to_json_ld);
        prop_assert_eq!(Value::Object(subject), Value::Object(expected));
    }
}
