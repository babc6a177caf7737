//! An ISO mdoc of 12 elements with a portrait of 5 kB: issue, present four elements with a device signature, verify; and the
//! bare signatures that each of them cannot do without, in the same run, so that the ratio means something on any machine.
//! `cargo bench -p symbolon-credential --bench mdoc`.

use core::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, DigestAlgorithm, DigestIds, DocType, ElementIdentifier,
    ElementValue, IssuerAuthHeader, IssuerSigned, MdocBudget, MdocToIssue, MdocValidity, NameSpace,
    SessionTranscript,
};
use symbolon_crypto::signing::{KeyDescription, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, Validity, document_signer, iaca_root,
};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};

const PROVIDER: RustCryptoProvider = RustCryptoProvider;
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const UNTIL: UnixTime = UnixTime::from_seconds(1_830_000_000);
const SPACE: &str = "org.iso.18013.5.1";

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn key(seed: u64) -> SecretKey {
    PROVIDER
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
}

/// A document signer's certificate under a root, verified once as a verifier that caches it does.
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn chain(signer: &SecretKey) -> VerifiedChain {
    let randomness = SeededRandomness::new(9);
    let validity = Validity {
        not_before: NOW,
        not_after: UNTIL,
    };
    let root_secret = key(8);
    let root_key = KeyDescription {
        handle: KeyHandle::new("iaca"),
        public_key: root_secret.public_key(),
    };
    let software = SoftwareKey::new(root_key.handle.clone(), root_secret, Arc::new(PROVIDER));
    let contact_uri = "https://issuer.example".to_owned();
    let request = IacaRequest {
        subject_name: "Mobile documents".to_owned(),
        country: CountryCode::parse("UT").unwrap(),
        contact_uri: contact_uri.clone(),
        validity,
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
    verify_chain(&leaf, &[root], ChainProfile::DocumentSigner, NOW, &PROVIDER).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn mdoc(device: &SecretKey) -> MdocToIssue {
    let mut elements: Vec<_> = (0..11)
        .map(|number| {
            let name = ElementIdentifier::parse(&format!("element_{number}")).unwrap();
            (name, ElementValue::Text(format!("the value of element {number}")))
        })
        .collect();
    let portrait = ElementIdentifier::parse("portrait").unwrap();
    elements.push((portrait, ElementValue::Bytes(vec![0x5a; 5000])));
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
        device_key: device.public_key(),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(
    mdoc: &MdocToIssue,
    header: &IssuerAuthHeader,
    signer: &SecretKey,
    randomness: &SeededRandomness,
) -> Vec<u8> {
    let prepared = mdoc.prepare(header, randomness).unwrap();
    let request = prepared.request(KeyHandle::new("signer"));
    prepared
        .finish(&PROVIDER.sign(signer, &request.bytes).unwrap())
        .unwrap()
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn present(issued: &[u8], device: &SecretKey, transcript: &SessionTranscript) -> Vec<u8> {
    let selection = ["element_0", "element_3", "element_7", "portrait"].map(|name| (SPACE, name));
    let held = IssuerSigned::parse(issued, MdocBudget::DEFAULT).unwrap();
    let prepared = held.present(&selection).unwrap().prepare(transcript);
    let request = prepared.request(KeyHandle::new("device"));
    prepared
        .finish(&PROVIDER.sign(device, &request.bytes).unwrap())
        .unwrap()
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn benchmark(criterion: &mut Criterion) {
    let (signer, device) = (key(1), key(2));
    let chain = chain(&signer);
    let header = IssuerAuthHeader::new(SignatureAlgorithm::Es256, &[chain.leaf().der().to_vec()]).unwrap();
    let (mdoc, randomness) = (mdoc(&device), SeededRandomness::new(3));
    let transcript = SessionTranscript::openid4vp("x509_hash:a", "nonce", None, "https://verifier.example");
    let issued = issue(&mdoc, &header, &signer, &randomness);
    let presented = present(&issued, &device, &transcript);
    let message = vec![0x61; 1000];
    let signature = PROVIDER.sign(&signer, &message).unwrap();
    let public_key = signer.public_key();

    let mut group = criterion.benchmark_group("mdoc");
    group.bench_function("limit: one signature", |bencher| {
        bencher.iter(|| PROVIDER.sign(&signer, black_box(&message)).unwrap());
    });
    group.bench_function("issue 12 elements, portrait of 5 kB", |bencher| {
        bencher.iter(|| issue(black_box(&mdoc), &header, &signer, &randomness));
    });
    // What is ours alone, without the signature.
    group.bench_function("prepare 12 elements, portrait of 5 kB", |bencher| {
        bencher.iter(|| {
            black_box(&mdoc)
                .prepare(&header, &randomness)
                .unwrap()
                .request(KeyHandle::new("k"))
        });
    });
    group.bench_function("present 4 elements with device signature", |bencher| {
        bencher.iter(|| present(black_box(&issued), &device, &transcript));
    });
    group.bench_function("limit: two verifications", |bencher| {
        bencher.iter(|| {
            for _ in 0..2 {
                let message = black_box(&message);
                PROVIDER
                    .verify(&public_key, SignatureAlgorithm::Es256, message, &signature)
                    .unwrap();
            }
        });
    });
    group.bench_function("verify issuer, digests and device signature", |bencher| {
        bencher.iter(|| {
            DeviceResponse::parse(black_box(&presented), MdocBudget::DEFAULT)
                .and_then(DeviceResponse::only_document)
                .unwrap()
                .verify(
                    &chain,
                    &transcript,
                    DeviceAuthentication::SignatureOnly,
                    &PROVIDER,
                )
                .unwrap();
        });
    });
    group.bench_function("parse a response", |bencher| {
        bencher.iter(|| {
            DeviceResponse::parse(black_box(&presented), MdocBudget::DEFAULT)
                .unwrap()
                .status()
        });
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
