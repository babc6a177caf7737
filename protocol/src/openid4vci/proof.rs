//! The `jwt` key proof ([OpenID4VCI appendix F.1]): the wallet shows that it holds the key that a credential is to
//! be bound to, for this issuer and now.
//!
//! [OpenID4VCI appendix F.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F.1

use core::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::{self, CompactJws, JwsError, PreparedJws};
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm, UnixTime};
use symbolon_did::{DidUrl, verification_key};
use thiserror::Error;

use super::error::CredentialErrorCode;
use super::identifiers::CNonce;
use super::key_attestation::{
    self, AttestationExpectations, KeyAttestationError, MAX_KEY_ATTESTATION_BYTES, VerifiedKeyAttestation,
};
use crate::identifier::IssuerIdentifier;

/// The `typ` of a key proof.
pub const PROOF_TYPE: &str = "openid4vci-proof+jwt";

/// The longest proof that is read, in bytes: room for a certificate chain or a key attestation in its header.
pub const MAX_PROOF_BYTES: usize = MAX_KEY_ATTESTATION_BYTES * 3 / 2 + 16 * 1024;

/// How far the clocks of wallet and issuer may be apart, and how old a proof may be. The nonce limits the age
/// more tightly; this catches a wallet whose clock is plainly wrong.
pub const PROOF_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Prepares a proof for `key`, which the wallet then has sign it.
///
/// `client_id` is the wallet's name at the authorization server, and `None` in the anonymous pre-authorized flow,
/// where `iss` must be left out. `nonce` is `None` only for an issuer without a nonce endpoint.
#[must_use]
pub fn prepare(
    key: &PublicKey,
    issuer: &IssuerIdentifier,
    nonce: Option<&CNonce>,
    client_id: Option<&str>,
    issued_at: UnixTime,
) -> PreparedJws {
    let name = [("jwk", json!(key.to_jwk()))];
    prepare_named(name, key.algorithm(), issuer, nonce, client_id, issued_at)
}

/// As [`prepare`], with an attestation of `key`, which may attest other keys beside it.
#[must_use]
pub fn prepare_attested(
    key: &PublicKey,
    attestation: &str,
    issuer: &IssuerIdentifier,
    nonce: Option<&CNonce>,
    client_id: Option<&str>,
    issued_at: UnixTime,
) -> PreparedJws {
    let members = [
        ("jwk", json!(key.to_jwk())),
        (KEY_ATTESTATION, attestation.into()),
    ];
    prepare_named(members, key.algorithm(), issuer, nonce, client_id, issued_at)
}

/// As [`prepare`], for a key that `chain` certifies, leaf first, without the anchor.
#[must_use]
pub fn prepare_certified(
    key: &PublicKey,
    chain: &[Certificate],
    issuer: &IssuerIdentifier,
    nonce: Option<&CNonce>,
    client_id: Option<&str>,
    issued_at: UnixTime,
) -> PreparedJws {
    let name = [("x5c", jws::x5c_value(chain.iter().map(Certificate::der)))];
    prepare_named(name, key.algorithm(), issuer, nonce, client_id, issued_at)
}

/// As [`prepare`], for an issuer that binds credentials to DIDs: `key_id` is the verification method of a `did:key` or
/// `did:jwk` that holds `key`.
#[must_use]
pub fn prepare_with_key_id(
    key_id: &DidUrl,
    key: &PublicKey,
    issuer: &IssuerIdentifier,
    nonce: Option<&CNonce>,
    client_id: Option<&str>,
    issued_at: UnixTime,
) -> PreparedJws {
    let name = [("kid", json!(key_id.to_string()))];
    prepare_named(name, key.algorithm(), issuer, nonce, client_id, issued_at)
}

fn prepare_named<const N: usize>(
    members: [(&str, Value); N],
    algorithm: SignatureAlgorithm,
    issuer: &IssuerIdentifier,
    nonce: Option<&CNonce>,
    client_id: Option<&str>,
    issued_at: UnixTime,
) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(PROOF_TYPE));
    header.extend(members.map(|(name, value)| (name.to_owned(), value)));
    let mut claims = Map::new();
    if let Some(client_id) = client_id {
        claims.insert("iss".to_owned(), json!(client_id));
    }
    claims.insert("aud".to_owned(), json!(issuer));
    claims.insert("iat".to_owned(), json!(issued_at));
    if let Some(nonce) = nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    jws::prepare(algorithm, &header, Value::Object(claims).to_string().as_bytes())
}

