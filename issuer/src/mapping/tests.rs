mod mistakes;

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_schemas::{NATIONAL_IDENTITY, VCT_PLACEHOLDER};

use super::*;
use crate::record::{CalendarDate, IdRecord, PictureType, RecordSchema};

const NOON: UnixTime = UnixTime::from_seconds(1_795_435_200); // 2026-11-23T12:00:00Z

fn shipped() -> CredentialConfiguration {
    CredentialConfiguration::parse(NATIONAL_IDENTITY.mapping).unwrap()
}

fn record(change: impl FnOnce(&mut Value)) -> IdRecord {
    let mut record = json!({
        "IDSchemaVersion": 0.1,
        "UIN": "2345678901",
        "fullName": [{ "language": "ara", "value": "حسن علي" }, { "language": "eng", "value": "Hassan Ali" }],
        "dateOfBirth": "2008/11/24",
        "gender": [{ "language": "eng", "value": "MLE" }],
        "addressLine1": [{ "language": "ara", "value": "شارع الأرز" }, { "language": "eng", "value": "12 Cedar\nStreet" }],
        "addressLine2": [{ "language": "eng", "value": "Old Town" }],
        "addressLine3": [{ "language": "eng", "value": "Third floor" }],
        "region": [{ "language": "eng", "value": "Rabat" }],
        "province": [{ "language": "eng", "value": "Kenitra" }],
        "city": [{ "language": "eng", "value": "Kenitra" }],
        "zone": [{ "language": "eng", "value": "Ben Mansour" }],
        "postalCode": "14022",
        "phone": "6352000101",
        "email": "hassan.ali@example.org",
        "preferredLang": "eng",
        "proofOfIdentity": { "format": "pdf", "type": "CIN", "value": "proofOfIdentity", "refNumber": null },
        "individualBiometrics": { "format": "cbeff", "version": 1, "value": "individualBiometrics_bio_CBEFF" },
    });
    change(&mut record);
    RecordSchema::shipped()
        .unwrap()
        .read(record, CalendarDate::new(2026, 11, 23).unwrap())
        .unwrap()
}

fn times() -> IssuanceTimes {
    let day = Duration::from_secs(SECONDS_PER_DAY);
    IssuanceTimes::new(NOON, day, shipped().validity())
}

fn map(record: &IdRecord) -> Vec<MappedClaim> {
    shipped().map_claims(record, times(), &KeepPictures).unwrap()
}

fn value(claims: &[MappedClaim], path: &[&str]) -> Option<Value> {
    claims
        .iter()
        .find(|claim| claim.path == path)
        .map(|claim| claim.value.to_json())
}

#[test]
fn the_shipped_configuration_maps_a_record() {
    let claims = map(&record(|_| {}));
    let found = |path: &[&str]| value(&claims, path);
    assert_eq!(
        found(&["personal_administrative_number"]),
        Some(json!("2345678901"))
    );
    assert_eq!(found(&["full_name"]), Some(json!("Hassan Ali")));
    assert_eq!(
        found(&["full_name_localized"]),
        Some(
            json!([{ "language": "ara", "value": "حسن علي" }, { "language": "eng", "value": "Hassan Ali" }])
        )
    );
    assert_eq!(found(&["birthdate"]), Some(json!("2008-11-24")));
    // A day before the eighteenth birthday.
    assert_eq!(found(&["age_equal_or_over", "16"]), Some(json!(true)));
    assert_eq!(found(&["age_equal_or_over", "18"]), Some(json!(false)));
    assert_eq!(found(&["gender"]), Some(json!("Male")));
    assert_eq!(
        found(&["address", "street_address"]),
        Some(json!("12 Cedar Street\nOld Town\nThird floor"))
    );
    assert_eq!(found(&["picture"]), None);
    assert!(
        claims
            .iter()
            .all(|claim| claim.disclosure == Disclosure::Selectable)
    );
}

#[test]
fn a_missing_preferred_language_means_the_records_first() {
    let claims = map(&record(|record| {
        record.as_object_mut().unwrap().remove("preferredLang");
    }));
    assert_eq!(value(&claims, &["full_name"]), Some(json!("حسن علي")));
    // What has no Arabic text is shown in the language that it has.
    assert_eq!(value(&claims, &["address", "locality"]), Some(json!("Kenitra")));
}

