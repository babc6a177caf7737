use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SecretKey};

use super::*;
use crate::openid4vci::key_attestation::tests::{Attester, expectations};
use crate::openid4vci::key_attestation::{AttestationPlace, KeyAttestationClaims};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse("https://registry.example").unwrap()
}

fn key(seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
}

fn sign(key: &SecretKey, prepared: PreparedJws) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn custom(key: &SecretKey, header: &Value, claims: &Value) -> String {
    let header = header.as_object().unwrap();
    sign(
        key,
        jws::prepare(key.algorithm(), header, claims.to_string().as_bytes()),
    )
}

fn check(proof: &str, client: ExpectedClient<'_>) -> Result<VerifiedProof, ProofError> {
    let issuer = issuer();
    let expected = ProofExpectations {
        issuer: &issuer,
        algorithms: &[SignatureAlgorithm::Es256],
        key_references: &[KeyReference::Jwk],
        client,
        certificate_anchors: &[],
        attestation: AttestationPolicy::Ignored,
    };
    verify(proof, &expected, NOW, &RustCryptoProvider)
}

fn check_attested(attester: &Attester, proof: &str) -> Result<VerifiedProof, ProofError> {
    let issuer = issuer();
    let anchors = [attester.anchor.clone()];
    let expected = ProofExpectations {
        issuer: &issuer,
        algorithms: &[SignatureAlgorithm::Es256],
        key_references: &[KeyReference::Jwk, KeyReference::Certificate],
        client: ExpectedClient::Anonymous,
        certificate_anchors: &anchors,
        attestation: AttestationPolicy::Required(expectations(&anchors, AttestationPlace::ProofHeader)),
    };
    verify(proof, &expected, NOW, &RustCryptoProvider)
}

#[test]
fn a_key_attestation_counts_for_the_keys_that_it_attests_alone() {
    let attester = Attester::new(5);
    let attest = |keys: &[PublicKey]| {
        attester.attest(&KeyAttestationClaims {
            keys,
            key_storage: &[],
            user_authentication: &[],
            nonce: CNonce::parse("fresh").as_ref(),
            issued_at: NOW,
            expires_at: Some(NOW.plus(Duration::from_secs(60))),
        })
    };
    let nonce = CNonce::parse("fresh").unwrap();
    let (mine, other) = (key(1), key(2));
    let both = [other.public_key(), mine.public_key()];
    let proof = |attestation: &str| {
        let prepared = prepare_attested(
            &mine.public_key(),
            attestation,
            &issuer(),
            Some(&nonce),
            None,
            NOW,
        );
        sign(&mine, prepared)
    };
    let verified = check_attested(&attester, &proof(&attest(&both))).unwrap();
    assert_eq!(verified.key(), &mine.public_key());
    assert_eq!(verified.attestation().unwrap().keys, both);
    assert_eq!(
        check_attested(&attester, &proof(&attest(&[other.public_key()]))),
        Err(ProofError::NotAttested)
    );
    assert_eq!(
        check_attested(&Attester::new(6), &proof(&attest(&both))),
        Err(ProofError::Attestation(KeyAttestationError::Untrusted))
    );
    let bare = prepare(&mine.public_key(), &issuer(), Some(&nonce), None, NOW);
    assert_eq!(
        check_attested(&attester, &sign(&mine, bare)),
        Err(ProofError::NoAttestation)
    );
    // Where none is required, one that nobody can judge does no harm.
    assert!(check(&proof("anything"), ExpectedClient::Anonymous).is_ok());
}

#[test]
fn a_certificate_names_the_key_when_an_anchor_vouches_for_it() {
    let holder = Attester::new(5);
    let nonce = CNonce::parse("fresh").unwrap();
    let key = holder.leaf.public_key();
    let chain = [holder.leaf.clone()];
    let proof = holder.sign(prepare_certified(key, &chain, &issuer(), Some(&nonce), None, NOW));
    let check_under = |anchors: &[Certificate], key_references: &[KeyReference]| {
        let issuer = issuer();
        let expected = ProofExpectations {
            issuer: &issuer,
            algorithms: &[SignatureAlgorithm::Es256],
            key_references,
            client: ExpectedClient::Anonymous,
            certificate_anchors: anchors,
            attestation: AttestationPolicy::Ignored,
        };
        verify(&proof, &expected, NOW, &RustCryptoProvider)
    };
    let allowed = [KeyReference::Certificate];
    let verified = check_under(core::slice::from_ref(&holder.anchor), &allowed).unwrap();
    assert_eq!(verified.key(), key);
    let stranger = Attester::new(6);
    assert_eq!(
        check_under(&[stranger.anchor], &allowed),
        Err(ProofError::Untrusted)
    );
    assert_eq!(
        check_under(&[holder.anchor], &[KeyReference::Jwk]),
        Err(ProofError::KeyReference)
    );
}

fn good_parts(key: &SecretKey) -> (Value, Value) {
    (
        json!({"typ": PROOF_TYPE, "jwk": key.public_key().to_jwk()}),
        json!({"aud": "https://registry.example", "iat": NOW, "nonce": "n"}),
    )
}

#[test]
fn what_the_wallet_prepares_the_issuer_accepts() {
    let key = key(1);
    let nonce = CNonce::parse("fresh").unwrap();
    let prepared = prepare(&key.public_key(), &issuer(), Some(&nonce), None, NOW);
    let proof = check(&sign(&key, prepared), ExpectedClient::Anonymous).unwrap();
    assert_eq!(proof.key(), &key.public_key());
    assert_eq!(proof.nonce(), &nonce);
}