/// What an issuer demands of a proof.
#[derive(Debug, Clone, Copy)]
pub struct ProofExpectations<'a> {
    /// The issuer itself: the audience.
    pub issuer: &'a IssuerIdentifier,
    /// The algorithms of the configuration's `proof_signing_alg_values_supported`.
    pub algorithms: &'a [SignatureAlgorithm],
    /// How the configuration lets a proof name its key.
    pub key_references: &'a [KeyReference],
    /// Who the access token was given to.
    pub client: ExpectedClient<'a>,
    /// Whom certificates of [`KeyReference::Certificate`] must come from.
    pub certificate_anchors: &'a [Certificate],
    /// Whether the key must be attested.
    pub attestation: AttestationPolicy<'a>,
}

/// Whether the key of a proof must be attested.
#[derive(Debug, Clone, Copy)]
pub enum AttestationPolicy<'a> {
    /// An attestation in the header is not looked at: nobody here could say whether to believe it.
    Ignored,
    /// There must be one, and it must cover the proof's key.
    Required(AttestationExpectations<'a>),
}

const KEY_ATTESTATION: &str = "key_attestation";

/// How a proof may name its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyReference {
    /// The key itself, in `jwk`.
    Jwk,
    /// A `did:jwk` or `did:key` verification method, in `kid`: the key is in the name, nothing is fetched.
    Did,
    /// The leaf of a certificate chain, in `x5c`, that one of the issuer's anchors vouches for.
    Certificate,
}

/// Who a proof may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedClient<'a> {
    /// Nobody named: the anonymous pre-authorized flow. `iss` must be absent.
    Anonymous,
    /// This client; `iss` may be absent or its name.
    Named(&'a str),
}

/// A proof whose signature, audience and time were checked. Whether its nonce is one of ours and unused is for
/// the issuer's nonce store, which consumes it in the same commit that issues the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProof {
    key: PublicKey,
    nonce: CNonce,
    attestation: Option<VerifiedKeyAttestation>,
}

impl VerifiedProof {
    /// The key that the wallet holds.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The nonce that the proof answers.
    #[must_use]
    pub fn nonce(&self) -> &CNonce {
        &self.nonce
    }

    /// The attestation of the key, where one was required.
    #[must_use]
    pub const fn attestation(&self) -> Option<&VerifiedKeyAttestation> {
        self.attestation.as_ref()
    }
}

