//! SD-JWT VC: 12 claims of which 10 are selectively disclosable, three of them shown with a key binding.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{
    Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, Selection, process, select, select_processed,
};
use symbolon_credential::sd_jwt_vc::{
    CredentialToIssue, ExpectedKeyBinding, ExpectedTransactionData, IssuerHeader, IssuerKeyReference,
    SdJwtVc, VerifiableCredentialType,
};
use symbolon_crypto::SignatureAlgorithm::Es256;

use super::{HOLDER, ISSUER, NONCE, NOW, SELECTABLE, UNTIL, VERIFIER, claims, hash_each};
use crate::provider::{Provider, Signer, SystemRandomness};
use crate::row::Row;

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn rows(provider: Provider) -> Vec<Row> {
    let credential = credential(provider);
    let key = IssuerKeyReference::CertificateChain(vec![vec![0x30; 600]]);
    let header = IssuerHeader::new(Es256, &key).unwrap();
    let signs = || provider.signer(Es256, ISSUER);
    let binds = || provider.signer(Es256, HOLDER);
    let issued_text = issue(&credential, &header, &signs());
    let issued: Arc<str> = issued_text.as_str().into();
    let paths = ["given_name", "birthdate", "locality"].map(ClaimsPath::top_level);
    let wanted = paths.clone();
    let presented: Arc<str> = present(&issued, &paths, &binds()).into();

    let parts = Parts::of(&issued);
    let (signer, bytes) = (signs(), parts.signed.clone());
    let disclosures = parts.disclosures;
    let header_again = header.clone();
    let issuing = Row::new(
        "SD-JWT VC issue, 12 claims, 10 selectively disclosable",
        move || {
            black_box(signer(black_box(&bytes)));
            hash_each(&disclosures);
        },
        {
            let signer = signs();
            move || {
                black_box(issue(black_box(&credential), &header_again, &signer));
            }
        },
    )
    .at_most(1.3);

    let parts = Parts::of(&presented);
    let (signer, bound, hashed) = (binds(), parts.bound.clone(), vec![parts.hashed.clone()]);
    let presenting = Row::new(
        "SD-JWT VC present 3 claims with key binding",
        move || {
            black_box(signer(black_box(&bound)));
            hash_each(&hashed);
        },
        {
            let signer = binds();
            move || {
                black_box(present(black_box(&issued), &paths, &signer));
            }
        },
    )
    .at_most(1.3);

    let (signer, bound, hashed) = (binds(), parts.bound.clone(), vec![parts.hashed.clone()]);
    let held: &'static str = issued_text.leak();
    let held = SdJwt::parse(held, SdJwtBudget::DEFAULT).unwrap();
    let processed = process(&held).unwrap();
    let presenting_held = Row::new(
        "SD-JWT VC present, of a credential that is read already",
        move || {
            black_box(signer(black_box(&bound)));
            hash_each(&hashed);
        },
        {
            let signer = binds();
            move || {
                let selection = select_processed(&held, &processed, black_box(&wanted)).unwrap();
                black_box(bind(&selection, &signer));
            }
        },
    )
    .at_most(1.3);

    let issuer_key = provider.key(Es256, ISSUER).public_key();
    let holder_key = provider.key(Es256, HOLDER).public_key();
    let (verify_issuer, verify_holder) = (provider.verifier(&issuer_key), provider.verifier(&holder_key));
    let signature = signs()(&parts.signed);
    let binding = binds()(&parts.bound);
    let mut hashed = parts.disclosures;
    hashed.push(parts.hashed);
    let verifying = Row::new(
        "SD-JWT VC verify: issuer, digests, key binding",
        move || {
            verify_issuer(black_box(&parts.signed), &signature);
            verify_holder(black_box(&parts.bound), &binding);
            hash_each(&hashed);
        },
        {
            let presented = Arc::clone(&presented);
            move || {
                let expected = ExpectedKeyBinding {
                    audience: VERIFIER,
                    nonce: NONCE,
                    now: NOW,
                    max_age: Duration::from_secs(60),
                    max_clock_skew: Duration::ZERO,
                    transaction_data: ExpectedTransactionData::None,
                };
                SdJwtVc::parse(black_box(&presented), SdJwtBudget::DEFAULT)
                    .unwrap()
                    .verify_issuer_signature(&issuer_key, provider.crypto())
                    .unwrap()
                    .verify_key_binding(&expected, provider.crypto())
                    .unwrap();
            }
        },
    )
    .at_most(provider.verification_target(1.08));
    vec![issuing, presenting, presenting_held, verifying]
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn credential(provider: Provider) -> CredentialToIssue {
    CredentialToIssue {
        vct: VerifiableCredentialType::parse("https://issuer.example/types/national-identity").unwrap(),
        issuer: Some("https://issuer.example".to_owned()),
        issued_at: Some(NOW),
        not_before: None,
        expires: Some(UNTIL),
        status: None,
        holder: Some(provider.key(Es256, HOLDER).public_key()),
        claims: claims(),
        selectable: SELECTABLE
            .iter()
            .map(|name| ClaimsPath::top_level(*name))
            .collect(),
        decoys: Decoys::None,
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(credential: &CredentialToIssue, header: &IssuerHeader, signer: &Signer) -> String {
    let prepared = credential.prepare_under(header, &SystemRandomness).unwrap();
    let signature = signer(prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn present(issued: &str, paths: &[ClaimsPath], signer: &Signer) -> String {
    let sd_jwt = SdJwt::parse(issued, SdJwtBudget::DEFAULT).unwrap();
    bind(&select(&sd_jwt, paths).unwrap(), signer)
}

fn bind(selection: &Selection<'_>, signer: &Signer) -> String {
    let prepared = selection.prepare_key_binding(&KeyBindingClaims {
        algorithm: Es256,
        audience: VERIFIER.to_owned(),
        nonce: NONCE.to_owned(),
        issued_at: NOW,
        transaction_data: None,
    });
    let signature = signer(prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

/// What of an SD-JWT is signed and what is hashed.
struct Parts {
    /// What the issuer signs.
    signed: Vec<u8>,
    disclosures: Vec<Vec<u8>>,
    /// What `sd_hash` is over.
    hashed: Vec<u8>,
    /// What the holder signs; empty where nobody has yet.
    bound: Vec<u8>,
}

impl Parts {
    #[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
    fn of(text: &str) -> Self {
        let signing_input = |jwt: &str| {
            jwt.rsplit_once('.')
                .map(|(input, _)| input.as_bytes().to_vec())
                .unwrap_or_default()
        };
        let (hashed, binding) = text.split_at(text.rfind('~').unwrap() + 1);
        let mut parts = hashed.trim_end_matches('~').split('~');
        Self {
            signed: signing_input(parts.next().unwrap()),
            disclosures: parts.map(|part| part.as_bytes().to_vec()).collect(),
            hashed: hashed.as_bytes().to_vec(),
            bound: signing_input(binding),
        }
    }
}
