//! Key attestations ([OpenID4VCI appendix D]): somebody whom the issuer trusts says of a wallet's keys how they are kept. One comes
//! in the header of a `jwt` proof, or is an `attestation` proof by itself.
//!
//! [OpenID4VCI appendix D]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{CryptoProvider, Jwk, PublicKey, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use super::credential::MAX_PROOFS;
use super::error::CredentialErrorCode;
use super::identifiers::CNonce;
use super::metadata::{AttackResistance, KeyAttestationsRequired};
use crate::attestation_status::AttestationStatus;

/// The `typ` of a key attestation.
pub const KEY_ATTESTATION_TYPE: &str = "key-attestation+jwt";

/// The longest key attestation that is read, in bytes: as many keys as a batch has, and a certificate chain.
pub const MAX_KEY_ATTESTATION_BYTES: usize = 48 * 1024;

/// How far the clocks of attester and issuer may be apart.
pub const ATTESTATION_SKEW: Duration = Duration::from_secs(5 * 60);

/// The most levels that one attestation may claim.
const MAX_LEVELS: usize = 16;

/// What an issuer demands of a key attestation.
#[derive(Debug, Clone, Copy)]
pub struct AttestationExpectations<'a> {
    /// Who may attest: the anchors of their certificates.
    pub attesters: &'a [Certificate],
    /// The algorithms they may sign with.
    pub algorithms: &'a [SignatureAlgorithm],
    /// What must be attested; nothing in particular where it is empty.
    pub required: Option<&'a KeyAttestationsRequired>,
    /// Where the attestation stands.
    pub place: AttestationPlace,
}

/// Where an attestation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestationPlace {
    /// In the header of a `jwt` proof: it must expire ([OpenID4VCI appendix D.1]).
    ///
    /// [OpenID4VCI appendix D.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D.1
    ProofHeader,
    /// As an `attestation` proof.
    Proof,
}

/// A key attestation whose signer, time and levels were checked; only [`verify`] makes one. Whether its nonce is one of the issuer's
/// is for the issuer's nonce store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedKeyAttestation {
    /// The keys, at least one, each once.
    pub keys: Vec<PublicKey>,
    /// The nonce that it answers.
    pub nonce: CNonce,
    /// Where its provider revokes it.
    pub status: AttestationStatus,
}

/// Verifies a key attestation.
///
/// # Errors
/// [`KeyAttestationError`].
pub fn verify(
    attestation: &str,
    expected: &AttestationExpectations<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedKeyAttestation, KeyAttestationError> {
    let jws = CompactJws::parse(attestation, MAX_KEY_ATTESTATION_BYTES).map_err(|error| match error {
        JwsError::Algorithm => KeyAttestationError::Algorithm,
        _ => KeyAttestationError::Malformed,
    })?;
    jws.expect_type(KEY_ATTESTATION_TYPE)
        .map_err(|_| KeyAttestationError::WrongType)?;
    if !expected.algorithms.contains(&jws.header.algorithm) {
        return Err(KeyAttestationError::Algorithm);
    }
    let chain = verify_signer(&jws, expected.attesters, now, crypto)?;

    let claims: Map<String, Value> = jws.payload_json().map_err(|_| KeyAttestationError::Malformed)?;
    check_times(&claims, expected.place, now)?;
    check_levels(&claims, expected.required)?;
    // F.1 and F.3: in either place, since every issuer of this suite gives nonces.
    let nonce = match claims.get("nonce") {
        None => return Err(KeyAttestationError::NoNonce),
        Some(Value::String(nonce)) => CNonce::parse(nonce).ok_or(KeyAttestationError::Malformed)?,
        Some(_) => return Err(KeyAttestationError::Malformed),
    };
    let status =
        CredentialStatus::from_json(claims.get("status")).map_err(|_| KeyAttestationError::Malformed)?;
    Ok(VerifiedKeyAttestation {
        keys: attested_keys(&claims)?,
        nonce,
        status: AttestationStatus::of(status, Some(&chain)),
    })
}

/// HAIP §4.5.1: the certificates are in `x5c`, without the anchor, and none signs itself.
fn verify_signer(
    jws: &CompactJws<'_>,
    attesters: &[Certificate],
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedChain, KeyAttestationError> {
    let chain = jws.header.x5c.as_ref().ok_or(KeyAttestationError::NoChain)?;
    let chain = chain
        .iter()
        .map(|der| Certificate::parse(der).map_err(|_| KeyAttestationError::Untrusted))
        .collect::<Result<Vec<_>, _>>()?;
    let verified = verify_chain(&chain, attesters, ChainProfile::WalletProvider, now, crypto)
        .map_err(|_| KeyAttestationError::Untrusted)?;
    jws.verify(crypto, verified.leaf().public_key())
        .map_err(|_| KeyAttestationError::Signature)?;
    Ok(verified)
}

fn check_times(
    claims: &Map<String, Value>,
    place: AttestationPlace,
    now: UnixTime,
) -> Result<(), KeyAttestationError> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(|seconds| Some(UnixTime::from_seconds(seconds)))
            .ok_or(KeyAttestationError::Malformed),
    };
    let issued_at = time("iat")?.ok_or(KeyAttestationError::NoIssuedAt)?;
    if issued_at > now.plus(ATTESTATION_SKEW) {
        return Err(KeyAttestationError::Stale);
    }
    match (time("exp")?, place) {
        (Some(expires_at), _) if now >= expires_at => Err(KeyAttestationError::Stale),
        (None, AttestationPlace::ProofHeader) => Err(KeyAttestationError::NoExpiry),
        _ => Ok(()),
    }
}