#[test]
fn each_broken_header_is_refused_for_its_own_reason() {
    let key = key(1);
    let (good, claims) = good_parts(&key);
    for (name, value, error) in [
        ("typ", json!("JWT"), ProofError::WrongType),
        ("typ", json!("kb+jwt"), ProofError::WrongType),
        ("kid", json!("did:jwk:abc#0"), ProofError::NotOneKey),
        ("x5c", json!(["AAAA"]), ProofError::NotOneKey),
        (
            "jwk",
            json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
            ProofError::Key,
        ),
        (
            "jwk",
            json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}),
            ProofError::Malformed,
        ),
        (
            "jwk",
            json!(super::super::identifiers::MAX_IDENTIFIER_BYTES),
            ProofError::Malformed,
        ),
    ] {
        let mut header = good.clone();
        header[name] = value;
        assert_eq!(
            check(&custom(&key, &header, &claims), ExpectedClient::Anonymous),
            Err(error),
            "{header}"
        );
    }
    let without = json!({"typ": PROOF_TYPE});
    assert_eq!(
        check(&custom(&key, &without, &claims), ExpectedClient::Anonymous),
        Err(ProofError::NotOneKey)
    );
    let by_certificate = json!({"typ": PROOF_TYPE, "x5c": ["AAAA"]});
    assert_eq!(
        check(&custom(&key, &by_certificate, &claims), ExpectedClient::Anonymous),
        Err(ProofError::KeyReference)
    );
}

#[test]
fn each_broken_claim_is_refused_for_its_own_reason() {
    let key = key(1);
    let (header, good) = good_parts(&key);
    let seconds = NOW.seconds();
    for (name, value, error) in [
        ("aud", json!("https://other.example"), ProofError::WrongAudience),
        (
            "aud",
            json!("https://registry.example/"),
            ProofError::WrongAudience,
        ),
        (
            "aud",
            json!(["https://registry.example", "https://other.example"]),
            ProofError::WrongAudience,
        ),
        ("aud", Value::Null, ProofError::WrongAudience),
        ("iat", Value::Null, ProofError::NoIssuedAt),
        ("iat", json!("now"), ProofError::NoIssuedAt),
        ("iat", json!(seconds - 301), ProofError::Stale),
        ("iat", json!(seconds + 301), ProofError::Stale),
        ("iat", json!(i64::MIN), ProofError::Stale),
        ("nonce", Value::Null, ProofError::NoNonce),
        ("nonce", json!(""), ProofError::NoNonce),
        ("iss", json!("wallet"), ProofError::NamedClient),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        assert_eq!(
            check(&custom(&key, &header, &claims), ExpectedClient::Anonymous),
            Err(error),
            "{claims}"
        );
    }
}

#[test]
fn a_named_client_may_say_its_name_and_no_other() {
    let key = key(1);
    let (header, mut claims) = good_parts(&key);
    assert!(check(&custom(&key, &header, &claims), ExpectedClient::Named("wallet")).is_ok());
    claims["iss"] = json!("wallet");
    assert!(check(&custom(&key, &header, &claims), ExpectedClient::Named("wallet")).is_ok());
    assert_eq!(
        check(&custom(&key, &header, &claims), ExpectedClient::Named("other")),
        Err(ProofError::WrongClient)
    );
}

#[test]
fn a_proof_by_another_key_than_it_names_is_refused() {
    let (header, claims) = good_parts(&key(1));
    assert_eq!(
        check(&custom(&key(2), &header, &claims), ExpectedClient::Anonymous),
        Err(ProofError::Signature)
    );
}

#[test]
fn an_algorithm_outside_the_configuration_is_refused() {
    let key = RustCryptoProvider
        .generate_key(SignatureAlgorithm::EdDsa, &SeededRandomness::new(3))
        .unwrap();
    let (header, claims) = good_parts(&key);
    assert_eq!(
        check(&custom(&key, &header, &claims), ExpectedClient::Anonymous),
        Err(ProofError::Algorithm)
    );
    assert_eq!(
        check("e30.e30.", ExpectedClient::Anonymous),
        Err(ProofError::Algorithm)
    );
    assert_eq!(
        check("nonsense", ExpectedClient::Anonymous),
        Err(ProofError::Malformed)
    );
}

#[test]
fn a_key_may_be_named_by_its_did_where_the_configuration_allows_it() {
    let key = key(1);
    let (_, claims) = good_parts(&key);
    let did = symbolon_did::did_jwk(&key.public_key()).unwrap();
    let header = |kid: String| json!({"typ": PROOF_TYPE, "kid": kid});
    let by_did = custom(&key, &header(format!("{}#0", did.as_str())), &claims);
    assert_eq!(
        check(&by_did, ExpectedClient::Anonymous),
        Err(ProofError::KeyReference)
    );

    let issuer = issuer();
    let expected = ProofExpectations {
        issuer: &issuer,
        algorithms: &[SignatureAlgorithm::Es256],
        key_references: &[KeyReference::Jwk, KeyReference::Did],
        client: ExpectedClient::Anonymous,
        certificate_anchors: &[],
        attestation: AttestationPolicy::Ignored,
    };
    let check = |proof: &str| verify(proof, &expected, NOW, &RustCryptoProvider);
    assert_eq!(check(&by_did).unwrap().key(), &key.public_key());
    for kid in [
        "key-1".to_owned(),
        "did:web:registry.example#0".to_owned(),
        did.as_str().to_owned(),
    ] {
        assert_eq!(
            check(&custom(&key, &header(kid.clone()), &claims)),
            Err(ProofError::Key),
            "{kid}"
        );
    }
}
