use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{self, LeafRequest, Validity};
use symbolon_crypto::x509::{Certificate, ChainError};
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};

use super::*;
use crate::attestation_status::{AttestationStatus, ListedAttestation};
use crate::identifier::{HttpUrl, IssuerIdentifier};
use crate::oauth::client::ClientIdentifier;
use crate::oauth::error::TokenErrorCode;
use crate::oauth::jwt::JwtId;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn key(seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
}

fn finish(key: &SecretKey, prepared: PreparedJws) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn signed(key: &SecretKey, header: &Value, claims: &Value) -> String {
    let header = header.as_object().unwrap();
    let algorithm = SignatureAlgorithm::Es256;
    finish(
        key,
        jws::prepare(algorithm, header, claims.to_string().as_bytes()),
    )
}

/// A wallet provider with a certificate, one without, and an instance of their wallet.
struct World {
    provider: SecretKey,
    instance: SecretKey,
    root: Certificate,
    leaf: Certificate,
    known: Vec<AttesterKey>,
    client: ClientIdentifier,
    server: IssuerIdentifier,
}

impl World {
    fn new() -> Self {
        let described = |seed: u64| -> (SoftwareKey, KeyDescription) {
            let handle = KeyHandle::new(format!("key-{seed}"));
            let key = SoftwareKey::new(handle.clone(), key(seed), std::sync::Arc::new(RustCryptoProvider));
            let description = key.describe(&handle).unwrap();
            (key, description)
        };
        let (root_key, root_description) = described(1);
        let (_, leaf_description) = described(2);
        let validity = Validity {
            not_before: NOW.minus(DAY),
            not_after: NOW.plus(DAY),
        };
        let randomness = SeededRandomness::new(9);
        let root = issue::root("Providers", validity, &root_description, &root_key, &randomness).unwrap();
        let root = Certificate::parse(&root).unwrap();
        let request = LeafRequest {
            subject_name: "Provider".to_owned(),
            san_uris: vec!["https://provider.example".to_owned()],
            san_dns: vec!["provider.example".to_owned()],
            validity,
            extended_key_usage: None,
            public_key: leaf_description.public_key.clone(),
        };
        let leaf = issue::leaf(&request, &root, &root_description, &root_key, &randomness).unwrap();
        Self {
            provider: key(2),
            instance: key(3),
            root,
            leaf: Certificate::parse(&leaf).unwrap(),
            known: vec![AttesterKey {
                key_id: "known".to_owned(),
                key: key(2).public_key(),
            }],
            client: ClientIdentifier::parse("https://wallet.example").unwrap(),
            server: IssuerIdentifier::parse("https://as.example").unwrap(),
        }
    }

    fn verify(&self, attestation: &str, proof: &str) -> Result<VerifiedClientAttestation, AttestationError> {
        let expected = AttestationExpectations {
            server: &self.server,
            attesters: TrustedAttesters {
                anchors: std::slice::from_ref(&self.root),
                keys: &self.known,
            },
            client: Some(&self.client),
        };
        verify(attestation, proof, &expected, NOW, &RustCryptoProvider)
    }

    fn claims(&self) -> Value {
        json!({
            "sub": self.client, "exp": NOW.seconds() + 60, "cnf": { "jwk": self.instance.public_key().to_jwk() }
        })
    }

    fn attestation(&self, claims: &Value) -> String {
        let header = json!({ "typ": ATTESTATION_TYPE, "kid": "known" });
        signed(&self.provider, &header, claims)
    }

    fn proof(&self) -> String {
        let jti = JwtId::parse("one").unwrap();
        let key: PublicKey = self.instance.public_key();
        let prepared = prepare_proof_of_possession(&self.client, &key, &self.server, &jti, None, NOW);
        finish(&self.instance, prepared)
    }
}