fn check_levels(
    claims: &Map<String, Value>,
    required: Option<&KeyAttestationsRequired>,
) -> Result<(), KeyAttestationError> {
    let key_storage = levels(claims, "key_storage")?;
    let user_authentication = levels(claims, "user_authentication")?;
    let Some(required) = required else {
        return Ok(());
    };
    let reaches = |attested: &[AttackResistance], accepted: &[AttackResistance]| {
        accepted.is_empty() || attested.iter().any(|level| accepted.contains(level))
    };
    if !reaches(&key_storage, &required.key_storage) {
        return Err(KeyAttestationError::KeyStorage);
    }
    if !reaches(&user_authentication, &required.user_authentication) {
        return Err(KeyAttestationError::UserAuthentication);
    }
    Ok(())
}

fn levels(claims: &Map<String, Value>, name: &str) -> Result<Vec<AttackResistance>, KeyAttestationError> {
    match claims.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) if !list.is_empty() && list.len() <= MAX_LEVELS => list
            .iter()
            .map(|level| {
                level
                    .as_str()
                    .and_then(AttackResistance::parse)
                    .ok_or(KeyAttestationError::Malformed)
            })
            .collect(),
        Some(_) => Err(KeyAttestationError::Malformed),
    }
}

fn attested_keys(claims: &Map<String, Value>) -> Result<Vec<PublicKey>, KeyAttestationError> {
    let Some(Value::Array(list)) = claims.get("attested_keys") else {
        return Err(KeyAttestationError::NoKeys);
    };
    if list.is_empty() {
        return Err(KeyAttestationError::NoKeys);
    }
    if list.len() > MAX_PROOFS {
        return Err(KeyAttestationError::TooManyKeys);
    }
    let mut keys = Vec::with_capacity(list.len());
    for jwk in list {
        // A private member makes it no public JWK.
        let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| KeyAttestationError::Key)?;
        let key = PublicKey::from_jwk(&jwk).map_err(|_| KeyAttestationError::Key)?;
        if keys.contains(&key) {
            return Err(KeyAttestationError::RepeatedKey);
        }
        keys.push(key);
    }
    Ok(keys)
}

