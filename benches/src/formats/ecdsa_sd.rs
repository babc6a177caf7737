//! `ecdsa-sd-2023` over a document of 12 claims, three of them disclosed.

use core::hint::black_box;
use std::sync::Arc;

use serde_json::Value;
use symbolon_credential::data_integrity::CanonicalHash;
use symbolon_credential::data_integrity::ecdsa_sd_2023::{BaseProof, JsonPointer, derive, verify};
use symbolon_crypto::PublicKey;
use symbolon_crypto::SignatureAlgorithm::Es256;

use super::data_integrity::{document_of, json_ld, method};
use super::{ISSUER, NOW};
use crate::provider::{Provider, Signer, SystemRandomness};
use crate::row::Row;

/// ES256 signatures and verifications a second on the machine on which the peers reach 188, 412 and 364.
const PEERS_SIGN: f64 = 51_300.0;
const PEERS_VERIFY: f64 = 16_400.0;

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn rows(provider: Provider) -> Vec<Row> {
    let key = provider.key(Es256, ISSUER).public_key();
    let document = document_of(&key, provider);
    let pointer = |text: &str| JsonPointer::parse(text).unwrap();
    let mandatory = [pointer("/issuer"), pointer("/validUntil")];
    let disclosed =
        ["given_name", "birthdate", "locality"].map(|name| pointer(&format!("/credentialSubject/{name}")));
    let signs = || provider.signer(Es256, ISSUER);
    let secured = issue(provider, &document, &mandatory, &key, &signs());
    let derived = Arc::new(derive(&secured, &disclosed, json_ld()).unwrap());
    let shown_always = statements(&derive(&secured, &[], json_ld()).unwrap()).len();
    let selective = statements(&document).split_off(shown_always);
    let shown = statements(&derived).len() - shown_always;

    let (signer, all) = (signs(), selective.clone());
    let signatures = precise(selective.len() + 1);
    let document_again = document.clone();
    let key_again = key.clone();
    let issuing = Row::new(
        format!("ecdsa-sd-2023 base, {} signatures", selective.len() + 1),
        move || {
            black_box(signer(black_box(&[0x61; 96])));
            for statement in &all {
                black_box(signer(black_box(statement)));
            }
        },
        {
            let signer = signs();
            let mandatory = mandatory.clone();
            move || {
                let document = black_box(&document_again);
                black_box(issue(provider, document, &mandatory, &key_again, &signer));
            }
        },
    )
    .at_most(PEERS_SIGN / signatures / (3.0 * 188.0));

    // Deriving signs nothing: one signature stands for the speed of the machine.
    let signer = signs();
    let deriving = Row::new(
        "ecdsa-sd-2023 derive 3 of 12, in signatures",
        move || {
            black_box(signer(black_box(&[0x61; 96])));
        },
        move || {
            black_box(derive(black_box(&secured), &disclosed, json_ld()).unwrap());
        },
    )
    .at_most(PEERS_SIGN / (3.0 * 412.0));

    let verifier = provider.verifier(&key);
    let first: Vec<_> = selective.into_iter().take(shown).collect();
    let signer = signs();
    let base = signer(&[0x61; 96]);
    let signed: Vec<_> = first.iter().map(|statement| signer(statement)).collect();
    let verifications = precise(shown + 1);
    let verifying = Row::new(
        format!("ecdsa-sd-2023 verify, {} signatures", shown + 1),
        move || {
            verifier(black_box(&[0x61; 96]), &base);
            for (statement, signature) in first.iter().zip(&signed) {
                verifier(black_box(statement), signature);
            }
        },
        move || {
            verify(black_box(&derived), &key, json_ld(), provider.crypto()).unwrap();
        },
    )
    .at_most(PEERS_VERIFY / verifications / (3.0 * 364.0));
    vec![issuing, deriving, verifying]
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(
    provider: Provider,
    document: &Value,
    mandatory: &[JsonPointer],
    key: &PublicKey,
    signer: &Signer,
) -> Value {
    let method = method(key);
    let proof = BaseProof {
        document,
        mandatory,
        verification_method: &method,
        created: Some(NOW),
        expires: None,
    };
    let prepared = proof
        .prepare(json_ld(), provider.crypto(), &SystemRandomness)
        .unwrap();
    let signature = signer(prepared.signing_input());
    prepared.finish(&signature).unwrap()
}

/// The canonical statements of a document without its proof.
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn statements(document: &Value) -> Vec<Vec<u8>> {
    let mut document = document.clone();
    document.as_object_mut().unwrap().remove("proof");
    let json_ld = json_ld();
    json_ld
        .processor
        .canonicalize(&document, json_ld.contexts, CanonicalHash::Sha256, json_ld.budget)
        .unwrap()
        .into_iter()
        .map(String::into_bytes)
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "some dozens")]
const fn precise(count: usize) -> f64 {
    count as f64
}
