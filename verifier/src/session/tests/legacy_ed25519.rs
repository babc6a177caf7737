//! Credentials of VCDM 1.1 with `Ed25519Signature2020`. The figures were made with the npm package `jsonld` and Node's Ed25519,
//! with nothing of ours but names; the keys were thrown away.

use serde_json::{Value, json};
use symbolon_trust::trust_list::TrustList;

use super::w3c_world::{DID, TYPE, TYPE_IRI, W3cWorld, did};
use crate::report::{Authentic, CheckName, CheckOutcome, Reason, Report, Trusted, Verdict};
use crate::{Expected, Policy};

const FIGURES: &str = include_str!("figures/ed25519_signature_2020.json");

struct Legacy {
    world: W3cWorld,
    figures: Value,
    trust_list: TrustList,
}

impl Legacy {
    fn new() -> Self {
        let figures: Value = serde_json::from_str(FIGURES).unwrap();
        let world = W3cWorld::new();
        let mut trust_list = world.trust_list();
        let document = trust_list.did_documents.get_mut(&did()).unwrap();
        document["assertionMethod"].as_array_mut().unwrap().push(json!({
            "id": format!("{DID}#ed25519"), "type": "Ed25519VerificationKey2020", "controller": DID,
            "publicKeyMultibase": figures["key"]["multibase"],
        }));
        Self {
            world,
            figures,
            trust_list,
        }
    }

    fn report(&self, credential: &Value) -> Report {
        let (input, network) = (credential.to_string(), self.world.network(&[], &[]));
        self.world
            .reports(
                input.as_bytes(),
                Expected::Unchecked,
                Policy::RELYING_PARTY,
                &self.trust_list,
                &network,
            )
            .remove(0)
    }

    #[track_caller]
    fn is_refused(&self, credential: &Value, check: CheckName, reason: Reason) {
        let report = self.report(credential);
        assert_eq!(report.verdict, Verdict::Invalid, "{report:?}");
        assert_eq!(report.authentic.state, Authentic::NotAuthentic);
        let failed = report.authentic.checks.last().unwrap();
        let outcome = CheckOutcome::Failed { reason };
        assert_eq!((failed.name, failed.outcome), (check, outcome), "{report:?}");
        assert!(report.claims.is_empty());
    }
}

#[test]
fn a_credential_with_the_legacy_proof_is_authentic() {
    let legacy = Legacy::new();
    let report = legacy.report(&legacy.figures["good"]);
    assert_eq!(report.authentic.state, Authentic::Authentic, "{report:?}");
    assert_eq!(report.trusted.state, Trusted::Trusted);
    assert_eq!(report.credential_type.as_deref(), Some(TYPE));
    assert!(report.type_iris.iter().any(|iri| iri == TYPE_IRI));
    assert_eq!(report.claims["credentialSubject"]["familyName"], "Diallo");
}

#[test]
fn what_was_changed_is_refused() {
    let legacy = Legacy::new();
    for (pointer, value) in [
        ("/credentialSubject/familyName", "Diallp"),
        ("/credentialSubject/id", "did:example:other"),
        ("/expirationDate", "2027-12-22T12:00:00Z"),
        ("/proof/created", "2026-11-22T12:00:01Z"),
    ] {
        let mut changed = legacy.figures["good"].clone();
        *changed.pointer_mut(pointer).unwrap() = value.into();
        legacy.is_refused(&changed, CheckName::IssuerSignature, Reason::WrongSignature);
    }
    let mut added = legacy.figures["good"].clone();
    added["credentialSubject"]["birthDate"] = json!("1990-02-03");
    legacy.is_refused(&added, CheckName::IssuerSignature, Reason::WrongSignature);
    let mut undefined = legacy.figures["good"].clone();
    undefined["credentialSubject"]["office"] = json!("president");
    legacy.is_refused(&undefined, CheckName::IssuerSignature, Reason::NotCoveredByProof);
}

#[test]
fn an_end_by_its_iri_is_not_lost() {
    let legacy = Legacy::new();
    let mut hidden = legacy.figures["expired"].clone();
    let end = hidden.as_object_mut().unwrap().shift_remove("expirationDate");
    hidden["https://www.w3.org/2018/credentials#expirationDate"] =
        json!({ "@value": end, "@type": "http://www.w3.org/2001/XMLSchema#dateTime" });
    legacy.is_refused(&hidden, CheckName::IssuerSignature, Reason::NotCoveredByProof);
}

#[test]
fn proofs_of_another_key_purpose_or_time_are_refused() {
    let legacy = Legacy::new();
    for (figure, reason) in [
        ("another_key", Reason::WrongSignature),
        ("authentication", Reason::WrongPurpose),
        ("future", Reason::NotYetValid),
        ("ended", Reason::Expired),
    ] {
        legacy.is_refused(&legacy.figures[figure], CheckName::IssuerSignature, reason);
    }
    // A key of another kind, which the DID lists for signing credentials.
    let mut other = legacy.figures["good"].clone();
    other["proof"]["verificationMethod"] = json!(format!("{DID}#es256"));
    legacy.is_refused(&other, CheckName::IssuerSignature, Reason::WrongSignature);
    let mut foreign = legacy.figures["good"].clone();
    foreign["proof"]["verificationMethod"] = json!("did:web:other.example#ed25519");
    legacy.is_refused(&foreign, CheckName::IssuerBinding, Reason::SignerIsNotIssuer);
}

#[test]
fn an_expired_credential_with_the_legacy_proof_is_invalid() {
    let legacy = Legacy::new();
    let report = legacy.report(&legacy.figures["expired"]);
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Expired), "{report:?}");
}
