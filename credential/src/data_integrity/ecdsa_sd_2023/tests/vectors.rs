//! The test vectors of vc-di-ecdsa (appendix A.7 and A.8): both credentials, and every intermediate value. Long texts
//! stand here as their SHA-256.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, Randomness, RandomnessUnavailable, RustCryptoProvider, SecretKey,
    UnixTime,
};

use super::{json_ld, pointers};
use crate::data_integrity::ecdsa_sd_2023::group::{Document, split};
use crate::data_integrity::ecdsa_sd_2023::proof_value::{BaseProofValue, DerivedProofValue};
use crate::data_integrity::ecdsa_sd_2023::{BaseProof, derive, proof, statement, verify, verify_base};

const BASE_KEY: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const PROOF_KEY: &str = "776448934c81996709671ef7d17ea1c054912f1c702c50d25b14b6c1fad13183";
const HMAC_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const VERIFICATION_METHOD: &str = "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP#zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP";
const MANDATORY: [&str; 1] = ["/issuer"];
const SELECTIVE: [&str; 3] = ["/validFrom", "/validUntil", "/credentialSubject/birthCountry"];

struct Vector {
    document: Value,
    /// `addBaseDocHMACCanon`
    statements: &'static str,
    /// `derivedGroupIndexes`
    mandatory: [usize; 4],
    combined: [usize; 10],
    /// `addHashData`
    options_hash: &'static str,
    mandatory_hash: &'static str,
    base_signature: &'static str,
    /// `addSignedSDBase`
    base_proof_value: &'static str,
    /// `derivedAdjMandatoryIndexes`
    adjusted_mandatory: [usize; 4],
    /// `verifyNQuads`
    verified_statements: &'static str,
    /// `derivedUnsignedReveal`, without the contexts, types and issuer of the document
    revealed: Value,
    /// `derivedRevealDocument`
    derived_proof_value: &'static str,
}

fn permanent_resident_card() -> Vector {
    Vector {
        document: json!({
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://w3id.org/citizenship/v4rc1"
            ],
            "type": [
                "VerifiableCredential",
                "PermanentResidentCardCredential"
            ],
            "issuer": {
                "id": "did:key:zDnaeTHxNEBZoKaEo6PdA83fq98ebiFvo3X273Ydu4YmV96rg",
                "image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVQIW2P4z/DiPwAG0ALnwgz64QAAAABJRU5ErkJggg=="
            },
            "name": "Permanent Resident Card",
            "description": "Permanent Resident Card from Government of Utopia.",
            "credentialSubject": {
                "type": [
                    "PermanentResident",
                    "Person"
                ],
                "givenName": "JANE",
                "familyName": "SMITH",
                "gender": "Female",
                "image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVQIW2P4v43hPwAHIgK1v4tX6wAAAABJRU5ErkJggg==",
                "residentSince": "2015-01-01",
                "commuterClassification": "C1",
                "birthCountry": "Arcadia",
                "birthDate": "1978-07-17",
                "permanentResidentCard": {
                    "type": [
                        "PermanentResidentCard"
                    ],
                    "identifier": "83627465",
                    "lprCategory": "C09",
                    "lprNumber": "999-999-999"
                }
            },
            "validFrom": "2024-12-16T00:00:00Z",
            "validUntil": "2025-12-16T23:59:59Z"
        }),
        statements: "dc4cf0456ec38f442b67dadfd2d3e2faa03fcc95d3c5b062d7967d39bc785d80",
        mandatory: [0, 16, 17, 21],
        combined: [0, 1, 2, 8, 16, 17, 20, 21, 22, 23],
        options_hash: "9c5c9b189f06cfa9d9f21a838ccb9b04316f07ad1a517bfd4955ee28c6a8229c",
        mandatory_hash: "b76d8d5bf67d27f51597519d19d95809c75e35212cc65291bd71bbe36007f979",
        base_signature: "1c00d200b76a4c87ed57aae0f09a6a05eb4e254898842a758d3b0069517ea8977f9a118b4dcc17bec33e9f9ef41b83dcde0957dc08643f546c8ca2360d1b1f2f",
        base_proof_value: "28f2db901b521feed7c9a9e9c298606e9611eaaead8ddd3f8a4e1c1efdb4fe2d",
        adjusted_mandatory: [0, 4, 5, 7],
        verified_statements: "b31e065f7585c0315421f5685e9f5077d90c4af5bf4098ddb9771f14565a8af9",
        revealed: json!({
            "validFrom": "2024-12-16T00:00:00Z",
            "validUntil": "2025-12-16T23:59:59Z",
            "credentialSubject": {"type": ["PermanentResident", "Person"], "birthCountry": "Arcadia"},
        }),
        derived_proof_value: "911f80a0f39927a75001e15711b0c6d348911a0c018f6e173b854fc731b383ab",
    }
}

