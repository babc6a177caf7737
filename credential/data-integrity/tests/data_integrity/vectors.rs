//! The test vectors of vc-di-eddsa and vc-di-ecdsa (appendix B of each).

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{Cryptosuite, ProofOptions, ProofPurpose, prepare};
use symbolon_crypto::encoding::multikey;

use crate::support::{CREATED, alumni, at, json_ld, verified, with_proof};

const ED25519: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
const P256: &str = "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP";
const P384: &str = "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ";

struct Vector {
    suite: Cryptosuite,
    key: &'static str,
    proof_hash: &'static str,
    document_hash: &'static str,
    proof_value: &'static str,
}

const VECTORS: &[Vector] = &[
    Vector {
        suite: Cryptosuite::EddsaRdfc2022,
        key: ED25519,
        proof_hash: "bea7b7acfbad0126b135104024a5f1733e705108f42d59668b05c0c50004c6b0",
        document_hash: "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017",
        proof_value: "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme",
    },
    Vector {
        suite: Cryptosuite::EddsaJcs2022,
        key: ED25519,
        proof_hash: "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db",
        document_hash: "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19",
        proof_value: "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",
    },
    Vector {
        suite: Cryptosuite::EcdsaRdfc2019,
        key: P256,
        proof_hash: "3a8a522f689025727fb9d1f0fa99a618da023e8494ac74f51015d009d35abc2e",
        document_hash: "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017",
        proof_value: "zaHXrr7AQdydBk3ahpCDpWbxfLokDqmCToYm2dyWvpcFVyWooC2he63w1f7UNQoAMKdhaRtcnaE2KTo5o5vTCcfw",
    },
    Vector {
        suite: Cryptosuite::EcdsaRdfc2019,
        key: P384,
        proof_hash: "e32805a26492eac777aa7a138f6d8da3c74e0c7be7b296dcaccf97420c3b92eaad7be6449ca565e165031567f5c7cbc1",
        document_hash: "8bf6e01df72c5b62f91b685231915ac4b8c58ea95f002c6b8f6bfafa1b251df476b56b8e01518e317dab099d3ecbff96",
        proof_value: "z967Mvv5bxtmLNqTzPZ8KmJjFmFXaAKeQNzq7GWnQkMcLtaGSSmuozE5WtJ8PipMe178B1tE28K1vsJur9bGVJhz6jgSJsRHFSQeqgH8hhjcg8gZDFJC1b9FsR5ggNmDBqHv",
    },
    Vector {
        suite: Cryptosuite::EcdsaJcs2019,
        key: P256,
        proof_hash: "fe5799489119c7fe3c528715e72bd39d2ec6b4ab345978df32e9a9312648ec25",
        document_hash: "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19",
        proof_value: "z5ptCet75SaEgzG4v4zJhbJtfNi74Wv7Fq15hhKouJQQjEPQvPZKaYxcMXAMLPQS2FXrkCWokNJkFVkwxNzZfD5oT",
    },
    Vector {
        suite: Cryptosuite::EcdsaJcs2019,
        key: P384,
        proof_hash: "83e5057817abb0c6872eafeaba1a9e53893c58eeb7414fb6d8aa3fa8c7917f7ad4792890b257c598baa17f4fbe6d183c",
        document_hash: "3e0be671cc1881035d463158c80921973dab3534d4f8dfacf4ff2725a4115eb718e49d66de0e90e7365cd6062abf2259",
        proof_value: "zq3EuTeLiGurmB2JR5oL8oWEsT7u2tba4HT1oZbiMYWc5qzsoW2kLYcBcF4HM5vCpJyTkceULKrVXuJQkXeN5seL4uXrFNFRMm53GWy1Yrto8rTWxZi9DkNeWP7yUPs7ELAm",
    },
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hashes_of_proof_and_document_are_those_of_the_specifications() {
    for vector in VECTORS {
        let options = ProofOptions {
            cryptosuite: vector.suite,
            verification_method: format!("did:key:{}#{}", vector.key, vector.key),
            purpose: ProofPurpose::AssertionMethod,
            created: Some(at(CREATED)),
            expires: None,
            domain: None,
            challenge: None,
        };
        let key = multikey::decode(vector.key).unwrap();
        let prepared = prepare(&alumni(), &options, &key, &json_ld()).unwrap();
        assert_eq!(
            hex(prepared.signing_input()),
            [vector.proof_hash, vector.document_hash].concat(),
            "{:?}",
            vector.suite
        );
    }
}

#[test]
fn secured_documents_of_the_specifications_verify() {
    for vector in VECTORS {
        let mut proof = json!({
            "type": "DataIntegrityProof",
            "cryptosuite": vector.suite.name(),
            "created": CREATED,
            "verificationMethod": format!("did:key:{}#{}", vector.key, vector.key),
            "proofPurpose": "assertionMethod",
            "proofValue": vector.proof_value,
        });
        if matches!(
            vector.suite,
            Cryptosuite::EddsaJcs2022 | Cryptosuite::EcdsaJcs2019
        ) {
            proof["@context"] = alumni()["@context"].clone();
        }
        let verified = verified(&with_proof(alumni(), proof)).unwrap();
        assert_eq!(verified.document, alumni());
        assert_eq!(verified.proofs[0].controller, format!("did:key:{}", vector.key));
    }
}

#[test]
fn the_legacy_proof_of_vc_di_eddsa_verifies() {
    let mut document = alumni();
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push("https://w3id.org/security/suites/ed25519-2020/v1".into());
    let proof = json!({
        "type": "Ed25519Signature2020",
        "created": CREATED,
        "verificationMethod": format!("did:key:{ED25519}#{ED25519}"),
        "proofPurpose": "assertionMethod",
        "proofValue": "z57Mm1vboMtZiCyJ4aReZsv8co4Re64Y8GEjL1ZARzMbXZgkARFLqFs1P345NpPGG2hgCrS4nNdvJhpwnrNyG3kEF",
    });
    assert!(verified(&with_proof(document, proof)).is_ok());
}

/// The proofs of vc-di-eddsa, appendix B.5 (sets and chains): two of a set, one upon both, one upon that.
pub(crate) fn chain() -> Vec<Value> {
    let proof = |created: &str, method: &str, value: &str| {
        json!({
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": created,
            "verificationMethod": format!("did:key:{method}#{method}"),
            "proofPurpose": "assertionMethod",
            "proofValue": value,
        })
    };
    let mut proofs = vec![
        proof(
            CREATED,
            "z6MktgKTsu1QhX6QPbyqG6geXdw6FQCZBPq7uQpieWbiQiG7",
            "z66vWyqwAghu52WbpRkCwFRTu6Msn92ArtjpJ3gGMSVoU5RADwBfszoDt1QWY8owqLPz4nTj7hAwV7xFti1p93zdr",
        ),
        proof(
            CREATED,
            "z6MkhWqdDBPojHA7cprTGTt5yHv5yUi1B8cnXn8ReLumkw6E",
            "z2scr94SNNrGpP2bE7ajvKWeUHm7HJ2edDkxpARvFAQ8V3USzwEzibqrXKaLHBrWostswsfvg82twQR88BgtnsrXY",
        ),
        proof(
            "2023-02-26T22:06:38Z",
            "z6MkmEq87wkHCYnWnNZkigeDMGTN7oUw1upkhzd77KuXERS1",
            "zWaPeEvBAkhQpNQj8pknuvg5STcKnt3cvM9t4kAYeJETFjvVMSXEEjadC4uxC9fKCn6JHbjt6fj2fhoaVNynBm6J",
        ),
        proof(
            "2023-02-26T22:16:38Z",
            "z6Mkm1S51iPHJvDEkJ9MRtxJmT8Pqo6wHipAFwBAjN83vntT",
            "z4b5uUtxNiV4E541LiR8qLvA21xM1Vt4Hfn6nLmmDePdFvLB3jFj3HyEEJyRMbpJzv4Gfdr8ABeuRTxAvZv6KWRRh",
        ),
    ];
    proofs[0]["id"] = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544".into();
    proofs[1]["id"] = "urn:uuid:8cc9022b-6b14-4cf3-8571-74972c5feb54".into();
    proofs[2]["id"] = "urn:uuid:d94f792a-c546-4d06-b38a-da070ab56c23".into();
    proofs[2]["previousProof"] = json!([proofs[0]["id"], proofs[1]["id"]]);
    proofs[3]["previousProof"] = proofs[2]["id"].clone();
    proofs
}

#[test]
fn sets_and_chains_of_proofs_verify() {
    let chain = chain();
    for length in [2, 3, 4] {
        let secured = with_proof(alumni(), json!(chain[..length]));
        assert_eq!(verified(&secured).unwrap().proofs.len(), length);
    }
}
