use serde_json::{Value, json};

use super::*;

mod files;

fn today() -> CalendarDate {
    CalendarDate::new(2026, 11, 23).unwrap()
}

fn schema() -> RecordSchema {
    RecordSchema::shipped().unwrap()
}

fn text(values: &[(&str, &str)]) -> Value {
    values
        .iter()
        .map(|(language, value)| json!({ "language": language, "value": value }))
        .collect()
}

/// A record that needs no mending.
fn good() -> Value {
    json!({
        "IDSchemaVersion": 0.1,
        "UIN": "2345678901",
        "fullName": text(&[("eng", "Hassan Ali"), ("ara", "حسن علي")]),
        "dateOfBirth": "1987/11/25",
        "gender": text(&[("eng", "MLE")]),
        "addressLine1": text(&[("eng", "12 Cedar Street")]),
        "addressLine2": text(&[("eng", "Old Town")]),
        "addressLine3": text(&[("eng", "Third floor")]),
        "region": text(&[("eng", "Rabat")]),
        "province": text(&[("eng", "Kenitra")]),
        "city": text(&[("eng", "Kenitra")]),
        "zone": text(&[("eng", "Ben Mansour")]),
        "postalCode": "14022",
        "phone": "6352000101",
        "email": "hassan.ali@example.org",
        "proofOfIdentity": { "format": "pdf", "type": "CIN", "value": "proofOfIdentity", "refNumber": null },
        "individualBiometrics": { "format": "cbeff", "version": 1, "value": "individualBiometrics_bio_CBEFF" },
        "villageChief": "null",
        "cattle": { "count": 12, "kinds": ["cow", "goat"] },
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut record = good();
    record[field] = value;
    record
}

fn without(field: &str) -> Value {
    let mut record = good();
    record.as_object_mut().unwrap().shift_remove(field);
    record
}

fn read(value: Value) -> Result<IdRecord, RowError> {
    schema().read(value, today())
}

fn reasons(value: Value) -> Vec<String> {
    match read(value) {
        Err(RowError::Fields(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[test]
fn keeps_every_field_in_its_order_and_unknown_ones_verbatim() {
    let record = read(good()).unwrap();
    assert_eq!(Value::Object(record.fields().clone()), good());
    assert!(record.fields().keys().eq(good().as_object().unwrap().keys()));
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(stored, good().to_string());
    assert!(serde_json::from_str::<IdRecord>(&stored).unwrap() == record);
}

#[test]
fn answers_typed_questions() {
    let record = read(good()).unwrap();
    assert_eq!(record.uin().as_str(), "2345678901");
    let name = record.full_name().unwrap();
    assert_eq!(
        name.preferring(&[Language::parse("ara").unwrap()]),
        Some("حسن علي")
    );
    assert_eq!(
        name.preferring(&[Language::parse("hin").unwrap()]),
        Some("Hassan Ali")
    );
    assert_eq!(record.date_of_birth().unwrap().age_on(today()), 38);
    assert_eq!(record.preferred_language(), Some(Language::ENGLISH));
    assert_eq!(record.vital_status(), VitalStatus::Living);
    assert_eq!(format!("{record:?}").find("Hassan"), None);
}

#[test]
fn accepts_a_single_object_where_a_list_is_due() {
    let record = read(with("gender", json!({ "language": "eng", "value": "FLE" }))).unwrap();
    assert_eq!(record.field("gender"), Some(&text(&[("eng", "FLE")])));
}

#[test]
fn accepts_lang_beside_language() {
    let record = read(with("zone", json!({ "value": "Ben Mansour", "lang": "eng" }))).unwrap();
    assert_eq!(record.field("zone"), Some(&text(&[("eng", "Ben Mansour")])));
}

#[test]
fn accepts_a_record_nested_under_identity_and_keeps_what_stands_beside_it() {
    let record = read(json!({ "identity": good(), "documents": [] })).unwrap();
    let mut expected = good();
    expected["documents"] = json!([]);
    assert_eq!(Value::Object(record.fields().clone()), expected);
    let mut inner = without("UIN");
    inner["phone"] = json!("6352000101");
    assert!(read(json!({ "identity": inner, "UIN": "2345678901", "phone": "6352000101" })).is_ok());
    assert_eq!(
        read(json!({ "identity": good(), "UIN": "9999999999" })),
        Err(RowError::ContradictingEnvelope)
    );
}

#[test]
fn takes_null_as_a_string_for_absence() {
    let record = read(with("residenceStatus", json!("null"))).unwrap();
    assert_eq!(record.field("residenceStatus"), None);
    assert_eq!(
        record.field("villageChief"),
        Some(&json!("null")),
        "fields outside the schema are kept verbatim"
    );
    assert_eq!(reasons(with("email", json!("null"))), ["email: missing"]);
    assert_eq!(
        reasons(with("fullName", text(&[("eng", "null")]))),
        ["fullName: missing"]
    );
    let document = json!({ "format": "pdf", "refNumber": "null" });
    let record = read(with("proofOfIdentity", document)).unwrap();
    assert_eq!(record.field("proofOfIdentity"), Some(&json!({ "format": "pdf" })));
}

#[test]
fn accepts_other_notations_of_a_date_and_refuses_days_that_do_not_exist() {
    for notation in ["25-11-1987", "1987-11-25"] {
        let record = read(with("dateOfBirth", json!(notation))).unwrap();
        assert_eq!(record.string("dateOfBirth"), Some("1987/11/25"));
    }
    assert_eq!(
        reasons(with("dateOfBirth", json!("1987/02/30"))),
        ["dateOfBirth: not a day of the calendar"]
    );
    assert_eq!(
        reasons(with("dateOfBirth", json!("11/25/1987"))),
        ["dateOfBirth: not a day of the calendar"]
    );
    assert_eq!(
        reasons(with("dateOfBirth", json!("2026/11/24"))),
        ["dateOfBirth: a day in the future"]
    );
    assert_eq!(
        reasons(with("dateOfBirth", json!("1890/01/01"))),
        ["dateOfBirth: a birth more than 123 years ago"]
    );
}

#[test]
fn knows_the_deceased_and_refuses_a_death_before_the_birth() {
    let mut record = with("declaredAsDeceased", json!("Y"));
    record["deceasedDeclarationDate"] = json!("2024/03/01");
    assert_eq!(
        read(record.clone()).unwrap().vital_status(),
        VitalStatus::Deceased
    );
    record["deceasedDeclarationDate"] = json!("1950/03/01");
    assert_eq!(
        reasons(record),
        ["deceasedDeclarationDate: a death before the birth"]
    );
}

#[test]
fn accepts_a_face_as_data_uri_or_bare_base64_and_believes_its_bytes() {
    let png = "iVBORw0KGgo=";
    for face in [
        png.to_owned(),
        format!("data:image/png;base64,{png}"),
        format!("data:image/jpg;base64,{png}"),
    ] {
        let record = read(with("face", json!(face))).unwrap();
        assert_eq!(record.string("face"), Some("data:image/png;base64,iVBORw0KGgo="));
        assert_eq!(record.picture("face").unwrap().0, PictureType::Png);
    }
    for face in [
        "data:image/png;base64,AAAA",
        "data:image/png;base64,iVBORw0KGgo",
        "data:image/svg+xml,<svg/>",
        "x",
    ] {
        assert_eq!(
            reasons(with("face", json!(face))),
            ["face: not a png, jpeg or webp picture"]
        );
    }
}

#[test]
fn names_each_field_that_is_wrong_and_repeats_nothing_of_the_row() {
    assert_eq!(reasons(without("fullName")), ["fullName: missing"]);
    assert_eq!(
        reasons(with("fullName", text(&[("eng", "Jo")]))),
        ["fullName[0].value: shorter than 3 characters"]
    );
    assert_eq!(
        reasons(with("city", text(&[("eng", &"x".repeat(51))]))),
        ["city[0].value: longer than 50 characters"]
    );
    assert_eq!(
        reasons(with("phone", json!(6_352_000_101_u64))),
        ["phone: another type than string"]
    );
    assert_eq!(
        reasons(with("phone", json!("0612"))),
        ["phone: not written as the schema's pattern says"]
    );
    assert_eq!(
        reasons(with("declaredAsDeceased", json!("maybe"))),
        ["declaredAsDeceased: none of the values that the schema lists"]
    );
    assert_eq!(
        reasons(with(
            "fullName",
            text(&[("eng", "Hassan Ali"), ("eng", "Hasan Ali")])
        )),
        ["fullName: two texts in language eng"]
    );
    assert_eq!(
        reasons(with(
            "gender",
            json!([{ "language": "eng", "value": "MLE", "Secret Name": 1 }])
        )),
        ["gender[0]: a member that the schema does not allow"]
    );
    assert_eq!(
        reasons(with("proofOfIdentity", json!({ "Secret Name": 1 }))).len(),
        1
    );
    assert_eq!(
        reasons(with("UIN", json!("23456"))),
        ["UIN: not written as the schema's pattern says"]
    );
    assert_eq!(reasons(json!([])), ["not a JSON object"]);
    let all: Vec<String> = reasons(json!({ "UIN": "Secret Name", "fullName": "Secret Name" }));
    assert_eq!(all.len(), 17);
    assert!(all.iter().all(|reason| !reason.contains("Secret")));
}

#[test]
fn counts_characters_and_not_bytes() {
    assert!(read(with("fullName", text(&[("hin", &"क".repeat(50))]))).is_ok());
}

#[test]
fn a_schema_in_the_shape_of_mosip_deployments_judges_alike() {
    let theirs = RecordSchema::parse(symbolon_schemas::ID_OBJECT).unwrap();
    let ours = schema();
    let mut rows = vec![good(), json!({}), with("face", json!("iVBORw0KGgo="))];
    for field in good().as_object().unwrap().keys() {
        if field != "UIN" {
            rows.push(without(field));
        }
        rows.push(with(field, json!("x")));
        rows.push(with(field, json!({ "value": "Some text", "lang": "eng" })));
        rows.push(with(field, text(&[("eng", "ab")])));
        rows.push(with(field, text(&[("eng", &"x".repeat(51))])));
    }
    rows.push(with("dateOfBirth", json!("25-11-1987")));
    rows.push(with("dateOfBirth", json!("25-13-1987")));
    for row in rows {
        let (theirs, ours) = (theirs.read(row.clone(), today()), ours.read(row.clone(), today()));
        assert_eq!(theirs.is_ok(), ours.is_ok(), "{row}\n{theirs:?}\n{ours:?}");
    }
}

#[test]
fn a_country_chooses_its_own_fields_and_lengths() {
    let national = RecordSchema::parse(
        r#"{"type":"object","required":["UIN","nom"],"properties":{
            "UIN":{"type":"string","pattern":"^[0-9]{12}$"},"nom":{"type":"string","minLength":1},
            "naissance":{"type":"string","pattern":"^[0-9]{4}/(0[1-9]|1[0-2])/[0-3][0-9]$"}}}"#,
    )
    .unwrap();
    let row = json!({ "UIN": "123456789012", "nom": "Awa", "naissance": "01-02-1990" });
    let record = national.read(row, today()).unwrap();
    assert_eq!(record.date("naissance").unwrap().iso(), "1990-02-01");
    assert!(record.full_name().is_none());
}

#[test]
fn says_what_is_wrong_with_a_schema() {
    assert!(matches!(
        RecordSchema::parse("{"),
        Err(SchemaError::NotJson { .. })
    ));
    assert!(matches!(RecordSchema::parse("{}"), Err(SchemaError::NoFields)));
    assert!(matches!(
        RecordSchema::parse(r#"{"properties":{"a":{}}}"#),
        Err(SchemaError::NoUin)
    ));
    for field in [
        r#"{"type":"text"}"#,
        r#"{"pattern":"("}"#,
        r#"{"$ref":"https://example.org/other.json"}"#,
    ] {
        let schema = format!(r#"{{"properties":{{"UIN":{field}}}}}"#);
        assert!(
            matches!(RecordSchema::parse(&schema), Err(SchemaError::Invalid { .. })),
            "{field}"
        );
    }
}

#[test]
fn a_slow_pattern_is_cut_off() {
    let schema = RecordSchema::parse(
        r#"{"properties":{"UIN":{"type":"string"},"a":{"pattern":"^(?=(a+)+$)(a|aa)+$"}}}"#,
    )
    .unwrap();
    let row = json!({ "UIN": "1", "a": format!("{}b", "a".repeat(5_000)) });
    assert!(schema.read(row, today()).is_err());
}
