use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{LeafRequest, Validity, leaf, root};
use symbolon_crypto::{RustCryptoProvider, SecretKey};

use super::*;

pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

/// An attester with its certificates.
pub(crate) struct Attester {
    key: SoftwareKey,
    pub(crate) leaf: Certificate,
    pub(crate) anchor: Certificate,
}

impl Attester {
    pub(crate) fn new(seed: u64) -> Self {
        let randomness = SeededRandomness::new(seed);
        let key = |name: &str| {
            let secret = SecretKey::generate(SignatureAlgorithm::Es256, &randomness).unwrap();
            SoftwareKey::new(
                KeyHandle::new(name),
                secret,
                std::sync::Arc::new(RustCryptoProvider),
            )
        };
        let validity = Validity {
            not_before: NOW.minus(Duration::from_secs(86_400)),
            not_after: NOW.plus(Duration::from_secs(86_400)),
        };
        let authority = key("authority");
        let described = authority.describe(authority.handle()).unwrap();
        let anchor = root("Wallet providers", validity, &described, &authority, &randomness).unwrap();
        let anchor = Certificate::parse(&anchor).unwrap();
        let attester = key("attester");
        let request = LeafRequest {
            subject_name: "Wallet provider".to_owned(),
            san_uris: vec!["https://wallet.example".to_owned()],
            san_dns: Vec::new(),
            validity,
            extended_key_usage: None,
            public_key: attester.public_key().clone(),
        };
        let der = leaf(&request, &anchor, &described, &authority, &randomness).unwrap();
        Self {
            key: attester,
            leaf: Certificate::parse(&der).unwrap(),
            anchor,
        }
    }

    pub(crate) fn sign(&self, prepared: PreparedJws) -> String {
        let secret = self.key.secret_key();
        let signature = RustCryptoProvider
            .sign(secret, prepared.signing_input().as_bytes())
            .unwrap();
        prepared.finish(&signature)
    }

    pub(crate) fn attest(&self, claims: &KeyAttestationClaims<'_>) -> String {
        self.sign(claims.prepare(SignatureAlgorithm::Es256, core::slice::from_ref(&self.leaf)))
    }
}

fn keys() -> Vec<PublicKey> {
    (20..22)
        .map(|seed| {
            SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
                .unwrap()
                .public_key()
        })
        .collect()
}

fn level(text: &str) -> AttackResistance {
    AttackResistance::parse(text).unwrap()
}

pub(crate) fn expectations(
    attesters: &[Certificate],
    place: AttestationPlace,
) -> AttestationExpectations<'_> {
    AttestationExpectations {
        attesters,
        algorithms: &[SignatureAlgorithm::Es256],
        required: None,
        place,
    }
}

fn check(
    attester: &Attester,
    text: &str,
    place: AttestationPlace,
) -> Result<VerifiedKeyAttestation, KeyAttestationError> {
    let anchors = [attester.anchor.clone()];
    verify(text, &expectations(&anchors, place), NOW, &RustCryptoProvider)
}

fn custom(attester: &Attester, header: Value, claims: Value) -> String {
    let mut members = header.as_object().unwrap().clone();
    members.insert("x5c".to_owned(), jws::x5c_value([attester.leaf.der()]));
    attester.sign(jws::prepare(
        SignatureAlgorithm::Es256,
        &members,
        claims.to_string().as_bytes(),
    ))
}

#[test]
fn what_an_attester_prepares_the_issuer_accepts() {
    let attester = Attester::new(1);
    let keys = keys();
    let nonce = CNonce::parse("fresh").unwrap();
    let text = attester.attest(&KeyAttestationClaims {
        keys: &keys,
        key_storage: &[level("iso_18045_high")],
        user_authentication: &[level("iso_18045_moderate")],
        nonce: Some(&nonce),
        issued_at: NOW,
        expires_at: Some(NOW.plus(Duration::from_secs(60))),
    });
    for place in [AttestationPlace::Proof, AttestationPlace::ProofHeader] {
        let verified = check(&attester, &text, place).unwrap();
        assert_eq!(verified.keys, keys);
        assert_eq!(verified.nonce, nonce);
    }
    let stranger = Attester::new(2);
    assert_eq!(
        check(&stranger, &text, AttestationPlace::Proof),
        Err(KeyAttestationError::Untrusted)
    );
}

