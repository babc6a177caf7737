//! An ISO mdoc of 12 elements with a portrait of 5 kB, four of them shown with a device signature.

use core::hint::black_box;
use std::sync::Arc;

use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, DigestAlgorithm, DigestIds, DocType, ElementIdentifier,
    ElementValue, IssuerAuthHeader, IssuerSigned, KeyAuthorizations, MdocBudget, MdocToIssue, MdocValidity,
    NameSpace, SessionTranscript,
};
use symbolon_crypto::SignatureAlgorithm::Es256;
use symbolon_crypto::signing::{KeyDescription, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, Validity, document_signer, iaca_root,
};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{RustCryptoProvider, SecretKey};

use super::{HOLDER, ISSUER, NONCE, NOW, SELECTABLE, UNTIL, VERIFIER, hash_each};
use crate::provider::{Provider, Signer, SystemRandomness};
use crate::row::Row;

const SPACE: &str = "org.iso.18013.5.1";
const SHOWN: [&str; 4] = ["given_name", "birthdate", "locality", "portrait"];
/// What an encoded item has beside its value: names, 16 random bytes, heads.
const ITEM_BYTES: usize = 90;

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn rows(provider: Provider) -> Vec<Row> {
    let chain = chain(&provider.key(Es256, ISSUER));
    let header = IssuerAuthHeader::new(Es256, &[chain.leaf().der().to_vec()]).unwrap();
    let mdoc = mdoc(provider);
    let transcript = SessionTranscript::openid4vp(VERIFIER, NONCE, None, "https://verifier.example");
    let signs = || provider.signer(Es256, ISSUER);
    let binds = || provider.signer(Es256, HOLDER);
    let issued: Arc<[u8]> = issue(&mdoc, &header, &signs()).into();
    let presented: Arc<[u8]> = present(&issued, &binds(), &transcript).into();

    // What is signed.
    let object = mdoc.prepare(&header, &SystemRandomness).unwrap();
    let object = object.request(KeyHandle::new("signer")).bytes;
    let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
    let prepared = held.present(&shown()).unwrap().prepare(&transcript);
    let session = prepared.request(KeyHandle::new("device")).bytes;
    let item = |name: &str| vec![0x5a; if name == "portrait" { 5000 } else { 20 } + ITEM_BYTES];
    let all: Vec<_> = mdoc.elements.iter().flat_map(|(_, elements)| elements).collect();
    let items: Vec<_> = all.iter().map(|(name, _)| item(name.as_str())).collect();
    let shown_items = SHOWN.map(item);

    let (signer, bytes) = (signs(), object.clone());
    let issuing = Row::new(
        "mdoc issue, 12 elements, portrait of 5 kB",
        move || {
            black_box(signer(black_box(&bytes)));
            hash_each(&items);
        },
        {
            let signer = signs();
            move || {
                black_box(issue(black_box(&mdoc), &header, &signer));
            }
        },
    )
    .at_most(1.4);

    let (signer, bytes) = (binds(), session.clone());
    let transcript_again = transcript.clone();
    let presenting = Row::new(
        "mdoc present 4 elements with device signature",
        move || {
            black_box(signer(black_box(&bytes)));
        },
        {
            let signer = binds();
            let issued = Arc::clone(&issued);
            move || {
                black_box(present(black_box(&issued), &signer, &transcript_again));
            }
        },
    )
    .at_most(1.4);

    let (signer, bytes) = (binds(), session.clone());
    let transcript_again = transcript.clone();
    let held: &'static [u8] = issued.to_vec().leak();
    let held = IssuerSigned::parse(held, MdocBudget::DEFAULT).unwrap();
    let presenting_held = Row::new(
        "mdoc present, of an mdoc that is read already",
        move || {
            black_box(signer(black_box(&bytes)));
        },
        {
            let signer = binds();
            move || {
                black_box(present_held(black_box(&held), &signer, &transcript_again));
            }
        },
    )
    .at_most(1.4);

    let verify_issuer = provider.verifier(&provider.key(Es256, ISSUER).public_key());
    let verify_device = provider.verifier(&provider.key(Es256, HOLDER).public_key());
    let (signature, binding) = (signs()(&object), binds()(&session));
    let verifying = Row::new(
        "mdoc verify: issuer, digests, device; certificate cached",
        move || {
            verify_issuer(black_box(&object), &signature);
            verify_device(black_box(&session), &binding);
            hash_each(&shown_items);
        },
        move || {
            DeviceResponse::parse(black_box(&presented), MdocBudget::DEFAULT)
                .and_then(DeviceResponse::only_document)
                .unwrap()
                .verify(
                    &chain,
                    &transcript,
                    DeviceAuthentication::SignatureOnly,
                    provider.crypto(),
                )
                .unwrap();
        },
    )
    .at_most(1.15);
    vec![issuing, presenting, presenting_held, verifying]
}

