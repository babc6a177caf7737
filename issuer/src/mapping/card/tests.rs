use serde_json::{Value, json};
use symbolon_crypto::encoding::base64;

use super::*;
use crate::mapping::{FittedPicture, KeepPictures, PictureDoesNotFit};

const NOON: UnixTime = UnixTime::from_seconds(1_795_435_200); // 2026-11-23T12:00:00Z
const CONFIGURATION: &str = include_str!("../../card/every-attribute.toml");

fn record(extra: Value) -> IdRecord {
    let mut record = json!({
        "UIN": "2345678901",
        "fullName": [{ "language": "fra", "value": "Awa" }, { "language": "ara", "value": "آوا" }, { "language": "eng", "value": "Awa" }],
        "dateOfBirth": "1987/11/25",
    });
    record
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    serde_json::from_value(record).unwrap()
}

fn parse(text: &str) -> CredentialConfiguration {
    CredentialConfiguration::parse(text).unwrap()
}

fn map(configuration: &CredentialConfiguration, record: &IdRecord) -> Vec<(CardAttribute, CardValue)> {
    configuration.map_card(record, NOON, &KeepPictures).unwrap()
}

fn text(values: &[(CardAttribute, CardValue)], attribute: CardAttribute) -> Option<&str> {
    let (_, value) = values.iter().find(|(found, _)| *found == attribute)?;
    match value {
        CardValue::Text(text) => Some(text),
        _ => None,
    }
}

#[test]
fn the_second_language_is_the_first_that_is_not_preferred() {
    let configuration = parse(CONFIGURATION);
    for (preferred, first, second) in [
        (json!("ara"), "ara", Some("fra")),
        (json!("fra"), "fra", Some("ara")),
        // A language that the name is not written in: its first one.
        (json!("hin"), "fra", Some("ara")),
        (json!(null), "fra", Some("ara")),
    ] {
        let values = map(&configuration, &record(json!({ "preferredLang": preferred })));
        assert_eq!(text(&values, CardAttribute::Language), Some(first));
        assert_eq!(text(&values, CardAttribute::SecondLanguage), second);
    }
    let one = record(json!({ "fullName": [{ "language": "fra", "value": "Awa" }] }));
    let values = map(&configuration, &one);
    assert_eq!(text(&values, CardAttribute::SecondLanguage), None);
    assert_eq!(text(&values, CardAttribute::SecondFullName), None);
}

#[test]
fn captures_that_cannot_be_read_are_an_error_and_none_at_all_is_nothing() {
    let configuration = parse(CONFIGURATION);
    for field in [
        json!("AQID"),
        json!([{ "format": "image" }]),
        json!([{ "data": "" }]),
        json!([{ "data": "not base64!" }]),
        json!([{ "data": "AQID", "format": "smell" }]),
        json!([{ "data": "AQID", "format": 9 }]),
        json!([{ "data": "AQID", "subformat": 1 }]),
        json!([{ "data": "AQID", "format": "image", "subformat": "mp3" }]),
        json!([{ "data": "AQID", "format": "image", "subformat": 70_000 }]),
        json!([{ "data": "AQID", "issuer": 7 }]),
    ] {
        let record = record(json!({ "leftPalm": field }));
        let error = configuration.map_card(&record, NOON, &KeepPictures).err();
        assert!(matches!(error, Some(MappingError::WrongShape { .. })), "{field}");
    }
    for field in [json!([]), json!(null), json!("")] {
        let values = map(&configuration, &record(json!({ "leftPalm": field })));
        assert!(
            values
                .iter()
                .all(|(attribute, _)| *attribute != CardAttribute::LeftPalm)
        );
    }
}