/// Verifies a key proof by every rule of [OpenID4VCI appendix F.4] but the freshness of its nonce.
///
/// # Errors
/// [`ProofError`].
///
/// [OpenID4VCI appendix F.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F.4
pub fn verify(
    proof: &str,
    expected: &ProofExpectations<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedProof, ProofError> {
    let jws = CompactJws::parse(proof, MAX_PROOF_BYTES).map_err(|error| match error {
        JwsError::Algorithm => ProofError::Algorithm,
        _ => ProofError::Malformed,
    })?;
    jws.expect_type(PROOF_TYPE).map_err(|_| ProofError::WrongType)?;
    if !expected.algorithms.contains(&jws.header.algorithm) {
        return Err(ProofError::Algorithm);
    }
    let key = named_key(&jws, expected, now, crypto)?;
    jws.verify(crypto, &key).map_err(|_| ProofError::Signature)?;

    let claims: Map<String, Value> = jws.payload_json().map_err(|_| ProofError::Malformed)?;
    if !is_audience(claims.get("aud"), expected.issuer.as_str()) {
        return Err(ProofError::WrongAudience);
    }
    let issued_at = claims
        .get("iat")
        .and_then(Value::as_i64)
        .map(UnixTime::from_seconds)
        .ok_or(ProofError::NoIssuedAt)?;
    if issued_at < now.minus(PROOF_TOLERANCE) || issued_at > now.plus(PROOF_TOLERANCE) {
        return Err(ProofError::Stale);
    }
    match (claims.get("iss"), expected.client) {
        (None, _) => {}
        (Some(Value::String(iss)), ExpectedClient::Named(client)) if iss == client => {}
        (Some(_), ExpectedClient::Named(_)) => return Err(ProofError::WrongClient),
        (Some(_), ExpectedClient::Anonymous) => return Err(ProofError::NamedClient),
    }
    let nonce = claims
        .get("nonce")
        .and_then(Value::as_str)
        .and_then(CNonce::parse)
        .ok_or(ProofError::NoNonce)?;
    let attestation = attestation_of(&jws, &key, expected.attestation, now, crypto)?;
    Ok(VerifiedProof {
        key,
        nonce,
        attestation,
    })
}

fn attestation_of(
    jws: &CompactJws<'_>,
    key: &PublicKey,
    policy: AttestationPolicy<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<Option<VerifiedKeyAttestation>, ProofError> {
    let AttestationPolicy::Required(expected) = policy else {
        return Ok(None);
    };
    let attestation = match jws.header.members.get(KEY_ATTESTATION) {
        None => return Err(ProofError::NoAttestation),
        Some(Value::String(attestation)) => attestation,
        Some(_) => return Err(ProofError::Malformed),
    };
    let attestation = key_attestation::verify(attestation, &expected, now, crypto)?;
    // Otherwise an attestation of anybody's good phone would do for a key in a file.
    if !attestation.keys.contains(key) {
        return Err(ProofError::NotAttested);
    }
    Ok(Some(attestation))
}

fn named_key(
    jws: &CompactJws<'_>,
    expected: &ProofExpectations<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<PublicKey, ProofError> {
    let header = &jws.header;
    let allowed = expected.key_references;
    match (&header.jwk, &header.kid, &header.x5c) {
        (Some(jwk), None, None) => {
            if !allowed.contains(&KeyReference::Jwk) {
                return Err(ProofError::KeyReference);
            }
            PublicKey::from_jwk(jwk).map_err(|_| ProofError::Key)
        }
        (None, Some(kid), None) => {
            if !allowed.contains(&KeyReference::Did) {
                return Err(ProofError::KeyReference);
            }
            let url = DidUrl::parse(kid).map_err(|_| ProofError::Key)?;
            // A bare DID names a subject, not one of its keys.
            url.fragment().ok_or(ProofError::Key)?;
            verification_key(&url).map_err(|_| ProofError::Key)
        }
        (None, None, Some(chain)) => {
            if !allowed.contains(&KeyReference::Certificate) {
                return Err(ProofError::KeyReference);
            }
            let chain = chain
                .iter()
                .map(|der| Certificate::parse(der).map_err(|_| ProofError::Untrusted))
                .collect::<Result<Vec<_>, _>>()?;
            let anchors = expected.certificate_anchors;
            verify_chain(&chain, anchors, ChainProfile::Holder, now, crypto)
                .map(|verified| verified.leaf().public_key().clone())
                .map_err(|_| ProofError::Untrusted)
        }
        _ => Err(ProofError::NotOneKey),
    }
}

/// `aud` is a text, or an array of that one text ([RFC 7519 §4.1.3]). A proof for several audiences is refused: any
/// of them could pass it on to another.
///
/// [RFC 7519 §4.1.3]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
pub(crate) fn is_audience(audience: Option<&Value>, expected: &str) -> bool {
    match audience {
        Some(Value::String(text)) => text == expected,
        Some(Value::Array(list)) => {
            matches!(list.as_slice(), [Value::String(text)] if text == expected)
        }
        _ => false,
    }
}

/// Why a key proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Over budget, no compact JWS, a private key in its header, or claims that are no JSON object.
    #[error("the key proof is malformed")]
    Malformed,
    /// `typ` is not [`PROOF_TYPE`]: some other JWT.
    #[error("the key proof has not the type {PROOF_TYPE}")]
    WrongType,
    /// An algorithm that the configuration does not list, or none.
    #[error("the key proof is signed with an algorithm that is not supported")]
    Algorithm,
    /// None or several of `jwk`, `kid` and `x5c`.
    #[error("the key proof must name its key by exactly one of jwk, kid and x5c")]
    NotOneKey,
    /// The key is named in a way that the configuration does not allow.
    #[error("the key proof names its key in a way that is not supported")]
    KeyReference,
    /// No valid key.
    #[error("the key of the proof is not valid")]
    Key,
    /// A certificate that none of the issuer's anchors vouches for.
    #[error("the certificate of the key proof is not trusted")]
    Untrusted,
    /// No key attestation, where one is required.
    #[error("the key proof has no key attestation")]
    NoAttestation,
    /// The key attestation.
    #[error(transparent)]
    Attestation(#[from] KeyAttestationError),
    /// The key attestation is about other keys.
    #[error("the key attestation does not attest the key of the proof")]
    NotAttested,
    /// The signature is wrong.
    #[error("the signature of the key proof is wrong")]
    Signature,
    /// Made for another issuer.
    #[error("the key proof is for another issuer")]
    WrongAudience,
    /// No `iat`, or no whole number.
    #[error("the key proof has no iat")]
    NoIssuedAt,
    /// Older, or further in the future, than [`PROOF_TOLERANCE`].
    #[error("the key proof is too old or from the future")]
    Stale,
    /// `iss` names another client.
    #[error("the key proof comes from another client")]
    WrongClient,
    /// `iss` in the anonymous flow.
    #[error("the key proof must not have iss in the anonymous pre-authorized flow")]
    NamedClient,
    /// No nonce.
    #[error("the key proof has no nonce")]
    NoNonce,
}

impl ProofError {
    /// The protocol's code for this refusal. A nonce that is there and not ours is
    /// [`CredentialErrorCode::InvalidNonce`], which the nonce store decides.
    #[must_use]
    pub fn code(self) -> CredentialErrorCode {
        CredentialErrorCode::InvalidProof
    }
}

#[cfg(test)]
mod tests;