fn employment_authorization() -> Vector {
    Vector {
        document: json!({
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://w3id.org/citizenship/v4rc1"
            ],
            "type": [
                "VerifiableCredential",
                "EmploymentAuthorizationDocumentCredential"
            ],
            "issuer": {
                "id": "did:key:zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76",
                "image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVQIW2NgUPr/HwADaAIhG61j/AAAAABJRU5ErkJggg=="
            },
            "credentialSubject": {
                "type": [
                    "Person",
                    "EmployablePerson"
                ],
                "givenName": "JOHN",
                "additionalName": "JACOB",
                "familyName": "SMITH",
                "image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVQIW2Ng+M/wHwAEAQH/7yMK/gAAAABJRU5ErkJggg==",
                "gender": "Male",
                "residentSince": "2015-01-01",
                "birthCountry": "Bahamas",
                "birthDate": "1999-07-17",
                "employmentAuthorizationDocument": {
                    "type": "EmploymentAuthorizationDocument",
                    "identifier": "83627465",
                    "lprCategory": "C09",
                    "lprNumber": "999-999-999"
                }
            },
            "name": "Employment Authorization Document",
            "description": "Example Employment Authorization Document.",
            "validFrom": "2019-12-03T00:00:00Z",
            "validUntil": "2029-12-03T00:00:00Z"
        }),
        statements: "87f18c5806f51c8471e326686e936cce0408fde6571877be37950aa61f623ffe",
        mandatory: [0, 12, 13, 17],
        combined: [0, 1, 2, 9, 12, 13, 16, 17, 18, 19],
        options_hash: "9c5c9b189f06cfa9d9f21a838ccb9b04316f07ad1a517bfd4955ee28c6a8229c",
        mandatory_hash: "a042dc047c236816f49fbe5282a79c5e77abe111e47f4c20203b5064c7f0f059",
        base_signature: "b8dc55afeb6427a990e9d60c0d363b654306d92703e5036210ca29619d8ed204194ba3d86e31cdbc99f4ee9d5f25f0cc1c1f44f5fa39abec9a50cdf519b457e0",
        base_proof_value: "941fd48591bc4b27ecb404d2ac879e9c9f1c65006978cb7c94ff6711024aad6e",
        adjusted_mandatory: [0, 4, 5, 7],
        verified_statements: "930a5241be3e3d356e47280b5f3e4d805eca6681d0acdabdc29c5825ae13f9f9",
        revealed: json!({
            "validFrom": "2019-12-03T00:00:00Z",
            "validUntil": "2029-12-03T00:00:00Z",
            "credentialSubject": {"type": ["Person", "EmployablePerson"], "birthCountry": "Bahamas"},
        }),
        derived_proof_value: "da83efdca9316f2e471b9deed0e0266e0d4ae9d109e25b082a00b79bedc9377b",
    }
}

