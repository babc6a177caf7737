//! Which proofs of a credential may be shown (VCALM, section on unknown proof types).

use serde_json::{Map, Value};
use symbolon_credential::data_integrity::{Cryptosuite, ecdsa_sd_2023};
use symbolon_credential::w3c::PresentedCredential;
use symbolon_crypto::encoding::multibase;
use thiserror::Error;

/// How the value of a derived `ecdsa-sd-2023` proof begins
/// ([vc-di-ecdsa §3.5.7](https://www.w3.org/TR/vc-di-ecdsa/#serializederivedproofvalue)).
const DERIVED_HEADER: [u8; 3] = [0xd9, 0x5d, 0x01];

/// Why a credential is not presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotPresentable {
    /// The proof is the holder's own. It holds the key that hides what is withheld, and signatures of all of it.
    #[error("a credential has a base proof, which is never shown: derive from it first")]
    BaseProof,
    /// No proof of the credential is of a suite that is known to be safe to show.
    #[error("a credential has no proof of a suite that is known here")]
    NoKnownProof,
}

/// Takes the proofs off that are not known to be safe to show.
pub(crate) fn presentable(credential: &PresentedCredential) -> Result<Value, NotPresentable> {
    let credential = match credential {
        PresentedCredential::Enveloped(enveloped) => return Ok(enveloped.to_value()),
        PresentedCredential::Embedded(credential) => credential,
    };
    let mut shown = Vec::new();
    for proof in credential.proofs() {
        match disclosure(proof) {
            Disclosure::Safe => shown.push(Value::Object(proof.clone())),
            Disclosure::Base => return Err(NotPresentable::BaseProof),
            Disclosure::Unknown => {}
        }
    }
    let proof = match shown.len() {
        0 => return Err(NotPresentable::NoKnownProof),
        1 => shown.pop().unwrap_or_default(),
        _ => Value::Array(shown),
    };
    let mut document = credential.document().clone();
    document.insert("proof".to_owned(), proof);
    Ok(Value::Object(document))
}

enum Disclosure {
    Safe,
    Base,
    Unknown,
}

fn disclosure(proof: &Map<String, Value>) -> Disclosure {
    let text = |name: &str| proof.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("type"), text("cryptosuite")) {
        ("DataIntegrityProof", ecdsa_sd_2023::CRYPTOSUITE) => {
            let value = multibase::decode_base64url(text("proofValue")).unwrap_or_default();
            if value.starts_with(&DERIVED_HEADER) {
                Disclosure::Safe
            } else {
                Disclosure::Base
            }
        }
        ("DataIntegrityProof", suite) if Cryptosuite::from_name(suite).is_some() => Disclosure::Safe,
        (kind, _) if kind == Cryptosuite::Ed25519Signature2020.name() => Disclosure::Safe,
        _ => Disclosure::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_credential::w3c::VerifiableCredential;

    use super::*;

    fn with_proof(proof: Value) -> PresentedCredential {
        let document = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": "did:example:issuer",
            "credentialSubject": {"name": "Alice"},
            "proof": proof,
        });
        PresentedCredential::Embedded(Box::new(VerifiableCredential::from_value(document).unwrap()))
    }

    fn proof(suite: &str, value: &str) -> Value {
        json!({"type": "DataIntegrityProof", "cryptosuite": suite, "proofValue": value})
    }

    #[test]
    fn a_base_proof_is_never_shown_not_even_beside_another() {
        let base = multibase::encode_base64url(&[0xd9, 0x5d, 0x00, 0x80]);
        for proofs in [
            proof("ecdsa-sd-2023", &base),
            proof("ecdsa-sd-2023", "unreadable"),
            json!([proof("eddsa-rdfc-2022", "z1"), proof("ecdsa-sd-2023", &base)]),
        ] {
            let refused = presentable(&with_proof(proofs)).unwrap_err();
            assert_eq!(refused, NotPresentable::BaseProof);
        }
        let derived = multibase::encode_base64url(&[0xd9, 0x5d, 0x01, 0x80]);
        assert!(presentable(&with_proof(proof("ecdsa-sd-2023", &derived))).is_ok());
    }

    #[test]
    fn proofs_of_suites_that_are_not_known_are_taken_off() {
        let known = proof("eddsa-rdfc-2022", "z1");
        let shown = presentable(&with_proof(json!([proof("bbs-2023", "u1"), known]))).unwrap();
        assert_eq!(shown["proof"], known);
        let refused = presentable(&with_proof(proof("bbs-2023", "u1"))).unwrap_err();
        assert_eq!(refused, NotPresentable::NoKnownProof);
    }
}
