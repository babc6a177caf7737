//! The credential of the specifications' examples, and a caller who believes every `did:key`.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_credential::Verified;
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofOptions, ProofPurpose,
    ProofRejected, SecuredDocument, VerificationKey, prepare, verify,
};
use symbolon_crypto::encoding::multikey;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_data_integrity::SsiJsonLd;

pub(crate) static PROCESSOR: LazyLock<SsiJsonLd> = LazyLock::new(SsiJsonLd::new);

/// The context of examples stands for one that a trust list brings; it is not shipped.
pub(crate) static EXAMPLES: LazyLock<ContextTable> = LazyLock::new(|| {
    ContextTable::from_documents([(
        "https://www.w3.org/ns/credentials/examples/v2".to_owned(),
        json!({"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}),
    )])
    .unwrap()
});

pub(crate) fn json_ld() -> JsonLd<'static> {
    JsonLd {
        processor: &*PROCESSOR,
        contexts: &EXAMPLES,
        budget: JsonLdBudget::DEFAULT,
    }
}

/// The unsecured credential of vc-di-eddsa and vc-di-ecdsa, appendix B.
pub(crate) fn alumni() -> Value {
    json!({
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://www.w3.org/ns/credentials/examples/v2"
        ],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"}
    })
}

pub(crate) fn at(text: &str) -> UnixTime {
    UnixTime::parse_rfc3339(text).unwrap()
}

pub(crate) const CREATED: &str = "2023-02-24T23:36:38Z";

/// Resolves `did:key` for every purpose.
pub(crate) fn believing(method: &str) -> Option<VerificationKey> {
    let (did, fragment) = method.split_once('#')?;
    Some(VerificationKey {
        public_key: multikey::decode(fragment).ok()?,
        controller: did.to_owned(),
        purposes: vec![ProofPurpose::AssertionMethod, ProofPurpose::Authentication],
    })
}

pub(crate) fn check(expected: ExpectedProof<'_>) -> ProofCheck<'_> {
    ProofCheck {
        expected,
        now: at("2024-01-01T00:00:00Z"),
        skew: Duration::ZERO,
    }
}

pub(crate) fn verified(secured: &Value) -> Result<Verified<SecuredDocument>, ProofRejected> {
    verify(
        secured,
        check(ExpectedProof::Credential),
        &believing,
        &json_ld(),
        &RustCryptoProvider,
    )
}

pub(crate) fn with_proof(mut document: Value, proof: Value) -> Value {
    document["proof"] = proof;
    document
}

pub(crate) fn key(algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(algorithm, &SeededRandomness::new(seed))
        .unwrap()
}

pub(crate) fn options(suite: Cryptosuite, key: &SecretKey) -> ProofOptions {
    let multibase = multikey::encode(&key.public_key());
    ProofOptions {
        cryptosuite: suite,
        verification_method: format!("did:key:{multibase}#{multibase}"),
        purpose: ProofPurpose::AssertionMethod,
        created: Some(at(CREATED)),
        expires: None,
        domain: None,
        challenge: None,
    }
}

pub(crate) fn secure(document: &Value, options: &ProofOptions, key: &SecretKey) -> Value {
    let prepared = prepare(document, options, &key.public_key(), &json_ld()).unwrap();
    let signature = RustCryptoProvider.sign(key, prepared.signing_input()).unwrap();
    prepared.finish(&signature)
}
