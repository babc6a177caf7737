//! Credentials as MOSIP issues them. The figures were made by `tests/interop/npm/rsa-signature-2018.mjs`, with nothing of ours
//! but the keys' names; the keys were thrown away.

use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_did::Did;
use symbolon_trust::testing::NOW;
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::w3c_world::{DID, TYPE, W3cWorld, did};
use super::world::{ISSUER, Network, Question};
use crate::report::{Authentic, CheckName, CheckOutcome, Reason, Report, Trusted, Verdict};
use crate::{Evidence, Expected, Policy, Tools, Want};

const FIGURES: &str = include_str!("figures/rsa_signature_2018.json");
const METHOD_URL: &str = "https://issuer.example/.well-known/public-key.json";
const SECURITY: &str = "https://registry.example/contexts/security-prefix";

struct Mosip {
    world: W3cWorld,
    figures: Value,
    trust_list: TrustList,
    network: Network,
}

impl Mosip {
    fn new() -> Self {
        let figures: Value = serde_json::from_str(FIGURES).unwrap();
        let world = W3cWorld::new();
        let mut trust_list = world.trust_list();
        // The document that stands in what MOSIP issues, as a context of its own.
        let prefix = json!({ "@context": { "sec": "https://w3id.org/security#" } });
        trust_list.contexts.insert(SECURITY.to_owned(), prefix);
        let mut mosip = Self {
            world,
            figures,
            trust_list,
            network: Network::default(),
        };
        mosip.list_method(json!({
            "id": format!("{DID}#rsa"), "type": "RsaVerificationKey2018", "controller": DID,
            "publicKeyPem": mosip.figures["key"]["pem"],
        }));
        mosip
    }

    /// Puts a method among those that sign credentials, into the document that the trust list carries.
    fn list_method(&mut self, method: Value) {
        let document = self.trust_list.did_documents.get_mut(&did()).unwrap();
        let methods = document["assertionMethod"].as_array_mut().unwrap();
        methods.retain(|known| known.get("id") != method.get("id"));
        methods.push(method);
    }

    fn publish(&mut self, url: &str, document: &Value) {
        self.network
            .issuer_documents
            .insert(url.to_owned(), document.to_string().into_bytes());
    }

    /// Serves the documents of an issuer whose name is a URL.
    fn publish_controller(&mut self, listed: &Value) {
        self.publish(ISSUER, &json!({ "id": ISSUER, "assertionMethod": listed }));
        self.publish(
            METHOD_URL,
            &json!({
                "@context": "https://w3id.org/security/v2", "type": "RsaVerificationKey2018", "id": METHOD_URL,
                "controller": ISSUER, "publicKeyPem": self.figures["key"]["pem"],
            }),
        );
    }

    fn figure(&self, name: &str) -> Value {
        self.figures[name].clone()
    }

    fn report(&self, credential: &Value) -> Report {
        self.ask(
            credential,
            Tools::with_json_ld(&AwsLcProvider, &self.world.json_ld),
        )
        .0
    }

    fn ask(&self, credential: &Value, tools: Tools<'_>) -> (Report, Vec<Want>) {
        let input = credential.to_string();
        let question = Question {
            input: input.as_bytes(),
            expected: Expected::Unchecked,
            policy: Policy::RELYING_PARTY,
            tools,
            now: NOW,
        };
        let (mut reports, wanted) = question.ask(Evidence::online(&self.trust_list), &self.network);
        (reports.remove(0), wanted)
    }
}

fn is_refused(report: &Report, check: CheckName, reason: Reason) {
    assert_eq!(report.verdict, Verdict::Invalid, "{report:?}");
    assert_eq!(report.authentic.state, Authentic::NotAuthentic);
    let failed = report.authentic.checks.last().unwrap();
    assert_eq!(failed.name, check, "{report:?}");
    assert_eq!(failed.outcome, CheckOutcome::Failed { reason });
    assert!(report.claims.is_empty());
}

#[test]
fn a_credential_with_ps256_by_a_key_of_a_did_is_authentic() {
    let mut mosip = Mosip::new();
    let credential = mosip.figure("did");
    let jwk = json!({
        "id": format!("{DID}#rsa"), "type": "JsonWebKey2020", "controller": DID,
        "publicKeyJwk": mosip.figures["key"]["jwk"],
    });
    for _ in 0..2 {
        let report = mosip.report(&credential);
        assert_eq!(report.authentic.state, Authentic::Authentic, "{report:?}");
        assert_eq!(report.trusted.state, Trusted::Trusted);
        assert_eq!(report.claims["credentialSubject"]["familyName"], "Diallo");
        assert_eq!(report.credential_type.as_deref(), Some(TYPE));
        mosip.list_method(jwk.clone());
    }
}