#[test]
fn numbers_are_carried_and_anything_else_among_them_is_an_error() {
    let text = CONFIGURATION.replace("{ codes-to-numbers = \"fingers\" }", "\"numbers\"");
    let configuration = parse(&text);
    let values = map(&configuration, &record(json!({ "goodFingers": [3, 0, 10] })));
    assert!(values.contains(&(
        CardAttribute::BestQualityFingers,
        CardValue::Numbers(vec![3, 0, 10])
    )));
    for fingers in [json!([1, "two"]), json!([300]), json!(1)] {
        let record = record(json!({ "goodFingers": fingers }));
        assert!(configuration.map_card(&record, NOON, &KeepPictures).is_err());
    }
}

struct AsWebP;

impl FitPicture for AsWebP {
    fn fit(&self, _: PictureType, _: &[u8], max_bytes: usize) -> Result<FittedPicture, PictureDoesNotFit> {
        Ok(FittedPicture {
            kind: PictureType::WebP,
            bytes: vec![7; max_bytes],
        })
    }
}

#[test]
fn a_png_becomes_what_key_17_can_name_and_a_large_picture_is_fitted() {
    let configuration = parse(CONFIGURATION);
    for length in [20, 5_000] {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        png.resize(length, 1);
        let face = format!("data:image/png;base64,{}", base64::encode(&png));
        let record = record(json!({ "face": face }));
        let values = configuration.map_card(&record, NOON, &AsWebP).unwrap();
        let fitted = CardValue::Picture {
            kind: PictureType::WebP,
            bytes: vec![7; 400],
        };
        assert!(values.contains(&(CardAttribute::BinaryImage, fitted)));
        let error = configuration.map_card(&record, NOON, &KeepPictures).err();
        assert!(matches!(
            error,
            Some(MappingError::PictureTooLarge { max_bytes: 400, .. })
        ));
    }
}

#[test]
fn every_mistake_in_a_card_names_its_key() {
    for (from, to, key) in [
        ("attribute = \"voice\"", "attribute = \"scent\"", "scent"),
        (
            "attribute = \"voice\"",
            "attribute = \"face\"",
            "card[15].attribute: ",
        ),
        (
            "{ constant = \"MA\" }",
            "{ constant = \"Morocco\" }",
            "card[21].transform.constant: ",
        ),
        (
            "{ constant = \"MA\" }",
            "{ constant = \"\" }",
            "card[21].transform.constant: ",
        ),
        ("{ constant = \"MA\" }", "\"text\"", "card[21].source: "),
        (
            "{ constant = \"MA\" }",
            "{ constant = \"MA\" }\nsource = [\"UIN\"]",
            "card[21].source: ",
        ),
        (
            "max-bytes = 400",
            "max-bytes = 4",
            "card[15].transform.picture.max-bytes: ",
        ),
        (
            "codes-to-numbers = \"fingers\"",
            "codes-to-numbers = \"toes\"",
            "card[16].transform.codes-to-numbers: ",
        ),
        ("leftLittle = 10", "leftLittle = 11", "numbers.fingers: "),
        ("M = 2", "M = 4", "numbers.marital-status: "),
        (
            "[[card]]\nattribute = \"second-language\"\nsource = [\"fullName\"]\nlanguage = \"second\"\ntransform = \"language-of\"\npresence = \"optional\"\n",
            "",
            "card[17].attribute: ",
        ),
        (
            "source = [\"addressLine1\", \"city\"]\nlanguage = \"preferred\"",
            "source = [\"addressLine1\", \"city\"]\nlanguage = \"second\"",
            "card[9].language: ",
        ),
        (
            "source = [\"voice\"]",
            "source = [\"voice\"]\nlanguage = \"preferred\"",
            "card[36].language: ",
        ),
        (
            "language = \"preferred\"\ntransform = \"language-of\"",
            "transform = \"language-of\"",
            "card[2].language: ",
        ),
        ("language = \"second\"", "language = \"all\"", "ISO 639-3"),
    ] {
        let text = CONFIGURATION.replacen(from, to, 1);
        assert_ne!(text, CONFIGURATION, "{from}");
        let message = CredentialConfiguration::parse(&text).unwrap_err().to_string();
        assert!(message.contains(key), "{to}: {message}");
    }
}
