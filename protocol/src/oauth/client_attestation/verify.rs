//! Verifying attestations and proofs of possession ([OAuth 2.0 Attestation-Based Client Authentication]).
//!
//! [OAuth 2.0 Attestation-Based Client Authentication]: https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/

use serde_json::{Map, Value};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::jose::jws::{CompactJws, JwsError};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{CryptoProvider, PublicKey, Thumbprint, UnixTime};

use super::challenge::AttestationChallenge;
use super::error::AttestationError;
use super::{
    ATTESTATION_ALGORITHMS, ATTESTATION_TYPE, MAX_ATTESTATION_BYTES, MAX_PROOF_OF_POSSESSION_BYTES,
    MAX_WALLET_NAME_CHARACTERS, PROOF_OF_POSSESSION_TYPE,
};
use crate::attestation_status::AttestationStatus;
use crate::identifier::{HttpUrl, IssuerIdentifier};
use crate::oauth::client::ClientIdentifier;
use crate::oauth::jwt::{CLOCK_TOLERANCE, Freshness, FreshnessDefect, time_claim};
use crate::openid4vci::proof::is_audience;

/// Whose attestations a server believes.
#[derive(Debug, Clone, Copy)]
pub struct TrustedAttesters<'a> {
    /// The roots of wallet providers.
    pub anchors: &'a [Certificate],
    /// Keys of providers without certificates, by the `kid` that their attestations have.
    pub keys: &'a [AttesterKey],
}

/// A key of a wallet provider that has no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttesterKey {
    /// Its name.
    pub key_id: String,
    /// The key.
    pub key: PublicKey,
}

/// What a server knows of the request.
#[derive(Debug, Clone, Copy)]
pub struct AttestationExpectations<'a> {
    /// The server itself: the audience.
    pub server: &'a IssuerIdentifier,
    /// Whom it believes.
    pub attesters: TrustedAttesters<'a>,
    /// The `client_id` of the request, when it has one.
    pub client: Option<&'a ClientIdentifier>,
}

/// Verifies both JWTs. Whether the `jti` was seen before, whether the challenge is one of ours, and the status of the
/// attestation, are for the server's stores.
///
/// # Errors
/// [`AttestationError`].
pub fn verify(
    attestation: &str,
    proof_of_possession: &str,
    expected: &AttestationExpectations<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedClientAttestation, AttestationError> {
    let jws = parse(attestation, MAX_ATTESTATION_BYTES, ATTESTATION_TYPE)?;
    let (attester, chain) = attester_key(&jws, expected.attesters, now, crypto)?;
    jws.verify(crypto, &attester)
        .map_err(|_| AttestationError::Signature)?;
    let claims: Map<String, Value> = jws.payload_json().map_err(|_| AttestationError::Malformed)?;
    let (attested, status) = Attested::read(&claims, now)?;
    let status = AttestationStatus::of(status, chain.as_ref());
    if expected.client.is_some_and(|client| *client != attested.client) {
        return Err(AttestationError::WrongClient);
    }

    let proof = parse(
        proof_of_possession,
        MAX_PROOF_OF_POSSESSION_BYTES,
        PROOF_OF_POSSESSION_TYPE,
    )?;
    proof
        .verify(crypto, &attested.key)
        .map_err(|_| AttestationError::ProofSignature)?;
    let claims: Map<String, Value> = proof.payload_json().map_err(|_| AttestationError::Malformed)?;
    if !is_audience(claims.get("aud"), expected.server.as_str()) {
        return Err(AttestationError::WrongAudience);
    }
    let freshness = Freshness::of_claims(&claims, now).map_err(|defect| match defect {
        FreshnessDefect::NoIdentifier => AttestationError::NoIdentifier,
        FreshnessDefect::NoIssuedAt => AttestationError::NoIssuedAt,
        FreshnessDefect::Stale => AttestationError::Stale,
    })?;
    let challenge = match claims.get("challenge") {
        None => None,
        Some(challenge) => Some(
            challenge
                .as_str()
                .and_then(AttestationChallenge::parse)
                .ok_or(AttestationError::ChallengeRequired)?,
        ),
    };
    Ok(VerifiedClientAttestation {
        attested,
        status,
        attester,
        freshness,
        challenge,
    })
}

fn parse<'a>(text: &'a str, limit: usize, kind: &str) -> Result<CompactJws<'a>, AttestationError> {
    let jws = CompactJws::parse(text, limit).map_err(|error| match error {
        JwsError::Algorithm => AttestationError::Algorithm,
        _ => AttestationError::Malformed,
    })?;
    jws.expect_type(kind).map_err(|_| AttestationError::WrongType)?;
    if !ATTESTATION_ALGORITHMS.contains(&jws.header.algorithm) {
        return Err(AttestationError::Algorithm);
    }
    Ok(jws)
}

