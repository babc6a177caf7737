//! Presentations and what they hold.

use super::*;

fn presentation(changes: Value) -> Result<VerifiablePresentation, NotConforming> {
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    VerifiablePresentation::from_value(document, W3cBudget::DEFAULT)
}

#[test]
fn presentations_hold_credentials_and_enveloped_ones_alone() {
    let enveloped = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": "data:application/vc+jwt,eyJ.e30.AA",
    });
    let both = presentation(json!({ "verifiableCredential": [minimal(), enveloped] })).unwrap();
    assert!(matches!(both.credentials()[0], PresentedCredential::Embedded(_)));
    let PresentedCredential::Enveloped(opened) = &both.credentials()[1] else {
        panic!("enveloped")
    };
    assert_eq!(
        (opened.kind(), opened.text()),
        (EnvelopeType::VcJwt, Some("eyJ.e30.AA"))
    );
    assert_eq!(opened.to_value(), enveloped);
    assert_eq!(presentation(json!({})).unwrap().credentials().len(), 0);

    let mut untyped = enveloped.clone();
    untyped.as_object_mut().unwrap().remove("type");
    let mut bare = enveloped.clone();
    bare["id"] = json!("eyJ.e30.AA");
    let mut unknown = enveloped.clone();
    unknown["id"] = json!("data:text/html,eyJ.e30.AA");
    let mut foreign = enveloped.clone();
    foreign["@context"] = json!("https://www.w3.org/ns/credentials/examples/v2");
    for (bad, error) in [
        (json!(["eyJ.e30.AA"]), NotConforming::PresentedCredential),
        (json!([1]), NotConforming::PresentedCredential),
        (
            json!([untyped]),
            NotConforming::Type {
                of: Property::Credential,
            },
        ),
        (json!([bare]), NotConforming::Envelope),
        (json!([unknown]), NotConforming::Envelope),
        (json!([foreign]), NotConforming::BaseContext),
        (Value::Array(vec![minimal(); 17]), NotConforming::OverBudget),
    ] {
        assert_eq!(
            presentation(json!({ "verifiableCredential": bad })).unwrap_err(),
            error
        );
    }
}

#[test]
fn holders_and_types_of_presentations_follow_the_same_rules() {
    assert_eq!(
        presentation(json!({ "holder": { "id": "did:example:h" } }))
            .unwrap()
            .holder(),
        Some("did:example:h")
    );
    for holder in [
        json!("z6MkpJ"),
        json!({ "name": "Acme" }),
        json!({ "id": "z6MkpJ" }),
        json!(null),
    ] {
        assert_eq!(
            presentation(json!({ "holder": holder })).unwrap_err(),
            NotConforming::Id { of: Property::Holder }
        );
    }
    let of = Property::Presentation;
    assert_eq!(
        presentation(json!({ "type": ["X"] })).unwrap_err(),
        NotConforming::RequiredType { of }
    );
    assert_eq!(
        presentation(json!({ "@context": [] })).unwrap_err(),
        NotConforming::BaseContext
    );
}
