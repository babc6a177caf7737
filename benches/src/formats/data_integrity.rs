//! Proofs over whole documents of 12 claims, in canonical RDF and in canonical JSON.

use core::hint::black_box;
use core::time::Duration;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofOptions, ProofPurpose,
    VerificationKey, prepare, verify,
};
use symbolon_crypto::encoding::multikey;
use symbolon_crypto::{PublicKey, SignatureAlgorithm};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::did_key;

use super::{HOLDER, ISSUER, NOW, claims, hash_each};
use crate::provider::{Provider, Signer};
use crate::row::Row;

/// The issuer's own context, as it would be generated from a claims mapping.
const CONTEXT: &str = "https://issuer.example/contexts/national-identity";

/// The processor that everything shares, as a server does.
static PROCESSOR: LazyLock<SsiJsonLd> = LazyLock::new(SsiJsonLd::new);

/// The contexts of a trust list.
static CONTEXTS: LazyLock<ContextTable> = LazyLock::new(|| {
    let term = |name: &str| Value::from(format!("https://issuer.example/terms#{name}"));
    let mut terms: Map<String, Value> = claims().keys().map(|name| (name.clone(), term(name))).collect();
    terms.insert(
        "NationalIdentityCredential".to_owned(),
        term("NationalIdentityCredential"),
    );
    let document = json!({"@context": terms});
    ContextTable::from_documents([(CONTEXT.to_owned(), document)]).unwrap_or_default()
});

pub(super) fn json_ld() -> JsonLd<'static> {
    JsonLd {
        processor: &*PROCESSOR,
        contexts: &CONTEXTS,
        budget: JsonLdBudget::DEFAULT,
    }
}

/// The credential, without a proof.
pub(super) fn document(issuer: &str, holder: &str) -> Value {
    let mut subject = Map::new();
    subject.insert("id".to_owned(), Value::from(holder));
    subject.extend(claims());
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", CONTEXT],
        "type": ["VerifiableCredential", "NationalIdentityCredential"],
        "issuer": {"id": issuer, "name": "the authority"},
        "validFrom": "2027-01-15T08:00:00Z",
        "validUntil": "2027-12-28T13:20:00Z",
        "credentialSubject": subject,
    })
}

/// The credential of a key's DIDs.
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn document_of(issuer: &PublicKey, provider: Provider) -> Value {
    let holder = provider.key(SignatureAlgorithm::Es256, HOLDER).public_key();
    document(
        did_key(issuer).unwrap().as_str(),
        did_key(&holder).unwrap().as_str(),
    )
}

/// The verification method of a `did:key`.
pub(super) fn method(key: &PublicKey) -> String {
    let multibase = multikey::encode(key);
    format!("did:key:{multibase}#{multibase}")
}

pub(super) fn rows(provider: Provider) -> Vec<Row> {
    // What the best peers reach is 734 and 714 a second where the limits are 59.6 k and 23.4 k; thrice that is wanted.
    let peers = |limit: f64, per_second: f64| limit / (3.0 * per_second);
    let [issue, verify] = suite(provider, Cryptosuite::EddsaRdfc2022, SignatureAlgorithm::EdDsa);
    let mut rows = vec![
        issue.at_most(peers(59_600.0, 734.0)),
        verify.at_most(peers(23_400.0, 714.0)),
    ];
    rows.extend(suite(
        provider,
        Cryptosuite::EcdsaRdfc2019,
        SignatureAlgorithm::Es256,
    ));
    rows.extend(suite(
        provider,
        Cryptosuite::EddsaJcs2022,
        SignatureAlgorithm::EdDsa,
    ));
    rows
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn suite(provider: Provider, cryptosuite: Cryptosuite, algorithm: SignatureAlgorithm) -> [Row; 2] {
    let key = provider.key(algorithm, ISSUER).public_key();
    let document = document_of(&key, provider);
    let options = ProofOptions {
        cryptosuite,
        verification_method: method(&key),
        purpose: ProofPurpose::AssertionMethod,
        created: Some(NOW),
        expires: None,
        domain: None,
        challenge: None,
    };
    let signs = || provider.signer(algorithm, ISSUER);
    let signed = prepare(&document, &options, &key, &json_ld()).unwrap();
    let signed = signed.signing_input().to_vec();
    let secured = Arc::new(issue(&document, &options, &key, &signs()));
    // The two canonical forms are about as long as the document and its proof.
    let hashed = vec![vec![0x61; document.to_string().len()], vec![0x61; 400]];

    let (signer, bytes, parts) = (signs(), signed.clone(), hashed.clone());
    let issuing_key = key.clone();
    let issuing = Row::new(
        format!("{} issue, 12 claims", cryptosuite.name()),
        move || {
            black_box(signer(black_box(&bytes)));
            hash_each(&parts);
        },
        {
            let signer = signs();
            move || {
                black_box(issue(black_box(&document), &options, &issuing_key, &signer));
            }
        },
    );
    let verifier = provider.verifier(&key);
    let signature = signs()(&signed);
    let verifying = Row::new(
        format!("{} verify", cryptosuite.name()),
        move || {
            verifier(black_box(&signed), &signature);
            hash_each(&hashed);
        },
        move || {
            let check = ProofCheck {
                expected: ExpectedProof::Credential,
                now: NOW,
                skew: Duration::ZERO,
            };
            let believed = |method: &str| {
                let (did, _) = method.split_once('#')?;
                Some(VerificationKey {
                    public_key: key.clone(),
                    controller: did.to_owned(),
                    purposes: vec![ProofPurpose::AssertionMethod],
                })
            };
            verify(
                black_box(&secured),
                check,
                &believed,
                &json_ld(),
                provider.crypto(),
            )
            .unwrap();
        },
    );
    [issuing, verifying]
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(document: &Value, options: &ProofOptions, key: &PublicKey, signer: &Signer) -> Value {
    let prepared = prepare(document, options, key, &json_ld()).unwrap();
    let signature = signer(prepared.signing_input());
    prepared.finish(&signature)
}
