//! Data Integrity: proofs, the disclosure of single statements, JSON-LD and its canonical form.

use std::sync::LazyLock;

use serde_json::{Value, json};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{self, BaseProof, JsonPointer};
use symbolon_credential::data_integrity::{
    CanonicalHash, ContextTable, Cryptosuite, ExpectedProof, JsonLd, JsonLdBudget, JsonLdProcessor as _,
    ProofCheck, ProofOptions, ProofPurpose, VerificationKey, prepare, read_proofs, verify,
};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_data_integrity::SsiJsonLd;

use super::{for_part, one_of, w3c, with_text};
use crate::seeds::{DAY, NOW, Repeating, Signer, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

static PROCESSOR: LazyLock<SsiJsonLd> = LazyLock::new(SsiJsonLd::new);
static CONTEXTS: LazyLock<ContextTable> = LazyLock::new(ContextTable::default);

pub(super) fn json_ld() -> JsonLd<'static> {
    JsonLd {
        processor: &*PROCESSOR,
        contexts: &CONTEXTS,
        budget: JsonLdBudget::DEFAULT,
    }
}

/// Secured documents of every suite that signs a document whole.
pub(super) const PROOFS: Target = Target {
    name: "data_integrity_proofs",
    run: |input| {
        document(input, |secured| {
            if let Ok(proofs) = read_proofs(secured) {
                for proof in &proofs {
                    let _ = (
                        proof.cryptosuite_name(),
                        proof.verification_method(),
                        proof.purpose(),
                    );
                }
            }
            let keys = |method: &str| {
                let signer = if method.contains("z6Mk") {
                    &WORLD.edwards
                } else {
                    &WORLD.issuer
                };
                Some(VerificationKey {
                    public_key: signer.public().clone(),
                    controller: w3c::issuer_did().as_str().to_owned(),
                    purposes: vec![ProofPurpose::AssertionMethod, ProofPurpose::Authentication],
                })
            };
            let as_credential = ProofCheck {
                expected: ExpectedProof::Credential,
                now: NOW,
                skew: DAY,
            };
            let as_presentation = ProofCheck {
                expected: ExpectedProof::Presentation {
                    challenge: Some("challenge"),
                    domain: Some("domain"),
                },
                ..as_credential
            };
            let _ = verify(secured, as_presentation, &keys, &json_ld(), &TRUSTING_PROVIDER);
            let verified = verify(secured, as_credential, &keys, &json_ld(), &TRUSTING_PROVIDER);
            Reading::of(&verified.map(|_| ()))
        })
    },
    seeds: || {
        let secured = |suite, signer: &Signer, purpose, further: Option<&str>| {
            let method = signer_url(signer);
            let options = ProofOptions {
                cryptosuite: suite,
                verification_method: method,
                purpose,
                created: Some(NOW),
                expires: Some(NOW.plus(DAY)),
                domain: further.map(|_| "domain".to_owned()),
                challenge: further.map(|_| "challenge".to_owned()),
            };
            let prepared = prepare(&w3c::credential(), &options, signer.public(), &json_ld())
                .expect("a proof is prepared");
            let signature = signer.sign(prepared.signing_input());
            prepared.finish(&signature)
        };
        let credential = ProofPurpose::AssertionMethod;
        let one = secured(Cryptosuite::EcdsaJcs2019, &WORLD.issuer, credential, None);
        let proof = one.get("proof").cloned().unwrap_or_default();
        let chained = with(
            &one,
            "proof",
            json!([
                with(&proof, "id", json!("urn:uuid:1")),
                with(&proof, "previousProof", json!("urn:uuid:1")),
            ]),
        );
        [
            secured(Cryptosuite::EddsaRdfc2022, &WORLD.edwards, credential, None),
            secured(Cryptosuite::EddsaJcs2022, &WORLD.edwards, credential, None),
            secured(Cryptosuite::EcdsaRdfc2019, &WORLD.issuer, credential, None),
            secured(
                Cryptosuite::EcdsaRdfc2019,
                &WORLD.issuer,
                credential,
                Some("further"),
            ),
            chained,
            one,
        ]
        .iter()
        .map(|document| document.to_string().into_bytes())
        .collect()
    },
};