fn bytes(hex: &str) -> [u8; 32] {
    core::array::from_fn(|index| u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn base_key() -> SecretKey {
    SecretKey::from_p256_scalar(&bytes(BASE_KEY)).unwrap()
}

fn issuer() -> PublicKey {
    base_key().public_key()
}

/// The keys of the vectors, in the order in which they are made.
struct VectorKeys(std::sync::Mutex<Vec<&'static str>>);

impl Randomness for VectorKeys {
    fn fill(&self, filled: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        filled.copy_from_slice(&bytes(self.0.lock().unwrap().remove(0)));
        Ok(())
    }
}

fn issued(vector: &Vector) -> Value {
    let mandatory = pointers(&MANDATORY);
    let prepared = BaseProof {
        document: &vector.document,
        mandatory: &mandatory,
        verification_method: VERIFICATION_METHOD,
        created: Some(UnixTime::parse_rfc3339("2023-08-15T23:36:38Z").unwrap()),
        expires: None,
    }
    .prepare(
        json_ld(),
        &RustCryptoProvider,
        &VectorKeys(vec![HMAC_KEY, PROOF_KEY].into()),
    )
    .unwrap();
    let signature = RustCryptoProvider
        .sign(&base_key(), prepared.signing_input())
        .unwrap();
    prepared.finish(&signature).unwrap()
}

fn proof_value(secured: &Value) -> &str {
    secured["proof"]["proofValue"].as_str().unwrap()
}

#[test]
fn every_intermediate_value_of_the_base_proofs_is_that_of_the_specification() {
    for vector in [permanent_resident_card(), employment_authorization()] {
        let hmac_key = SymmetricKey::new(bytes(HMAC_KEY));
        let document = Document::new(&vector.document, &hmac_key, json_ld()).unwrap();
        assert_eq!(sha256(&document.statements.concat()), vector.statements);
        let mandatory = pointers(&MANDATORY);
        let selected = document.select(&mandatory.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(selected.indexes, vector.mandatory.into());

        let secured = issued(&vector);
        let options = secured["proof"].as_object().unwrap();
        let options_hash = proof::options_hash(options, &vector.document, json_ld()).unwrap();
        assert_eq!(hex(&options_hash), vector.options_hash);
        let (mandatory, _) = document.split(&selected.indexes);
        assert_eq!(hex(&proof::hash(mandatory)), vector.mandatory_hash);

        let value = BaseProofValue::parse(proof_value(&secured)).unwrap();
        assert_eq!(hex(&value.base_signature), vector.base_signature);
        assert_eq!(hex(value.hmac_key.as_bytes()), HMAC_KEY);
        assert_eq!(value.signatures.len(), 20);
        assert_eq!(sha256(proof_value(&secured)), vector.base_proof_value);
        assert!(verify_base(&secured, &issuer(), json_ld(), &RustCryptoProvider).is_ok());
    }
}

#[test]
fn every_intermediate_value_of_the_derived_proofs_is_that_of_the_specification() {
    for vector in [permanent_resident_card(), employment_authorization()] {
        let hmac_key = SymmetricKey::new(bytes(HMAC_KEY));
        let document = Document::new(&vector.document, &hmac_key, json_ld()).unwrap();
        let combined = pointers(&[MANDATORY.as_slice(), &SELECTIVE].concat());
        let selected = document.select(&combined.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(selected.indexes, vector.combined.into());

        let derived = derive(&issued(&vector), &pointers(&SELECTIVE), json_ld()).unwrap();
        let value = DerivedProofValue::parse(proof_value(&derived)).unwrap();
        assert_eq!(value.mandatory_indexes, vector.adjusted_mandatory.into());
        assert_eq!(value.signatures.len(), 6);
        assert_eq!(sha256(proof_value(&derived)), vector.derived_proof_value);

        let verified = verify(&derived, &issuer(), json_ld(), &RustCryptoProvider).unwrap();
        let mut revealed = vector.revealed.clone();
        for member in ["@context", "type", "issuer"] {
            revealed[member] = vector.document[member].clone();
        }
        assert_eq!(*verified, revealed);

        let labels = value
            .labels
            .iter()
            .map(|(number, label)| {
                let label = crate::data_integrity::ecdsa_sd_2023::proof_value::label_text(label);
                (format!("c14n{number}"), label)
            })
            .collect();
        let canonical = json_ld().canonicalize(&verified).unwrap();
        let mut statements = statement::relabel::<String>(&canonical, &labels).unwrap();
        statements.sort();
        assert_eq!(sha256(&statements.concat()), vector.verified_statements);
        assert_eq!(split(&statements, &value.mandatory_indexes).1.len(), 6);
    }
}
