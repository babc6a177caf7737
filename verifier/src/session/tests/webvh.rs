//! An issuer under a `did:webvh`: its log is verified before a key of it is believed.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_credential::w3c::{EnvelopeType, EnvelopedCredential};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::{jcs, multibase};
use symbolon_crypto::signing::SignatureRequest;
use symbolon_did::{Did, did_key};
use symbolon_trust::testing::TestKey;

use super::w3c_world::W3cWorld;
use super::world::{Network, bound};
use crate::report::{Authentic, Reason, Report, Verdict};
use crate::{Evidence, Policy, Want};

/// A log of one entry, and what its witness approves.
struct Log {
    did: Did,
    text: String,
    witness_proofs: String,
}

fn multihash(text: &str) -> String {
    let bytes = [[0x12, 32].as_slice(), &Sha256::digest(text)].concat();
    multibase::encode_base58btc(&bytes)[1..].to_owned()
}

fn hash(value: &Value) -> String {
    multihash(&jcs::canonicalize(value).unwrap())
}

fn multikey(key: &TestKey) -> String {
    let did = did_key(key.public_key()).unwrap();
    did.method_specific_identifier().to_owned()
}

fn prove(key: &TestKey, document: &Value) -> Value {
    let mut proof = json!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": format!("did:key:{0}#{0}", multikey(key)),
        "created": "2026-01-01T00:00:00Z", "proofPurpose": "assertionMethod",
    });
    let digest = |value: &Value| Sha256::digest(jcs::canonicalize(value).unwrap()).to_vec();
    let signature = key.sign(&SignatureRequest {
        key: key.handle(),
        algorithm: SignatureAlgorithm::EdDsa,
        bytes: [digest(&proof), digest(document)].concat(),
    });
    proof["proofValue"] = json!(multibase::encode_base58btc(&signature));
    proof
}

impl Log {
    /// The log of an issuer that signs by `key`, which a witness has to approve.
    fn new(key: &TestKey, witness: &TestKey) -> Self {
        let controller = TestKey::new(SignatureAlgorithm::EdDsa, 41);
        let did = "did:webvh:{SCID}:issuer.example";
        let method = format!("{did}#es256");
        let preliminary = json!({
            "versionId": "{SCID}", "versionTime": "2026-01-01T00:00:00Z",
            "parameters": {
                "method": "did:webvh:1.0", "scid": "{SCID}", "updateKeys": [multikey(&controller)],
                "witness": { "threshold": 1, "witnesses": [{ "id": format!("did:key:{}", multikey(witness)) }] },
            },
            "state": {
                "@context": ["https://www.w3.org/ns/did/v1"], "id": did,
                "verificationMethod": [{
                    "id": method, "type": "JsonWebKey", "controller": did,
                    "publicKeyJwk": key.public_key().to_jwk(),
                }],
                "assertionMethod": [method],
            },
        });
        let scid = hash(&preliminary);
        let mut entry: Value =
            serde_json::from_str(&preliminary.to_string().replace("{SCID}", &scid)).unwrap();
        let version = format!("1-{}", hash(&entry));
        entry["versionId"] = json!(version);
        entry["proof"] = json!([prove(&controller, &entry)]);
        let approval = prove(witness, &json!({ "versionId": version }));
        Self {
            did: Did::parse(&did.replace("{SCID}", &scid)).unwrap(),
            text: format!("{entry}\n"),
            witness_proofs: json!([{ "versionId": version, "proof": [approval] }]).to_string(),
        }
    }
}

fn ask(world: &W3cWorld, log: &Log, text: &str, witness_proofs: Option<&str>) -> (Report, Vec<Want>) {
    let mut template = world.template();
    template.issuer.id = log.did.clone();
    template.status.clear();
    let method = format!("{}#es256", log.did);
    let token = world.jwt_with(&template.build().unwrap(), &world.es256, &method);
    let envelope = EnvelopedCredential::from_text(EnvelopeType::VcJwt, &token).unwrap();
    let presentation = world.present_tokens(&[envelope], |_| {});
    let mut list = world.trust_list();
    list.issuers[0].dids.push(log.did.clone());
    let name = log.did.as_str().to_owned();
    let network = Network {
        did_documents: [(name.clone(), text.as_bytes().to_vec())].into(),
        witness_proofs: witness_proofs
            .map(|proofs| (name, proofs.as_bytes().to_vec()))
            .into_iter()
            .collect(),
        ..Network::default()
    };
    let (mut reports, wanted) = world
        .question(presentation.as_bytes(), bound(), Policy::RELYING_PARTY)
        .ask(Evidence::online(&list), &network);
    (reports.remove(0), wanted)
}

#[test]
fn a_log_that_its_witness_approved_gives_the_issuers_key() {
    let world = W3cWorld::new();
    let log = Log::new(&world.es256, &TestKey::new(SignatureAlgorithm::EdDsa, 42));
    let (report, wanted) = ask(&world, &log, &log.text, Some(&log.witness_proofs));
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let did = log.did.clone();
    assert_eq!(
        wanted,
        [
            Want::DidDocument { did: did.clone() },
            Want::DidWitnessProofs { did }
        ]
    );
}

#[test]
fn a_log_that_was_changed_or_that_no_witness_approved_gives_no_key() {
    let world = W3cWorld::new();
    let log = Log::new(&world.es256, &TestKey::new(SignatureAlgorithm::EdDsa, 42));
    let changed = log.text.replacen("2026-01-01", "2026-01-02", 1);
    let stranger = Log::new(&world.es256, &TestKey::new(SignatureAlgorithm::EdDsa, 43));
    for (text, proofs, reason) in [
        (&changed, Some(log.witness_proofs.as_str()), Reason::Malformed),
        (
            &stranger.text,
            Some(log.witness_proofs.as_str()),
            Reason::Malformed,
        ),
        (
            &log.text,
            Some(stranger.witness_proofs.as_str()),
            Reason::WrongSignature,
        ),
        (&log.text, Some("[]"), Reason::WrongSignature),
        (&log.text, None, Reason::EvidenceAbsent),
    ] {
        let (report, _) = ask(&world, &log, text, proofs);
        assert_eq!(
            (report.verdict, report.authentic.state),
            (Verdict::Unknown, Authentic::Unknown),
            "{reason:?}"
        );
        let absent = crate::report::CheckOutcome::Absent { reason };
        assert!(
            report
                .authentic
                .checks
                .iter()
                .any(|check| check.outcome == absent),
            "{reason:?}"
        );
    }
}