#[test]
fn an_attestation_with_certificates_verifies_and_says_what_the_wallet_is() {
    let world = World::new();
    let link = HttpUrl::parse("https://wallet.example/about").unwrap();
    let status = StatusReference::new("https://provider.example/status/1", 7).unwrap();
    let key = world.instance.public_key();
    let contents = AttestationContents {
        attester: "https://provider.example",
        client: &world.client,
        key: &key,
        issued_at: NOW.minus(DAY),
        expires_at: NOW.plus(DAY),
        wallet_name: Some("Example Wallet"),
        wallet_link: Some(&link),
        status: Some(&status),
    };
    let chain = [world.leaf.clone()];
    let prepared = prepare_attestation(
        contents,
        AttesterName::Certificates(&chain),
        SignatureAlgorithm::Es256,
    );
    let attestation = finish(&world.provider, prepared);
    let jti = JwtId::parse("one").unwrap();
    let challenge = AttestationChallenge::make(&SeededRandomness::new(5)).unwrap();
    let prepared =
        prepare_proof_of_possession(&world.client, &key, &world.server, &jti, Some(&challenge), NOW);
    let verified = world
        .verify(&attestation, &finish(&world.instance, prepared))
        .unwrap();
    assert_eq!(*verified.client(), world.client);
    assert_eq!(verified.thumbprint(), key.thumbprint());
    assert_eq!(*verified.attester(), world.provider.public_key());
    assert_eq!(verified.wallet_name(), Some("Example Wallet"));
    assert_eq!(verified.wallet_link(), Some(&link));
    let listed = ListedAttestation {
        entry: status,
        provider: "https://provider.example".to_owned(),
        anchor: world.root.clone(),
    };
    assert_eq!(*verified.status(), AttestationStatus::Listed(Box::new(listed)));
    assert_eq!(verified.challenge(), Some(&challenge));
    assert_eq!(verified.freshness().jti, jti);
    assert_eq!(verified.issued_at(), Some(NOW.minus(DAY)));
}

#[test]
fn iss_is_written_into_both_and_never_asked_for() {
    let world = World::new();
    assert!(
        world
            .verify(&world.attestation(&world.claims()), &world.proof())
            .is_ok()
    );
    let header = json!({ "typ": PROOF_OF_POSSESSION_TYPE });
    let claims = json!({ "aud": world.server, "jti": "a", "iat": NOW.seconds() });
    let proof = signed(&world.instance, &header, &claims);
    assert!(world.verify(&world.attestation(&world.claims()), &proof).is_ok());

    let payload = |token: &str| -> Map<String, Value> {
        jws::CompactJws::parse(token, 8192)
            .unwrap()
            .payload_json()
            .unwrap()
    };
    assert_eq!(payload(&world.proof())["iss"], json!(world.client));
}