fn attester_key(
    jws: &CompactJws<'_>,
    attesters: TrustedAttesters<'_>,
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<(PublicKey, Option<VerifiedChain>), AttestationError> {
    if let Some(ders) = &jws.header.x5c {
        let chain: Vec<Certificate> = ders
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|_| AttestationError::Certificate)?;
        let profile = ChainProfile::WalletProvider;
        return verify_chain(&chain, attesters.anchors, profile, now, crypto)
            .map(|verified| (verified.leaf().public_key().clone(), Some(verified)))
            .map_err(AttestationError::Chain);
    }
    let kid = jws
        .header
        .kid
        .as_deref()
        .ok_or(AttestationError::UnknownAttester)?;
    attesters
        .keys
        .iter()
        .find(|known| known.key_id == kid)
        .map(|known| (known.key.clone(), None))
        .ok_or(AttestationError::UnknownAttester)
}

/// The claims of an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attested {
    client: ClientIdentifier,
    key: PublicKey,
    issued_at: Option<UnixTime>,
    expires_at: UnixTime,
    wallet_name: Option<String>,
    wallet_link: Option<HttpUrl>,
}

impl Attested {
    /// The claims, and what they say about the status.
    fn read(
        claims: &Map<String, Value>,
        now: UnixTime,
    ) -> Result<(Self, CredentialStatus), AttestationError> {
        let client = claims
            .get("sub")
            .and_then(Value::as_str)
            .and_then(ClientIdentifier::parse)
            .ok_or(AttestationError::NoSubject)?;
        let jwk = claims
            .get("cnf")
            .and_then(|confirmation| confirmation.get("jwk"))
            .ok_or(AttestationError::Key)?;
        let jwk = serde_json::from_value(jwk.clone()).map_err(|_| AttestationError::Key)?;
        let key = PublicKey::from_jwk(&jwk).map_err(|_| AttestationError::Key)?;
        let time = |name: &str| time_claim(claims, name).map_err(|_| AttestationError::Malformed);
        let expires_at = time("exp")?.ok_or(AttestationError::NoExpiry)?;
        if expires_at.plus(CLOCK_TOLERANCE) < now {
            return Err(AttestationError::Expired);
        }
        let issued_at = time("iat")?;
        let latest = now.plus(CLOCK_TOLERANCE);
        if issued_at.is_some_and(|at| at > latest) || time("nbf")?.is_some_and(|at| at > latest) {
            return Err(AttestationError::FromTheFuture);
        }
        let wallet_name = match claims.get("wallet_name") {
            None => None,
            Some(Value::String(name)) if is_showable(name) => Some(name.clone()),
            Some(_) => return Err(AttestationError::Malformed),
        };
        let wallet_link = match claims.get("wallet_link") {
            None => None,
            Some(link) => Some(
                link.as_str()
                    .and_then(|link| HttpUrl::parse(link).ok())
                    .ok_or(AttestationError::Malformed)?,
            ),
        };
        let status =
            CredentialStatus::from_json(claims.get("status")).map_err(|_| AttestationError::Malformed)?;
        let attested = Self {
            client,
            key,
            issued_at,
            expires_at,
            wallet_name,
            wallet_link,
        };
        Ok((attested, status))
    }
}

fn is_showable(name: &str) -> bool {
    let characters = name.chars().count();
    (1..=MAX_WALLET_NAME_CHARACTERS).contains(&characters) && !name.chars().any(char::is_control)
}

/// An attested client whose key was proven. Only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClientAttestation {
    attested: Attested,
    status: AttestationStatus,
    attester: PublicKey,
    freshness: Freshness,
    challenge: Option<AttestationChallenge>,
}

impl VerifiedClientAttestation {
    /// The client.
    #[must_use]
    pub const fn client(&self) -> &ClientIdentifier {
        &self.attested.client
    }

    /// The key of the instance. HAIP binds refresh tokens to it.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        self.attested.key.thumbprint()
    }

    /// The key of the wallet provider.
    #[must_use]
    pub const fn attester(&self) -> &PublicKey {
        &self.attester
    }

    /// When the provider attested, if it says so. A policy may want it to be recent, and otherwise answers
    /// [`AttestationError::NotFresh`].
    #[must_use]
    pub const fn issued_at(&self) -> Option<UnixTime> {
        self.attested.issued_at
    }

    /// Until when the provider vouches.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.attested.expires_at
    }

    /// What the wallet is called, in the provider's words: 1 to 128 characters without control characters.
    #[must_use]
    pub fn wallet_name(&self) -> Option<&str> {
        self.attested.wallet_name.as_deref()
    }

    /// Where to read about the wallet.
    #[must_use]
    pub const fn wallet_link(&self) -> Option<&HttpUrl> {
        self.attested.wallet_link.as_ref()
    }

    /// Where the provider revokes attestations.
    #[must_use]
    pub const fn status(&self) -> &AttestationStatus {
        &self.status
    }

    /// The `jti` of the proof of possession, which must not come again.
    #[must_use]
    pub const fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// The challenge. Missing or not one of ours: answer [`AttestationError::ChallengeRequired`].
    #[must_use]
    pub const fn challenge(&self) -> Option<&AttestationChallenge> {
        self.challenge.as_ref()
    }
}
