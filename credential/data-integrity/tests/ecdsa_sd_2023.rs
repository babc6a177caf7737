//! ecdsa-sd-2023 with the real processor: the vectors of vc-di-ecdsa (appendix A.7 and A.8) and round trips.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may panic, and JSON is indexed where it is known"
)]

use std::sync::Mutex;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{
    BaseProof, DeriveError, JsonPointer, derive, verify, verify_base,
};
use symbolon_credential::data_integrity::{ContextTable, JsonLd, JsonLdBudget};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, Randomness, RandomnessUnavailable, RustCryptoProvider, SecretKey, UnixTime,
};
use symbolon_data_integrity::SsiJsonLd;

const BASE_KEY: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const PROOF_KEY: &str = "776448934c81996709671ef7d17ea1c054912f1c702c50d25b14b6c1fad13183";
const HMAC_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const VERIFICATION_METHOD: &str = "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP#zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP";

/// What the vectors need of the citizenship vocabulary.
fn citizenship() -> Value {
    let date = |name: &str| json!({"@id": name, "@type": "http://www.w3.org/2001/XMLSchema#dateTime"});
    let reference = |name: &str| json!({"@id": name, "@type": "@id"});
    let card = json!({
        "identifier": "https://schema.org/identifier",
        "lprCategory": "https://w3id.org/citizenship#lprCategory",
        "lprNumber": "https://w3id.org/citizenship#lprNumber",
    });
    json!({"@context": {
        "Person": {"@id": "https://schema.org/Person", "@context": {
            "additionalName": "https://schema.org/additionalName",
            "birthCountry": "https://w3id.org/citizenship#birthCountry",
            "birthDate": date("https://schema.org/birthDate"),
            "familyName": "https://schema.org/familyName",
            "gender": "https://schema.org/gender",
            "givenName": "https://schema.org/givenName",
        }},
        "image": reference("https://schema.org/image"),
        "commuterClassification": "https://w3id.org/citizenship#commuterClassification",
        "residentSince": date("https://w3id.org/citizenship#residentSince"),
        "permanentResidentCard": reference("https://w3id.org/citizenship#permanentResidentCard"),
        "employmentAuthorizationDocument": reference("https://w3id.org/citizenship#employmentAuthorizationDocument"),
        "PermanentResident": "https://w3id.org/citizenship#PermanentResident",
        "EmployablePerson": "https://w3id.org/citizenship#EmployablePerson",
        "PermanentResidentCardCredential": "https://w3id.org/citizenship#PermanentResidentCardCredential",
        "EmploymentAuthorizationDocumentCredential": "https://w3id.org/citizenship#EmploymentAuthorizationDocumentCredential",
        "PermanentResidentCard": {"@id": "https://w3id.org/citizenship#PermanentResidentCard", "@context": card},
        "EmploymentAuthorizationDocument": {
            "@id": "https://w3id.org/citizenship#EmploymentAuthorizationDocument",
            "@context": card,
        },
    }})
}

/// The context of an issuer, for the round trips.
fn identity() -> Value {
    let term = |name: &str| format!("https://registry.example/terms#{name}");
    json!({"@context": {
        "IdentityCredential": term("IdentityCredential"),
        "Person": term("Person"),
        "Place": term("Place"),
        "givenName": term("givenName"),
        "fullName": {"@id": term("fullName"), "@container": "@set"},
        "localName": {"@id": term("localName"), "@container": "@language"},
        "age": {"@id": term("age"), "@type": "http://www.w3.org/2001/XMLSchema#integer"},
        "alive": term("alive"),
        "address": {"@id": term("address"), "@type": "@id"},
        "knows": {"@id": term("knows"), "@type": "@id"},
        "city": term("city"),
        "record": {"@id": term("record"), "@type": "@json"},
    }})
}

struct Setting {
    processor: SsiJsonLd,
    contexts: ContextTable,
}

impl Setting {
    fn new() -> Self {
        let contexts = [
            ("https://w3id.org/citizenship/v4rc1", citizenship()),
            ("https://registry.example/contexts/identity", identity()),
        ];
        let contexts = contexts.map(|(url, document)| (url.to_owned(), document));
        Self {
            processor: SsiJsonLd::new(),
            contexts: ContextTable::from_documents(contexts).unwrap(),
        }
    }