#[test]
fn each_broken_attestation_is_refused_for_its_own_reason() {
    let world = World::new();
    let at = NOW.seconds();
    let with = |name: &str, value: Value| {
        let mut claims = world.claims();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = world.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let mut private = json!(world.instance.public_key().to_jwk());
    private["d"] = json!("AAAA");
    for (claims, error) in [
        (without("sub"), AttestationError::NoSubject),
        (with("sub", json!("another")), AttestationError::WrongClient),
        (without("cnf"), AttestationError::Key),
        (with("cnf", json!({ "jwk": private })), AttestationError::Key),
        (with("cnf", json!({ "kid": "a" })), AttestationError::Key),
        (without("exp"), AttestationError::NoExpiry),
        (with("exp", json!(at - 301)), AttestationError::Expired),
        (with("iat", json!(at + 301)), AttestationError::FromTheFuture),
        (with("nbf", json!(at + 301)), AttestationError::FromTheFuture),
        (with("wallet_name", json!("a\nb")), AttestationError::Malformed),
        (
            with("wallet_link", json!("javascript:1")),
            AttestationError::Malformed,
        ),
        (
            with("status", json!({ "status_list": {} })),
            AttestationError::Malformed,
        ),
    ] {
        let refused = world.verify(&world.attestation(&claims), &world.proof());
        assert_eq!(refused, Err(error), "{claims}");
    }
    for (header, error) in [
        (
            json!({ "typ": "JWT", "kid": "known" }),
            AttestationError::WrongType,
        ),
        (
            json!({ "typ": PROOF_OF_POSSESSION_TYPE, "kid": "known" }),
            AttestationError::WrongType,
        ),
        (
            json!({ "typ": ATTESTATION_TYPE, "kid": "other" }),
            AttestationError::UnknownAttester,
        ),
        (
            json!({ "typ": ATTESTATION_TYPE, "jwk": world.provider.public_key().to_jwk() }),
            AttestationError::UnknownAttester,
        ),
        (
            json!({ "typ": ATTESTATION_TYPE, "x5c": jws::x5c_value([world.root.der()]) }),
            AttestationError::Chain(ChainError::SelfSignedLeaf),
        ),
        (
            json!({ "typ": ATTESTATION_TYPE, "x5c": jws::x5c_value([world.leaf.der(), world.root.der()]) }),
            AttestationError::Chain(ChainError::AnchorInChain),
        ),
        (
            json!({ "typ": ATTESTATION_TYPE, "x5c": ["AAAA"] }),
            AttestationError::Certificate,
        ),
    ] {
        let attestation = signed(&world.provider, &header, &world.claims());
        assert_eq!(world.verify(&attestation, &world.proof()), Err(error), "{header}");
    }
    let header = json!({ "typ": ATTESTATION_TYPE, "kid": "known" });
    let forged = signed(&world.instance, &header, &world.claims());
    assert_eq!(
        world.verify(&forged, &world.proof()),
        Err(AttestationError::Signature)
    );
    let long = "a".repeat(MAX_ATTESTATION_BYTES + 1);
    assert_eq!(
        world.verify(&long, &world.proof()),
        Err(AttestationError::Malformed)
    );
}

#[test]
fn each_broken_proof_of_possession_is_refused_for_its_own_reason() {
    let world = World::new();
    let attestation = world.attestation(&world.claims());
    let at = NOW.seconds();
    let header = json!({ "typ": PROOF_OF_POSSESSION_TYPE });
    let good = json!({ "aud": world.server, "jti": "a", "iat": at });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    for (claims, error) in [
        (
            with("aud", json!("https://other.example")),
            AttestationError::WrongAudience,
        ),
        (
            with("aud", json!(["https://as.example", "https://other.example"])),
            AttestationError::WrongAudience,
        ),
        (with("jti", json!("")), AttestationError::NoIdentifier),
        (with("iat", json!("x")), AttestationError::NoIssuedAt),
        (with("iat", json!(at - 301)), AttestationError::Stale),
        (with("iat", json!(at + 301)), AttestationError::Stale),
        (
            with("challenge", json!("a b")),
            AttestationError::ChallengeRequired,
        ),
    ] {
        let proof = signed(&world.instance, &header, &claims);
        assert_eq!(world.verify(&attestation, &proof), Err(error), "{claims}");
    }
    let stolen = signed(&world.provider, &header, &good);
    assert_eq!(
        world.verify(&attestation, &stolen),
        Err(AttestationError::ProofSignature)
    );
    let confused = signed(&world.instance, &json!({ "typ": "dpop+jwt" }), &good);
    assert_eq!(
        world.verify(&attestation, &confused),
        Err(AttestationError::WrongType)
    );
}

#[test]
fn a_wallet_is_told_what_to_fetch() {
    assert_eq!(
        AttestationError::ChallengeRequired.code(),
        TokenErrorCode::UseAttestationChallenge
    );
    assert_eq!(
        AttestationError::Expired.code(),
        TokenErrorCode::UseFreshAttestation
    );
    assert_eq!(
        AttestationError::WrongAudience.code(),
        TokenErrorCode::InvalidClientAttestation
    );
    let response = ChallengeResponse::parse(br#"{"attestation_challenge":"fresh","other":1}"#).unwrap();
    assert_eq!(response.attestation_challenge.as_str(), "fresh");
    assert!(ChallengeResponse::parse(br#"{"attestation_challenge":""}"#).is_none());
}