/// `ecdsa-sd-2023`: base and derived proofs, deriving, pointers.
pub(super) const ECDSA_SD: Target = Target {
    name: "ecdsa_sd_2023",
    run: |input| {
        one_of(
            &[
                |input| {
                    document(input, |secured| {
                        let pointers = [JsonPointer::parse("/credentialSubject/given").expect("a pointer")];
                        if let Ok(derived) = ecdsa_sd_2023::derive(secured, &pointers, json_ld()) {
                            let _ = ecdsa_sd_2023::verify(
                                &derived,
                                WORLD.issuer.public(),
                                json_ld(),
                                &TRUSTING_PROVIDER,
                            );
                        }
                        let verified = ecdsa_sd_2023::verify_base(
                            secured,
                            WORLD.issuer.public(),
                            json_ld(),
                            &TRUSTING_PROVIDER,
                        );
                        Reading::of(&verified.map(|_| ()))
                    })
                },
                |input| {
                    document(input, |secured| {
                        let verified = ecdsa_sd_2023::verify(
                            secured,
                            WORLD.issuer.public(),
                            json_ld(),
                            &TRUSTING_PROVIDER,
                        );
                        Reading::of(&verified.map(|_| ()))
                    })
                },
                // A proof value is CBOR in base64url: mutated as CBOR, in the place of the one of a good document.
                |input| {
                    let mut secured = BASE_AND_DERIVED.1.clone();
                    let text = symbolon_crypto::encoding::multibase::encode_base64url(input);
                    let value = secured
                        .pointer_mut("/proof/proofValue")
                        .expect("the document has a proof");
                    *value = Value::from(text);
                    let _ = ecdsa_sd_2023::verify_base(
                        &secured,
                        WORLD.issuer.public(),
                        json_ld(),
                        &TRUSTING_PROVIDER,
                    );
                    let verified =
                        ecdsa_sd_2023::verify(&secured, WORLD.issuer.public(), json_ld(), &TRUSTING_PROVIDER);
                    Reading::of(&verified.map(|_| ()))
                },
                |input| {
                    with_text(input, |text| {
                        let pointer = JsonPointer::parse(text);
                        if let Ok(pointer) = &pointer {
                            assert_eq!(pointer.as_str(), text);
                            let _ = ecdsa_sd_2023::derive(
                                &BASE_AND_DERIVED.0,
                                core::slice::from_ref(pointer),
                                json_ld(),
                            );
                        }
                        Reading::of(&pointer)
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let (base, derived) = &*BASE_AND_DERIVED;
        let value = derived
            .pointer("/proof/proofValue")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let value = symbolon_crypto::encoding::multibase::decode_base64url(value)
            .expect("a proof value is multibase");
        vec![
            for_part(0, base.to_string()),
            for_part(1, derived.to_string()),
            for_part(2, value),
            for_part(3, "/credentialSubject/address/lines/1"),
            for_part(3, "/a~1b/c~0d"),
        ]
    },
};

/// Documents as RDF.
pub(super) const JSON_LD: Target = Target {
    name: "json_ld",
    run: |input| {
        document(input, |value| {
            let statements = PROCESSOR.to_statements(value, &CONTEXTS, JsonLdBudget::DEFAULT);
            let canonical =
                PROCESSOR.canonicalize(value, &CONTEXTS, CanonicalHash::Sha256, JsonLdBudget::DEFAULT);
            if let (Ok(statements), Ok(canonical)) = (&statements, &canonical) {
                let again = PROCESSOR.canonicalize_statements(
                    statements,
                    CanonicalHash::Sha256,
                    JsonLdBudget::DEFAULT,
                );
                assert_eq!(
                    again.map(|dataset| dataset.statements).as_ref(),
                    Ok(canonical),
                    "a document and its statements have one canonical form"
                );
            }
            let _ = PROCESSOR.skolemize(value, &CONTEXTS, "urn:bnid:", JsonLdBudget::DEFAULT);
            Reading::of(&canonical)
        })
    },
    seeds: || {
        let nested = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2"],
            "type": "VerifiableCredential",
            "issuer": "did:web:registry.example",
            "credentialSubject": [{"knows": {"knows": {"id": "urn:a"}}}, {"id": "urn:a", "n": [1, 1.5, true, "x"]}]
        });
        vec![
            w3c::credential().to_string().into_bytes(),
            nested.to_string().into_bytes(),
        ]
    },
};

/// Statements of a dataset and RDFC-1.0.
pub(super) const N_QUADS: Target = Target {
    name: "n_quads",
    run: |input| {
        with_text(input, |text| {
            let statements: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
            let canonical =
                PROCESSOR.canonicalize_statements(&statements, CanonicalHash::Sha256, JsonLdBudget::DEFAULT);
            if let Ok(dataset) = &canonical {
                let again = PROCESSOR.canonicalize_statements(
                    &dataset.statements,
                    CanonicalHash::Sha256,
                    JsonLdBudget::DEFAULT,
                );
                assert_eq!(
                    again.map(|dataset| dataset.statements).as_ref(),
                    Ok(&dataset.statements),
                    "the canonical form is canonical"
                );
            }
            Reading::of(&canonical.map(|_| ()))
        })
    },
    seeds: || {
        let of_credential = PROCESSOR
            .to_statements(&w3c::credential(), &CONTEXTS, JsonLdBudget::DEFAULT)
            .expect("a credential is RDF")
            .concat();
        let ring: String = (0..12)
            .map(|node| format!("_:b{node} <urn:next> _:b{} .\n", (node + 1) % 12))
            .collect();
        let literals = "_:a <urn:p> \"x\\n\\\"\\u00e9\"@en-GB _:g .\n<urn:s> <urn:p> \
            \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n";
        vec![
            of_credential.into_bytes(),
            ring.into_bytes(),
            literals.as_bytes().to_vec(),
        ]
    },
};

/// A credential with a base proof, and one derived from it.
pub(super) static BASE_AND_DERIVED: LazyLock<(Value, Value)> = LazyLock::new(|| {
    let pointer = |text: &str| JsonPointer::parse(text).expect("a pointer");
    let document = w3c::credential();
    let method = signer_url(&WORLD.issuer);
    let proof = BaseProof {
        document: &document,
        mandatory: &[pointer("/issuer"), pointer("/validFrom")],
        verification_method: &method,
        created: Some(NOW),
        expires: None,
    };
    let prepared = proof
        .prepare(json_ld(), &RustCryptoProvider, &Repeating::new(21))
        .expect("a base proof is prepared");
    let signature = WORLD.issuer.sign(prepared.signing_input());
    let base = prepared.finish(&signature).expect("a base proof is finished");
    let selected = [
        pointer("/credentialSubject/given"),
        pointer("/credentialSubject/address"),
    ];
    let derived = ecdsa_sd_2023::derive(&base, &selected, json_ld()).expect("a proof is derived");
    (base, derived)
});

/// An object with one member more, or another.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut changed = object.clone();
    if let Some(members) = changed.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    changed
}

fn signer_url(signer: &Signer) -> String {
    let did = symbolon_did::did_key(signer.public()).expect("a key has a DID");
    w3c::key_url(&did).to_string()
}

fn document(input: &[u8], read: impl FnOnce(&Value) -> Reading) -> Reading {
    match json::parse_value(input, JsonBudget::DEFAULT) {
        Ok(value) => read(&value),
        Err(error) => Reading::refused(&error),
    }
}