    fn json_ld(&self) -> JsonLd<'_> {
        JsonLd {
            processor: &self.processor,
            contexts: &self.contexts,
            budget: JsonLdBudget::DEFAULT,
        }
    }
}

fn bytes(hex: &str) -> [u8; 32] {
    core::array::from_fn(|index| u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).unwrap())
}

fn base_key() -> SecretKey {
    SecretKey::from_p256_scalar(&bytes(BASE_KEY)).unwrap()
}

fn pointers(texts: &[&str]) -> Vec<JsonPointer> {
    texts
        .iter()
        .map(|text| JsonPointer::parse(text).unwrap())
        .collect()
}

fn proof_value_hash(secured: &Value) -> String {
    let digest = Sha256::digest(secured["proof"]["proofValue"].as_str().unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys of the vectors, in the order in which they are made.
struct VectorKeys(Mutex<Vec<&'static str>>);

impl Randomness for VectorKeys {
    fn fill(&self, filled: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        filled.copy_from_slice(&bytes(self.0.lock().unwrap().remove(0)));
        Ok(())
    }
}

fn issue(
    document: &Value,
    mandatory: &[JsonPointer],
    randomness: &dyn Randomness,
    setting: &Setting,
) -> Value {
    let prepared = BaseProof {
        document,
        mandatory,
        verification_method: VERIFICATION_METHOD,
        created: Some(UnixTime::parse_rfc3339("2023-08-15T23:36:38Z").unwrap()),
        expires: None,
    }
    .prepare(setting.json_ld(), &RustCryptoProvider, randomness)
    .unwrap();
    let signature = RustCryptoProvider
        .sign(&base_key(), prepared.signing_input())
        .unwrap();
    prepared.finish(&signature).unwrap()
}

fn vectors() -> [(Value, &'static str, &'static str); 2] {
    let permanent_resident_card = json!({
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
    });
    let employment_authorization = json!({
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
    });
    [
        (
            permanent_resident_card,
            "28f2db901b521feed7c9a9e9c298606e9611eaaead8ddd3f8a4e1c1efdb4fe2d",
            "911f80a0f39927a75001e15711b0c6d348911a0c018f6e173b854fc731b383ab",
        ),
        (
            employment_authorization,
            "941fd48591bc4b27ecb404d2ac879e9c9f1c65006978cb7c94ff6711024aad6e",
            "da83efdca9316f2e471b9deed0e0266e0d4ae9d109e25b082a00b79bedc9377b",
        ),
    ]
}

#[test]
fn the_vectors_of_the_specification_come_out_to_the_byte() {
    let setting = Setting::new();
    for (document, base, derived) in vectors() {
        let keys = VectorKeys(vec![HMAC_KEY, PROOF_KEY].into());
        let secured = issue(&document, &pointers(&["/issuer"]), &keys, &setting);
        assert_eq!(proof_value_hash(&secured), base);
        let selective = pointers(&["/validFrom", "/validUntil", "/credentialSubject/birthCountry"]);
        let shown = derive(&secured, &selective, setting.json_ld()).unwrap();
        assert_eq!(proof_value_hash(&shown), derived);
        let key = base_key().public_key();
        assert!(verify(&shown, &key, setting.json_ld(), &RustCryptoProvider).is_ok());
        assert!(verify_base(&secured, &key, setting.json_ld(), &RustCryptoProvider).is_ok());
    }
}

/// Nodes with and without identifiers, below each other both ways, arrays of both, texts in several languages, a JSON
/// literal, equal nodes, and two subjects.
fn document() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://registry.example/contexts/identity"],
        "type": ["VerifiableCredential", "IdentityCredential"],
        "issuer": {"id": "did:example:registry", "name": "Registry"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": [
            {
                "type": "Person",
                "givenName": "Asha",
                "fullName": [
                    {"@value": "Asha Rao", "@language": "en"},
                    {"@value": "\u{906}\u{936}\u{93e} \u{930}\u{93e}\u{935}", "@language": "hi"},
                ],
                "localName": {"en": "Asha", "ta": "\u{b86}\u{bb7}\u{bbe}"},
                "record": {"id": "a record, and no node", "number": 1},
                "address": {"type": "Place", "city": "Pune", "knows": {"id": "urn:example:pune", "city": "_:c14n0"}},
                "knows": [
                    {"type": "Person", "givenName": "Ravi"},
                    {"type": "Person", "givenName": "Ravi"},
                    {"id": "did:example:mina", "givenName": "Mina", "address": {"city": "Goa"}},
                ],
            },
            {
                "id": "did:example:second",
                "type": ["Person"],
                "givenName": "Dev",
                "age": 41,
                "alive": true,
                "address": [{"city": "Goa"}, {"type": "Place", "city": "Delhi"}],
            },
        ],
    })
}

