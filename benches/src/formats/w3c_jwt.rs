//! A VCDM 2.0 credential of 12 claims as `vc+jwt`, presented in a `vp+jwt`.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;

use symbolon_credential::w3c::jose::{
    ExpectedPresentation, JwtCredential, JwtPresentation, PresentationToSign, prepare_credential,
};
use symbolon_credential::w3c::{
    EnvelopeType, EnvelopedCredential, PresentedCredential, VerifiableCredential, W3cBudget,
};
use symbolon_crypto::SignatureAlgorithm::Es256;
use symbolon_did::{DidUrl, did_jwk};

use super::data_integrity::document;
use super::{HOLDER, ISSUER, NONCE, NOW, VERIFIER};
use crate::provider::{Provider, Signer};
use crate::row::Row;

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn rows(provider: Provider) -> Vec<Row> {
    let issuer_key = provider.key(Es256, ISSUER).public_key();
    let holder_key = provider.key(Es256, HOLDER).public_key();
    let (issuer, holder) = (did_jwk(&issuer_key).unwrap(), did_jwk(&holder_key).unwrap());
    let (issuer_key_id, holder_key_id) = (
        issuer.with_fragment("0").unwrap(),
        holder.with_fragment("0").unwrap(),
    );
    let credential = VerifiableCredential::from_value(document(issuer.as_str(), holder.as_str())).unwrap();
    let signs = || provider.signer(Es256, ISSUER);
    let binds = || provider.signer(Es256, HOLDER);
    let issued: Arc<str> = issue(&credential, &issuer_key_id, &signs()).into();
    let presented: Arc<str> = present(&issued, &holder_key_id, &binds()).into();

    let (signer, signed) = (signs(), signing_input(&issued));
    let issuing = Row::new(
        "vc+jwt issue, 12 claims",
        move || {
            black_box(signer(black_box(&signed)));
        },
        {
            let signer = signs();
            move || {
                black_box(issue(black_box(&credential), &issuer_key_id, &signer));
            }
        },
    );
    let (signer, signed) = (binds(), signing_input(&presented));
    let presenting = Row::new(
        "vc+jwt present in a vp+jwt",
        move || {
            black_box(signer(black_box(&signed)));
        },
        {
            let signer = binds();
            let issued = Arc::clone(&issued);
            move || {
                black_box(present(black_box(&issued), &holder_key_id, &signer));
            }
        },
    );
    let (verify_issuer, verify_holder) = (provider.verifier(&issuer_key), provider.verifier(&holder_key));
    let (credential, presentation) = (signing_input(&issued), signing_input(&presented));
    let (signature, binding) = (signs()(&credential), binds()(&presentation));
    let verifying = Row::new(
        "vc+jwt verify: presentation and credential",
        move || {
            verify_issuer(black_box(&credential), &signature);
            verify_holder(black_box(&presentation), &binding);
        },
        move || {
            let read = JwtPresentation::parse(black_box(&presented), W3cBudget::DEFAULT).unwrap();
            let expected = ExpectedPresentation {
                audience: VERIFIER,
                nonce: NONCE,
                now: NOW,
                max_age: Duration::from_secs(60),
                max_clock_skew: Duration::ZERO,
            };
            read.verify_holder(&holder_key, &expected, provider.crypto())
                .unwrap();
            for credential in read.credentials() {
                if let PresentedCredential::Enveloped(credential) = credential {
                    JwtCredential::parse(credential.text().unwrap_or_default(), W3cBudget::DEFAULT)
                        .unwrap()
                        .verify_issuer_signature(&issuer_key, provider.crypto())
                        .unwrap();
                }
            }
        },
    );
    vec![issuing, presenting, verifying]
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(credential: &VerifiableCredential, key_id: &DidUrl, signer: &Signer) -> String {
    let prepared = prepare_credential(credential, Es256, key_id, &[]).unwrap();
    let signature = signer(prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn present(issued: &str, key_id: &DidUrl, signer: &Signer) -> String {
    let credentials = [EnvelopedCredential::from_text(EnvelopeType::VcJwt, issued).unwrap()];
    let presentation = PresentationToSign {
        credentials: &credentials,
        key_id,
        audience: VERIFIER,
        nonce: NONCE,
        issued_at: NOW,
    };
    let prepared = presentation.prepare(Es256).unwrap();
    let signature = signer(prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn signing_input(jwt: &str) -> Vec<u8> {
    jwt.rsplit_once('.').unwrap().0.as_bytes().to_vec()
}
