//! Importing, showing and exporting records over the administration interface.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{FATIMA, HASSAN, World, record};

async fn import(world: &World, media_type: &str, body: String) -> Value {
    let response = world
        .order("/records/import")
        .header("content-type", media_type)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn good_rows_are_stored_bad_ones_are_told_and_repeating_changes_nothing() {
    let world = World::start().await;
    let mut bad = record(FATIMA, "Fatima Ali");
    bad["dateOfBirth"] = json!("2023/02/30");
    let rows = format!(
        "{}\nnot json\n{bad}\n{}\n",
        record(HASSAN, "Hassan Ali"),
        record("2345678903", "Omar Ali")
    );
    let report = import(&world, "application/x-ndjson", rows.clone()).await;
    let rows_of = |report: &Value| -> Vec<(u64, String)> {
        let outcome = |row: &Value| match row["outcome"].as_str().unwrap() {
            "stored" => row["change"].as_str().unwrap().to_owned(),
            other => other.to_owned(),
        };
        report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["row"].as_u64().unwrap(), outcome(row)))
            .collect()
    };
    let expected = [(1, "inserted"), (2, "rejected"), (3, "rejected"), (4, "inserted")];
    assert_eq!(
        rows_of(&report),
        expected.map(|(row, outcome)| (row, outcome.to_owned()))
    );
    let reason = report["rows"][2]["reason"].as_str().unwrap();
    assert!(
        reason.contains("dateOfBirth") && !reason.contains("2023"),
        "{reason}"
    );

    let again = import(&world, "application/x-ndjson", rows).await;
    assert_eq!(rows_of(&again)[0], (1, "unchanged".to_owned()));
    let changed = import(
        &world,
        "application/x-ndjson",
        record(HASSAN, "Hassan Changed").to_string(),
    )
    .await;
    assert_eq!(rows_of(&changed), [(1, "updated".to_owned())]);

    let shown = world.ordered("/records/show", json!({ "record": HASSAN })).await;
    assert_eq!(shown["fullName"][0]["value"], "Hassan Changed");
    let exported = world.ordered("/records/export", json!({})).await;
    assert_eq!(exported["records"].as_array().unwrap().len(), 2);
    assert_eq!(exported.get("next"), None);
    let unknown = world
        .order("/records/show")
        .json(&json!({ "record": FATIMA }))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_read_by_its_header() {
    let world = World::start().await;
    let header = "IDSchemaVersion,UIN,fullName.eng,dateOfBirth,gender.eng,addressLine1.eng,addressLine2.eng,addressLine3.eng,region.eng,province.eng,city.eng,zone.eng,postalCode,phone,email,proofOfIdentity.format,proofOfIdentity.type,proofOfIdentity.value,individualBiometrics.format,individualBiometrics.version,individualBiometrics.value";
    let row = format!(
        "0.1,{HASSAN},Hassan Ali,25-11-1987,MLE,12 Cedar Street,Old Town,Third floor,Rabat,Kenitra,Kenitra,Ben Mansour,14022,6352000101,a@example.org,pdf,CIN,x,cbeff,1,x"
    );
    let report = import(&world, "text/csv; charset=utf-8", format!("{header}\n{row}\n")).await;
    assert_eq!(
        report["rows"],
        json!([{ "row": 2, "outcome": "stored", "change": "inserted" }])
    );
    let headless = world
        .order("/records/import")
        .header("content-type", "text/csv")
        .body("")
        .send()
        .await
        .unwrap();
    assert_eq!(headless.status(), StatusCode::BAD_REQUEST);
    let untyped = world.order("/records/import").body("{}").send().await.unwrap();
    assert_eq!(untyped.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_death_revokes_what_the_resident_held() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let mut deceased = record(HASSAN, "Hassan Ali");
    deceased["declaredAsDeceased"] = json!("Y");
    let report = world.import(std::slice::from_ref(&deceased)).await;
    assert_eq!(report["revoked"], 1);
    let page = world
        .ordered("/credentials/list", json!({ "record": HASSAN }))
        .await;
    assert_eq!(page["credentials"][0]["status"], "revoked");
    assert_eq!(world.import(&[deceased]).await["revoked"], 0);
}