#[test]
fn a_level_that_is_required_must_be_among_the_attested_ones() {
    let attester = Attester::new(1);
    let keys = keys();
    let text = attester.attest(&KeyAttestationClaims {
        keys: &keys,
        key_storage: &[level("iso_18045_moderate")],
        user_authentication: &[],
        nonce: CNonce::parse("fresh").as_ref(),
        issued_at: NOW,
        expires_at: Some(NOW.plus(Duration::from_secs(60))),
    });
    let high = vec![level("iso_18045_high")];
    let either = vec![level("iso_18045_high"), level("iso_18045_moderate")];
    let anchors = [attester.anchor.clone()];
    for (key_storage, user_authentication, outcome) in [
        (vec![], vec![], Ok(())),
        (either.clone(), vec![], Ok(())),
        (high.clone(), vec![], Err(KeyAttestationError::KeyStorage)),
        (either, high, Err(KeyAttestationError::UserAuthentication)),
    ] {
        let required = KeyAttestationsRequired {
            key_storage,
            user_authentication,
        };
        let expected = AttestationExpectations {
            required: Some(&required),
            ..expectations(&anchors, AttestationPlace::ProofHeader)
        };
        let verified = verify(&text, &expected, NOW, &RustCryptoProvider);
        assert_eq!(verified.map(|_| ()), outcome, "{required:?}");
    }
}

#[test]
fn each_broken_attestation_is_refused_for_its_own_reason() {
    let attester = Attester::new(1);
    let jwks: Vec<Jwk> = keys().iter().map(PublicKey::to_jwk).collect();
    let header = json!({ "typ": KEY_ATTESTATION_TYPE });
    let claims = json!({
        "iat": NOW, "exp": NOW.plus(Duration::from_secs(60)), "attested_keys": jwks, "nonce": "n",
    });
    let good = custom(&attester, header.clone(), claims.clone());
    assert!(check(&attester, &good, AttestationPlace::ProofHeader).is_ok());
    let with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        custom(&attester, header.clone(), changed)
    };
    let without = |name: &str| {
        let mut changed = claims.clone();
        changed.as_object_mut().unwrap().remove(name);
        custom(&attester, header.clone(), changed)
    };
    let mut private = json!(jwks[0]);
    private["d"] = json!("AA");
    use KeyAttestationError as Error;
    for (text, refusal) in [
        ("a.b.c".to_owned(), Error::Malformed),
        (
            custom(
                &attester,
                json!({ "typ": "openid4vci-proof+jwt" }),
                claims.clone(),
            ),
            Error::WrongType,
        ),
        (without("iat"), Error::NoIssuedAt),
        (with("iat", json!(NOW.seconds() + 301)), Error::Stale),
        (with("iat", json!("now")), Error::Malformed),
        (without("exp"), Error::NoExpiry),
        (with("exp", json!(NOW)), Error::Stale),
        (without("attested_keys"), Error::NoKeys),
        (with("attested_keys", json!([])), Error::NoKeys),
        (
            with("attested_keys", json!([jwks[0], jwks[0]])),
            Error::RepeatedKey,
        ),
        (with("attested_keys", json!([private])), Error::Key),
        (
            with("attested_keys", json!(vec![&jwks[0]; MAX_PROOFS + 1])),
            Error::TooManyKeys,
        ),
        (with("key_storage", json!([])), Error::Malformed),
        (with("key_storage", json!("iso_18045_high")), Error::Malformed),
        (with("nonce", json!(1)), Error::Malformed),
    ] {
        assert_eq!(
            check(&attester, &text, AttestationPlace::ProofHeader),
            Err(refusal),
            "{text}"
        );
    }
    for place in [AttestationPlace::Proof, AttestationPlace::ProofHeader] {
        assert_eq!(check(&attester, &without("nonce"), place), Err(Error::NoNonce));
    }
    assert!(check(&attester, &without("exp"), AttestationPlace::Proof).is_ok());
    let (start, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{start}.{}", signature.chars().rev().collect::<String>());
    assert!(matches!(
        check(&attester, &forged, AttestationPlace::Proof),
        Err(Error::Signature | Error::Malformed)
    ));
    let mut bare = Map::new();
    bare.insert("typ".to_owned(), KEY_ATTESTATION_TYPE.into());
    bare.insert("jwk".to_owned(), json!(attester.key.public_key().to_jwk()));
    let bare = attester.sign(jws::prepare(
        SignatureAlgorithm::Es256,
        &bare,
        claims.to_string().as_bytes(),
    ));
    assert_eq!(
        check(&attester, &bare, AttestationPlace::Proof),
        Err(Error::NoChain),
        "a key that came along is not the attester's"
    );
}