#[test]
fn a_key_at_its_own_address_counts_where_the_issuers_document_lists_it() {
    let mut mosip = Mosip::new();
    let credential = mosip.figure("https");
    mosip.trust_list.issuers[0].credential_types =
        vec![CredentialTypeRule::Exactly("VerifiableCredential".to_owned())];
    mosip.publish_controller(&json!([METHOD_URL]));
    let tools = Tools::with_json_ld(&AwsLcProvider, &mosip.world.json_ld);
    let (report, wanted) = mosip.ask(&credential, tools);
    assert_eq!(report.authentic.state, Authentic::Authentic, "{report:?}");
    assert_eq!(report.trusted.state, Trusted::Trusted);
    assert_eq!(report.claims["type"], json!(["VerifiableCredential"]));
    let want = |url: &str| Want::IssuerDocument { url: url.to_owned() };
    assert_eq!(wanted, [want(ISSUER), want(METHOD_URL)]);

    mosip.publish_controller(&json!([]));
    is_refused(&mosip.report(&credential), CheckName::IssuerKey, Reason::Missing);
    mosip.network.issuer_documents.clear();
    let report = mosip.report(&credential);
    assert_eq!(report.verdict, Verdict::Unknown);
}

/// MOSIP gives its credentials a type that its context does not define. It is in no statement, so anybody could have written it.
#[test]
fn a_type_that_is_not_signed_is_not_read() {
    let mut mosip = Mosip::new();
    mosip.publish_controller(&json!([METHOD_URL]));
    for types in [
        json!(["VerifiableCredential", "MOSIPVerifiableCredential"]),
        json!(["VerifiableCredential", "PresidentCredential"]),
    ] {
        let mut credential = mosip.figure("https");
        credential["type"] = types;
        let report = mosip.report(&credential);
        assert_eq!(report.authentic.state, Authentic::Authentic, "{report:?}");
        assert_eq!(report.credential_type, None);
        // The issuer may make national identities, and nothing else.
        assert_eq!(report.trusted.state, Trusted::NotTrusted);
    }
    // One that is defined would be a statement that was not signed.
    let mut credential = mosip.figure("https");
    credential["type"] = json!(["VerifiableCredential", TYPE]);
    is_refused(
        &mosip.report(&credential),
        CheckName::IssuerSignature,
        Reason::WrongSignature,
    );
    let mut credential = mosip.figure("did");
    credential["type"] = json!(["VerifiableCredential"]);
    is_refused(
        &mosip.report(&credential),
        CheckName::IssuerSignature,
        Reason::WrongSignature,
    );
}

#[test]
fn no_bit_of_a_signed_part_may_change() {
    let mosip = Mosip::new();
    let good = mosip.figure("did");
    for (pointer, value) in [
        ("/credentialSubject/familyName", "Diallp"),
        ("/credentialSubject/id", "did:example:other"),
        ("/issuanceDate", "2026-11-22T12:00:00.691Z"),
        ("/expirationDate", "2026-12-22T12:00:01Z"),
        ("/id", "https://issuer.example/credentials/2"),
        ("/proof/created", "2026-11-22T12:00:01Z"),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value.into();
        is_refused(
            &mosip.report(&changed),
            CheckName::IssuerSignature,
            Reason::WrongSignature,
        );
    }
    let jws = good["proof"]["jws"].as_str().unwrap();
    let (header, signature) = jws.split_once("..").unwrap();
    let mut bytes = symbolon_crypto::encoding::base64url::decode(signature).unwrap();
    for index in (0..bytes.len()).step_by(37) {
        bytes[index] ^= 1;
        let mut changed = good.clone();
        let text = symbolon_crypto::encoding::base64url::encode(&bytes);
        changed["proof"]["jws"] = format!("{header}..{text}").into();
        is_refused(
            &mosip.report(&changed),
            CheckName::IssuerSignature,
            Reason::WrongSignature,
        );
        bytes[index] ^= 1;
    }
}