/// What an attester says of keys.
#[derive(Debug, Clone)]
pub struct KeyAttestationClaims<'a> {
    /// The keys.
    pub keys: &'a [PublicKey],
    /// How their storage resists attacks; empty to leave it out.
    pub key_storage: &'a [AttackResistance],
    /// How the authentication of their user resists attacks; empty to leave it out.
    pub user_authentication: &'a [AttackResistance],
    /// The issuer's nonce.
    pub nonce: Option<&'a CNonce>,
    /// When it is made.
    pub issued_at: UnixTime,
    /// Until when it counts.
    pub expires_at: Option<UnixTime>,
}

impl KeyAttestationClaims<'_> {
    /// Prepares the attestation for an attester with these certificates, leaf first, without the anchor.
    #[must_use]
    pub fn prepare(&self, algorithm: SignatureAlgorithm, chain: &[Certificate]) -> PreparedJws {
        let mut header = Map::new();
        header.insert("typ".to_owned(), KEY_ATTESTATION_TYPE.into());
        header.insert(
            "x5c".to_owned(),
            jws::x5c_value(chain.iter().map(Certificate::der)),
        );
        let keys: Vec<Jwk> = self.keys.iter().map(PublicKey::to_jwk).collect();
        let mut claims = Map::new();
        claims.insert("iat".to_owned(), self.issued_at.seconds().into());
        claims.insert("attested_keys".to_owned(), json!(keys));
        if let Some(expires_at) = self.expires_at {
            claims.insert("exp".to_owned(), expires_at.seconds().into());
        }
        for (name, levels) in [
            ("key_storage", self.key_storage),
            ("user_authentication", self.user_authentication),
        ] {
            if !levels.is_empty() {
                claims.insert(name.to_owned(), json!(levels));
            }
        }
        if let Some(nonce) = self.nonce {
            claims.insert("nonce".to_owned(), json!(nonce));
        }
        jws::prepare(algorithm, &header, Value::Object(claims).to_string().as_bytes())
    }
}

/// Why a key attestation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyAttestationError {
    /// Over budget, no compact JWS, or claims of the wrong shape.
    #[error("the key attestation is malformed")]
    Malformed,
    /// `typ` is not [`KEY_ATTESTATION_TYPE`].
    #[error("the key attestation has not the type {KEY_ATTESTATION_TYPE}")]
    WrongType,
    /// An algorithm that is not listed, or none.
    #[error("the key attestation is signed with an algorithm that is not supported")]
    Algorithm,
    /// No `x5c`.
    #[error("the key attestation has no certificate chain")]
    NoChain,
    /// Certificates that none of the attesters' anchors vouches for.
    #[error("the attester of the keys is not trusted")]
    Untrusted,
    /// The signature is wrong.
    #[error("the signature of the key attestation is wrong")]
    Signature,
    /// No `iat`.
    #[error("the key attestation has no iat")]
    NoIssuedAt,
    /// No `exp`, in the header of a proof.
    #[error("a key attestation in a key proof must have exp")]
    NoExpiry,
    /// Expired, or of the future.
    #[error("the key attestation has expired or is from the future")]
    Stale,
    /// The provider revoked it, or its status cannot be known.
    #[error("the key attestation is not in force")]
    NotInForce,
    /// No nonce.
    #[error("the key attestation has no nonce")]
    NoNonce,
    /// No key.
    #[error("the key attestation attests no key")]
    NoKeys,
    /// More than [`MAX_PROOFS`].
    #[error("the key attestation attests more than {MAX_PROOFS} keys")]
    TooManyKeys,
    /// A key that is none, or with private members.
    #[error("a key of the key attestation is not valid")]
    Key,
    /// One key twice.
    #[error("the key attestation attests one key twice")]
    RepeatedKey,
    /// The storage is not good enough.
    #[error("the key attestation does not reach the required key_storage")]
    KeyStorage,
    /// The authentication of the user is not good enough.
    #[error("the key attestation does not reach the required user_authentication")]
    UserAuthentication,
}

impl KeyAttestationError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> CredentialErrorCode {
        CredentialErrorCode::InvalidProof
    }
}

#[cfg(test)]
pub(crate) mod tests;
