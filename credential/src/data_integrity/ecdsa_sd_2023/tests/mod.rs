mod attacks;
mod processor;
mod round_trip;
mod vectors;

use std::sync::LazyLock;

use serde_json::{Value, json};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm};

use self::processor::FlatJsonLd;
use super::{BaseProof, IssueError, JsonLd, JsonPointer};
use crate::data_integrity::{ContextTable, JsonLdBudget};

static CONTEXTS: LazyLock<ContextTable> = LazyLock::new(ContextTable::default);

fn json_ld() -> JsonLd<'static> {
    JsonLd {
        processor: &FlatJsonLd,
        contexts: &CONTEXTS,
        budget: JsonLdBudget::DEFAULT,
    }
}

fn pointers(texts: &[&str]) -> Vec<JsonPointer> {
    texts
        .iter()
        .map(|text| JsonPointer::parse(text).unwrap())
        .collect()
}

fn secret(seed: u64) -> SecretKey {
    SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap()
}

fn issuer() -> PublicKey {
    secret(7).public_key()
}

/// Nodes with and without identifiers, below each other both ways, arrays of both, texts in several languages, equal
/// nodes, and two subjects.
fn document() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", "IdentityCredential"],
        "issuer": {"id": "did:example:registry", "name": "Registry"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": [
            {
                "type": "Person",
                "givenName": "Asha",
                "name": [
                    {"@value": "Asha Rao", "@language": "en"},
                    {"@value": "\u{906}\u{936}\u{93e} \u{930}\u{93e}\u{935}", "@language": "hi"},
                ],
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
                "identifier": 12,
                "address": [{"city": "Goa"}, {"type": "Place", "city": "Delhi"}],
            },
        ],
    })
}

fn issue(document: &Value, mandatory: &[JsonPointer]) -> Result<Value, IssueError> {
    let prepared = BaseProof {
        document,
        mandatory,
        verification_method: "did:example:registry#key-1",
        created: None,
        expires: None,
    }
    .prepare(json_ld(), &RustCryptoProvider, &SeededRandomness::new(1))?;
    let signature = RustCryptoProvider
        .sign(&secret(7), prepared.signing_input())
        .unwrap();
    prepared.finish(&signature)
}
