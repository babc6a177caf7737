//! SD-JWT VC, 12 claims of which 10 are selectively disclosable: issue, present three with a key binding, verify; and the
//! bare signatures that each of them cannot do without, in the same run, so that the ratio means something on any machine.
//! `cargo bench -p symbolon-credential`.

use core::hint::black_box;
use core::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, select};
use symbolon_credential::sd_jwt_vc::{
    CredentialToIssue, ExpectedKeyBinding, ExpectedTransactionData, IssuerKeyReference, SdJwtVc,
    VerifiableCredentialType,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};

const PROVIDER: RustCryptoProvider = RustCryptoProvider;
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn key(seed: u64) -> SecretKey {
    PROVIDER
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn credential(holder: &SecretKey) -> CredentialToIssue {
    let names = [
        "given_name",
        "family_name",
        "birthdate",
        "gender",
        "street_address",
        "locality",
        "region",
        "postal_code",
        "phone_number",
        "email",
    ];
    let mut claims: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!(format!("the value of {name}"))))
        .collect();
    claims.insert("issuing_country".to_owned(), json!("IN"));
    claims.insert("issuing_authority".to_owned(), json!("the authority"));
    CredentialToIssue {
        vct: VerifiableCredentialType::parse("https://issuer.example/types/national-identity").unwrap(),
        issuer: Some("https://issuer.example".to_owned()),
        issued_at: Some(NOW),
        not_before: None,
        expires: Some(UnixTime::from_seconds(1_900_000_000)),
        status: None,
        holder: Some(holder.public_key()),
        claims,
        selectable: names.iter().map(|name| ClaimsPath::top_level(*name)).collect(),
        decoys: Decoys::None,
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn issue(credential: &CredentialToIssue, issuer: &SecretKey, randomness: &SeededRandomness) -> String {
    let key = IssuerKeyReference::CertificateChain(vec![vec![0x30; 600]]);
    let prepared = credential
        .prepare(SignatureAlgorithm::Es256, &key, randomness)
        .unwrap();
    let signature = PROVIDER
        .sign(issuer, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn present(issued: &str, paths: &[ClaimsPath], holder: &SecretKey) -> String {
    let sd_jwt = SdJwt::parse(issued, SdJwtBudget::DEFAULT).unwrap();
    let prepared = select(&sd_jwt, paths)
        .unwrap()
        .prepare_key_binding(&KeyBindingClaims {
            algorithm: SignatureAlgorithm::Es256,
            audience: "x509_hash:verifier".to_owned(),
            nonce: "nonce".to_owned(),
            issued_at: NOW,
            transaction_data: None,
        });
    let signature = PROVIDER
        .sign(holder, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn benchmark(criterion: &mut Criterion) {
    let (issuer, holder) = (key(1), key(2));
    let credential = credential(&holder);
    let randomness = SeededRandomness::new(3);
    let issued = issue(&credential, &issuer, &randomness);
    let paths = ["given_name", "birthdate", "locality"].map(ClaimsPath::top_level);
    let presented = present(&issued, &paths, &holder);
    let issuer_key = issuer.public_key();
    let expected = ExpectedKeyBinding {
        audience: "x509_hash:verifier",
        nonce: "nonce",
        now: NOW,
        max_age: Duration::from_secs(60),
        max_clock_skew: Duration::ZERO,
        transaction_data: ExpectedTransactionData::None,
    };
    let message = vec![0x61; issued.split('~').next().unwrap_or_default().len()];
    let signature = PROVIDER.sign(&issuer, &message).unwrap();

    let mut group = criterion.benchmark_group("sd-jwt-vc");
    group.bench_function("limit: one signature", |bencher| {
        bencher.iter(|| PROVIDER.sign(&issuer, black_box(&message)).unwrap());
    });
    group.bench_function("issue 12 claims, 10 selectable", |bencher| {
        bencher.iter(|| issue(black_box(&credential), &issuer, &randomness));
    });
    group.bench_function("present 3 claims with key binding", |bencher| {
        bencher.iter(|| present(black_box(&issued), &paths, &holder));
    });
    group.bench_function("limit: two verifications", |bencher| {
        bencher.iter(|| {
            for _ in 0..2 {
                PROVIDER
                    .verify(
                        &issuer_key,
                        SignatureAlgorithm::Es256,
                        black_box(&message),
                        &signature,
                    )
                    .unwrap();
            }
        });
    });
    group.bench_function("verify issuer, digests and key binding", |bencher| {
        bencher.iter(|| {
            SdJwtVc::parse(black_box(&presented), SdJwtBudget::DEFAULT)
                .unwrap()
                .verify_issuer_signature(&issuer_key, &PROVIDER)
                .unwrap()
                .verify_key_binding(&expected, &PROVIDER)
                .unwrap()
        });
    });
    // What is ours alone, without any signature.
    group.bench_function("parse and process", |bencher| {
        bencher.iter(|| SdJwtVc::parse(black_box(&presented), SdJwtBudget::DEFAULT).unwrap());
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
