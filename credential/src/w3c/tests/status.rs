//! Status entries, and how a credential is bound.

use super::*;

fn entry() -> Value {
    json!({
        "id": "https://example.com/status/3#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://example.com/status/3",
    })
}

#[test]
fn reads_status_entries_as_the_specification_writes_them() {
    let mut message = entry();
    message["statusPurpose"] = json!("message");
    message["statusSize"] = json!(2);
    message["statusMessage"] = json!([
        { "status": "0x0", "message": "pending" }, { "status": "0x1", "message": "accepted" },
        { "status": "0x2", "message": "rejected" }, { "status": "0x3", "message": "undefined" },
    ]);
    let credential = accepted(with(json!({ "credentialStatus": [entry(), message] })));
    let entries: Vec<_> = credential.bitstring_status_entries().collect();
    assert_eq!(entries[0].index, 94567);
    assert_eq!(entries[0].purpose, StatusPurpose::Revocation);
    assert_eq!(entries[0].to_value(), entry());
    assert_eq!(entries[1].size.bits(), 2);
    assert_eq!(
        entries[1].to_value(),
        credential.document()["credentialStatus"][1]
    );
}

#[test]
fn refuses_malformed_status_entries() {
    for (name, value, error) in [
        ("statusPurpose", json!(null), NotConforming::StatusPurpose),
        ("statusListIndex", json!(94567), NotConforming::StatusListIndex),
        ("statusListIndex", json!("-1"), NotConforming::StatusListIndex),
        ("statusListIndex", json!("+1"), NotConforming::StatusListIndex),
        ("statusListIndex", json!("0x1"), NotConforming::StatusListIndex),
        ("statusListIndex", json!("01"), NotConforming::StatusListIndex),
        ("statusListIndex", json!(""), NotConforming::StatusListIndex),
        (
            "statusListCredential",
            json!("status/3"),
            NotConforming::StatusListCredential,
        ),
        (
            "statusListCredential",
            json!("https://example.com/status/3#94567"),
            NotConforming::StatusListCredential,
        ),
        ("statusSize", json!(0), NotConforming::StatusSize),
        ("statusSize", json!("1"), NotConforming::StatusSize),
        ("statusSize", json!(2), NotConforming::StatusMessages),
        (
            "statusMessage",
            json!([{ "status": "0x0", "message": "a" }]),
            NotConforming::StatusMessages,
        ),
        ("statusReference", json!("x"), NotConforming::StatusReference),
    ] {
        let mut bad = entry();
        bad[name] = value;
        assert_eq!(refused(with(json!({ "credentialStatus": bad }))), error, "{name}");
    }
    let mut huge = entry();
    huge["statusListIndex"] = json!("99999999999999999999999");
    let credential = accepted(with(json!({ "credentialStatus": huge })));
    assert_eq!(
        credential.bitstring_status_entries().next().unwrap().index,
        u64::MAX
    );
}

#[test]
fn a_did_that_holds_no_key_is_no_missing_binding() {
    assert_eq!(accepted(minimal()).holder_binding(), HolderBinding::Unsupported);
    let subject = |value: Value| accepted(with(json!({ "credentialSubject": value }))).holder_binding();
    assert_eq!(subject(json!({ "name": "n" })), HolderBinding::None);
    let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    assert!(matches!(subject(json!({ "id": key })), HolderBinding::Key(_)));
    assert_eq!(
        subject(json!([{ "id": key }, { "name": "n" }])),
        HolderBinding::Unsupported
    );
}