#[test]
fn a_label_that_is_there_instead_of_a_code_stays() {
    let claims = map(&record(|record| {
        record["gender"] = json!([{ "language": "eng", "value": "Female" }])
    }));
    assert_eq!(value(&claims, &["gender"]), Some(json!("Female")));
}

#[test]
fn template_and_json_syntax_in_a_record_is_carried_as_text() {
    let hostile = "{{7*7}} ${x} \"},\"admin\":true,{\"";
    let claims = map(&record(|record| {
        record["fullName"] = json!([{ "language": "eng", "value": hostile }])
    }));
    assert_eq!(value(&claims, &["full_name"]), Some(json!(hostile)));
}

#[test]
fn a_missing_required_value_names_the_claim_and_not_the_record() {
    let text = NATIONAL_IDENTITY
        .mapping
        .replacen("source = [\"email\"]", "source = [\"nickname\"]", 1);
    let text = text.replace("presence = \"optional\"", "presence = \"required\"");
    let configuration = CredentialConfiguration::parse(&text).unwrap();
    let with_face = record(|record| {
        record["face"] = json!(
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
        );
        record["residenceStatus"] = json!([{ "language": "eng", "value": "NFR" }]);
    });
    let error = configuration
        .map_claims(&with_face, times(), &KeepPictures)
        .err()
        .unwrap();
    assert_eq!(
        error,
        MappingError::Missing {
            claim: "email".to_owned()
        }
    );
}

#[test]
fn whether_a_record_is_complete_is_told_without_making_anything_of_it() {
    let licence = symbolon_schemas::MOBILE_DRIVING_LICENCE.mapping;
    let licence = CredentialConfiguration::parse(licence).unwrap();
    let complete = |configuration: &CredentialConfiguration, record: &IdRecord| {
        configuration.check_record(record, times())
    };
    assert_eq!(complete(&shipped(), &record(|_| {})), Ok(()));
    let error = complete(&licence, &record(|_| {})).unwrap_err();
    assert!(matches!(error, MappingError::Missing { .. }), "{error}");
    // A picture that an image library could bring under its budget, and of which nothing else does.
    let mut png = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    png.resize(20_000, 1);
    let face = symbolon_crypto::encoding::base64::encode(&png);
    let large = record(|record| record["face"] = json!(format!("data:image/png;base64,{face}")));
    assert_eq!(complete(&shipped(), &large), Ok(()));
    let odd = record(|record| record["gender"] = json!([{ "language": "eng", "value": "" }]));
    assert_eq!(
        complete(&shipped(), &odd),
        shipped().map_claims(&odd, times(), &KeepPictures).map(|_| ())
    );
}

struct Shrink;

impl FitPicture for Shrink {
    fn fit(&self, _: PictureType, _: &[u8], max_bytes: usize) -> Result<FittedPicture, PictureDoesNotFit> {
        Ok(FittedPicture {
            kind: PictureType::WebP,
            bytes: vec![7; max_bytes],
        })
    }
}

#[test]
fn a_picture_over_its_budget_is_fitted_or_refused() {
    let mut png = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    png.resize(20_000, 1);
    let face = format!(
        "data:image/png;base64,{}",
        symbolon_crypto::encoding::base64::encode(&png)
    );
    let large = record(|record| record["face"] = json!(face));
    let error = shipped()
        .map_claims(&large, times(), &KeepPictures)
        .err()
        .unwrap();
    assert_eq!(
        error,
        MappingError::PictureTooLarge {
            claim: "picture".to_owned(),
            max_bytes: 6144
        }
    );
    let claims = shipped().map_claims(&large, times(), &Shrink).unwrap();
    let uri = value(&claims, &["picture"]).unwrap();
    let uri = uri.as_str().unwrap();
    assert!(uri.starts_with("data:image/webp;base64,"));
    assert!((6_000..=6_144).contains(&uri.len()), "{}", uri.len());
}