fn shown() -> [(&'static str, &'static str); 4] {
    SHOWN.map(|name| (SPACE, name))
}

/// A document signer's certificate under a root, verified once as a verifier that caches it does.
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn chain(signer: &SecretKey) -> VerifiedChain {
    let randomness = SeededRandomness::new(9);
    let validity = Validity {
        not_before: NOW,
        not_after: UNTIL,
    };
    let root_secret = Provider::RustCrypto.key(Es256, 8);
    let root_key = KeyDescription {
        handle: KeyHandle::new("iaca"),
        public_key: root_secret.public_key(),
    };
    let software = SoftwareKey::new(root_key.handle.clone(), root_secret, Arc::new(RustCryptoProvider));
    let contact_uri = "https://issuer.example".to_owned();
    let request = IacaRequest {
        subject_name: "Mobile documents".to_owned(),
        country: CountryCode::parse("UT").unwrap(),
        contact_uri: contact_uri.clone(),
        validity,
        revocation_list_uri: None,
    };
    let root = iaca_root(&request, &root_key, &software, &randomness).unwrap();
    let root = Certificate::parse(&root).unwrap();
    let request = DocumentSignerRequest {
        subject_name: "Document signer".to_owned(),
        contact_uri,
        validity,
        public_key: signer.public_key(),
    };
    let der = document_signer(&request, &root, &root_key, &software, &randomness).unwrap();
    let leaf = [Certificate::parse(&der).unwrap()];
    verify_chain(
        &leaf,
        &[root],
        ChainProfile::DocumentSigner,
        NOW,
        &RustCryptoProvider,
    )
    .unwrap()
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn mdoc(provider: Provider) -> MdocToIssue {
    let name = |name: &str| ElementIdentifier::parse(name).unwrap();
    let mut elements: Vec<_> = SELECTABLE
        .iter()
        .chain(&["issuing_country"])
        .map(|element| {
            let value = format!("the value of {element}");
            (name(element), ElementValue::Text(value))
        })
        .collect();
    elements.push((name("portrait"), ElementValue::Bytes(vec![0x5a; 5000])));
    MdocToIssue {
        doc_type: DocType::parse("org.iso.18013.5.1.mDL").unwrap(),
        elements: vec![(NameSpace::parse(SPACE).unwrap(), elements)],
        validity: MdocValidity {
            signed: NOW,
            valid_from: NOW,
            valid_until: UNTIL,
            expected_update: None,
        },
        status: None,
        device_key: provider.key(Es256, HOLDER).public_key(),
        key_authorizations: KeyAuthorizations::default(),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(mdoc: &MdocToIssue, header: &IssuerAuthHeader, signer: &Signer) -> Vec<u8> {
    let prepared = mdoc.prepare(header, &SystemRandomness).unwrap();
    let request = prepared.request(KeyHandle::new("signer"));
    prepared.finish(&signer(&request.bytes)).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn present(issued: &[u8], signer: &Signer, transcript: &SessionTranscript) -> Vec<u8> {
    let held = IssuerSigned::parse(issued, MdocBudget::DEFAULT).unwrap();
    present_held(&held, signer, transcript)
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn present_held(held: &IssuerSigned<'_>, signer: &Signer, transcript: &SessionTranscript) -> Vec<u8> {
    let prepared = held.present(&shown()).unwrap().prepare(transcript);
    let request = prepared.request(KeyHandle::new("device"));
    prepared.finish(&signer(&request.bytes)).unwrap()
}