#[test]
fn a_claim_or_an_option_that_was_not_signed_is_refused() {
    let mosip = Mosip::new();
    let good = mosip.figure("did");
    let mut added = good.clone();
    added["credentialSubject"]["birthDate"] = json!("1990-02-03");
    let mut undefined = good.clone();
    undefined["credentialSubject"]["office"] = json!("president");
    let mut by_iri = good.clone();
    let end = by_iri
        .as_object_mut()
        .unwrap()
        .shift_remove("expirationDate")
        .unwrap();
    by_iri["https://www.w3.org/2018/credentials#expirationDate"] =
        json!({ "@value": end, "@type": "http://www.w3.org/2001/XMLSchema#dateTime" });
    for (changed, reason) in [
        (added, Reason::WrongSignature),
        (undefined, Reason::NotCoveredByProof),
        (by_iri, Reason::NotCoveredByProof),
    ] {
        is_refused(&mosip.report(&changed), CheckName::IssuerSignature, reason);
    }
    for (name, value, reason) in [
        ("domain", json!("verifier.example"), Reason::WrongSignature),
        ("proofValue", json!("z1"), Reason::Malformed),
        ("signatureValue", json!("AA"), Reason::Malformed),
        (
            "@context",
            json!("https://w3id.org/security/v1"),
            Reason::NotCoveredByProof,
        ),
        ("invented", json!("x"), Reason::NotCoveredByProof),
    ] {
        let mut changed = good.clone();
        changed["proof"][name] = value;
        is_refused(&mosip.report(&changed), CheckName::IssuerSignature, reason);
    }
    let mut twice = good;
    twice["proof"] = json!([twice["proof"], twice["proof"]]);
    assert_ne!(mosip.report(&twice).authentic.state, Authentic::Authentic);
}

#[test]
fn signatures_of_another_making_are_not_believed() {
    let mosip = Mosip::new();
    for (figure, reason) in [
        ("another_key", Reason::WrongSignature),
        ("other_crit", Reason::Malformed),
        ("no_crit", Reason::Malformed),
        ("encoded", Reason::Malformed),
        ("authentication", Reason::WrongPurpose),
        ("future", Reason::NotYetValid),
    ] {
        is_refused(
            &mosip.report(&mosip.figure(figure)),
            CheckName::IssuerSignature,
            reason,
        );
    }
    // The signature is a good one, of an algorithm that is not verified.
    let report = mosip.report(&mosip.figure("rs256"));
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.authentic.state, Authentic::Unknown);
    assert!(report.claims.is_empty());
    // Under a header that says PS256, it is a wrong one.
    let mut renamed = mosip.figure("did");
    let (_, rs256) = mosip.figures["rs256"]["proof"]["jws"]
        .as_str()
        .unwrap()
        .split_once("..")
        .unwrap();
    let (header, _) = renamed["proof"]["jws"]
        .as_str()
        .unwrap()
        .split_once("..")
        .unwrap();
    renamed["proof"]["jws"] = format!("{header}..{rs256}").into();
    is_refused(
        &mosip.report(&renamed),
        CheckName::IssuerSignature,
        Reason::WrongSignature,
    );
}

#[test]
fn an_expired_credential_is_invalid() {
    let mosip = Mosip::new();
    let report = mosip.report(&mosip.figure("expired"));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Expired), "{report:?}");
}

#[test]
fn a_key_that_is_another_issuers_or_for_another_use_is_refused() {
    let mut mosip = Mosip::new();
    let mut other = mosip.figure("did");
    other["proof"]["verificationMethod"] = json!("did:web:other.example#rsa");
    is_refused(
        &mosip.report(&other),
        CheckName::IssuerBinding,
        Reason::SignerIsNotIssuer,
    );
    let mut elsewhere = mosip.figure("did");
    elsewhere["proof"]["verificationMethod"] = json!(METHOD_URL);
    is_refused(
        &mosip.report(&elsewhere),
        CheckName::IssuerBinding,
        Reason::SignerIsNotIssuer,
    );
    let good = mosip.figure("did");
    mosip.list_method(json!({
        "id": format!("{DID}#rsa"), "type": "RsaVerificationKey2018", "controller": "did:web:other.example",
        "publicKeyPem": mosip.figures["key"]["pem"],
    }));
    is_refused(
        &mosip.report(&good),
        CheckName::IssuerKey,
        Reason::SignerIsNotIssuer,
    );
    mosip.list_method(json!({
        "id": format!("{DID}#rsa"), "type": "RsaVerificationKey2018", "controller": DID,
        "publicKeyPem": mosip.figures["key"]["other"],
    }));
    is_refused(
        &mosip.report(&good),
        CheckName::IssuerSignature,
        Reason::WrongSignature,
    );
    mosip.trust_list.issuers[0].dids = vec![Did::parse("did:web:other.example").unwrap()];
    assert_ne!(mosip.report(&good).authentic.state, Authentic::Authentic);
}

/// A phone has no RSA: it says that it cannot tell.
#[test]
fn without_rsa_a_credential_is_unknown() {
    let mosip = Mosip::new();
    let tools = Tools::with_json_ld(&RustCryptoProvider, &mosip.world.json_ld);
    let (report, _) = mosip.ask(&mosip.figure("did"), tools);
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.authentic.state, Authentic::Unknown);
    assert!(report.claims.is_empty());
}