#[test]
fn the_card_holds_what_the_configuration_says() {
    let attributes = shipped().map_card(&record(|_| {}), NOON, &KeepPictures).unwrap();
    let found = |attribute| {
        attributes
            .iter()
            .find(|(found, _)| *found == attribute)
            .map(|(_, value)| value.clone())
    };
    assert!(found(CardAttribute::Id) == Some(CardValue::Text("2345678901".to_owned())));
    assert!(found(CardAttribute::DateOfBirth) == Some(CardValue::Text("20081124".to_owned())));
    assert!(found(CardAttribute::Gender) == Some(CardValue::Number(1)));
    assert_eq!(attributes.len(), 4);
}

#[test]
fn the_generated_type_metadata_is_the_shipped_one() {
    let generated = shipped().type_metadata("https://registry.example").unwrap();
    let vct = "https://registry.example/types/national-identity";
    let shipped: Value = serde_json::from_str(
        &NATIONAL_IDENTITY
            .type_metadata
            .unwrap()
            .replace(VCT_PLACEHOLDER, vct),
    )
    .unwrap();
    assert_eq!(generated["vct"], vct);
    assert_eq!(sorted(&generated), sorted(&shipped));
}

/// Labels stand in a table by language, so their order is not the file's.
fn sorted(metadata: &Value) -> Value {
    let mut metadata = metadata.clone();
    for claim in metadata["claims"].as_array_mut().unwrap() {
        let display = claim["display"].as_array_mut().unwrap();
        display.sort_by_key(|entry| entry["locale"].as_str().unwrap().to_owned());
    }
    metadata
}

#[test]
fn every_shipped_configuration_passes() {
    for template in symbolon_schemas::CREDENTIALS {
        let configuration = CredentialConfiguration::parse(template.mapping).unwrap();
        assert_eq!(configuration.id().as_str(), template.id);
        assert_eq!(
            configuration.vct("https://x.example").is_some(),
            template.type_metadata.is_some()
        );
        assert!(
            configuration
                .claims()
                .iter()
                .all(|claim| configuration.claims_path(claim).is_some())
        );
    }
}

#[test]
fn configurations_of_one_context_mean_the_same_by_it() {
    let issuer = "https://registry.example";
    let read = |template: symbolon_schemas::CredentialTemplate| {
        CredentialConfiguration::parse(template.mapping).unwrap()
    };
    let ld = read(symbolon_schemas::NATIONAL_IDENTITY_LD);
    let context = ld.context_document(issuer).unwrap();
    for other in [
        symbolon_schemas::NATIONAL_IDENTITY_SELECTIVE,
        symbolon_schemas::NATIONAL_IDENTITY_JWT,
    ] {
        assert_eq!(read(other).context_document(issuer).unwrap(), context);
    }
    let terms = &context["@context"];
    let url = ld.context_url(issuer).unwrap();
    assert_eq!(url, "https://registry.example/contexts/national-identity");
    assert_eq!(terms["@protected"], true);
    assert_eq!(terms["fullName"], format!("{url}#fullName"));
    assert_eq!(
        terms["birthDate"],
        json!({ "@id": format!("{url}#birthDate"), "@type": "http://www.w3.org/2001/XMLSchema#date" })
    );
    assert_eq!(
        ld.expanded_types(issuer),
        [
            "https://www.w3.org/2018/credentials#VerifiableCredential".to_owned(),
            format!("{url}#NationalIdentityCredential")
        ]
    );
    assert_eq!(shipped().context_document(issuer), None);
}

#[test]
fn an_address_is_kept_in_every_language_of_its_lines() {
    let mapping = NATIONAL_IDENTITY.mapping.replace(
        "language = \"preferred\"\ntransform = \"join-lines\"",
        "language = \"all\"\ntransform = \"join-lines\"",
    );
    let configuration = CredentialConfiguration::parse(&mapping).unwrap();
    let claims = configuration
        .map_claims(&record(|_| {}), times(), &KeepPictures)
        .unwrap();
    assert_eq!(
        value(&claims, &["address", "street_address"]),
        Some(json!([
            { "language": "ara", "value": "شارع الأرز" },
            { "language": "eng", "value": "12 Cedar Street\nOld Town\nThird floor" },
        ]))
    );
    // Each line by itself, too.
    assert_eq!(
        value(&claims, &["address_localized", "line_1"]),
        Some(json!([
            { "language": "ara", "value": "شارع الأرز" },
            { "language": "eng", "value": "12 Cedar\nStreet" },
        ]))
    );
}