/// Pointers to everything that can be shown by itself.
fn every_pointer(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.contains_key("@value") => {
            for (name, member) in members {
                if !matches!(name.as_str(), "@context" | "id") {
                    found.push(format!("{place}/{name}"));
                    if name != "record" {
                        every_pointer(member, &format!("{place}/{name}"), found);
                    }
                }
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                found.push(format!("{place}/{index}"));
                every_pointer(element, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn choice(chosen: &[Index]) -> Vec<JsonPointer> {
    let mut all = Vec::new();
    every_pointer(&document(), "", &mut all);
    chosen
        .iter()
        .map(|index| JsonPointer::parse(index.get::<String>(&all)).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_selected_verifies_and_nothing_more_is_shown(
        mandatory in proptest::collection::vec(any::<Index>(), 0..3),
        selective in proptest::collection::vec(any::<Index>(), 1..6),
    ) {
        let setting = Setting::new();
        let (mandatory, selective) = (choice(&mandatory), choice(&selective));
        let document = document();
        let secured = issue(&document, &mandatory, &SeededRandomness::new(1), &setting);
        let key = base_key().public_key();
        let kept = verify_base(&secured, &key, setting.json_ld(), &RustCryptoProvider).unwrap();
        prop_assert_eq!(&*kept, &document);

        let derived = derive(&secured, &selective, setting.json_ld()).unwrap();
        let verified = verify(&derived, &key, setting.json_ld(), &RustCryptoProvider).unwrap();
        for pointer in mandatory.iter().chain(&selective) {
            // An index moves when elements before it are withheld; without one, the value stands where it stood.
            let has_index = pointer.as_str().bytes().any(|byte| byte.is_ascii_digit());
            if !has_index {
                prop_assert!(verified.pointer(pointer.as_str()).is_some());
            }
        }
        let shown = verified.to_string();
        let secrets = ["Asha Rao", "Pune", "Ravi", "Mina", "Delhi", "Registry"];
        for secret in secrets {
            let covered = mandatory.iter().chain(&selective).any(|pointer| {
                document.pointer(pointer.as_str()).is_some_and(|value| value.to_string().contains(secret))
            });
            prop_assert_eq!(shown.contains(secret), covered, "{}", secret);
        }
    }
}

#[test]
fn a_document_with_nothing_mandatory_shows_nothing_by_itself() {
    let setting = Setting::new();
    let secured = issue(&document(), &[], &SeededRandomness::new(1), &setting);
    assert_eq!(
        derive(&secured, &[], setting.json_ld()),
        Err(DeriveError::NothingSelected)
    );
}

#[test]
fn no_bit_of_a_derived_document_may_change() {
    let setting = Setting::new();
    let mandatory = pointers(&["/issuer"]);
    let secured = issue(&document(), &mandatory, &SeededRandomness::new(1), &setting);
    let shown = pointers(&["/credentialSubject/1/givenName", "/credentialSubject/1/age"]);
    let derived = derive(&secured, &shown, setting.json_ld()).unwrap();
    let key = base_key().public_key();
    let accepts = |document: &Value| verify(document, &key, setting.json_ld(), &RustCryptoProvider).is_ok();
    assert!(accepts(&derived));
    let text = derived.to_string().into_bytes();
    for (place, bit) in (0..text.len()).zip((0..8).cycle()) {
        let mut changed = text.clone();
        changed[place] ^= 1 << bit;
        let Ok(changed) = serde_json::from_slice::<Value>(&changed) else {
            continue;
        };
        assert!(
            changed == derived || !accepts(&changed),
            "byte {place} bit {bit}: {changed}"
        );
    }
}
