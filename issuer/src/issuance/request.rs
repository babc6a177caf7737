//! Judging a credential request.

use std::collections::BTreeSet;

use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm, UnixTime};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid4vci::credential::{CredentialRequest, Proofs};
use symbolon_protocol::openid4vci::proof::{self, ExpectedClient, KeyReference, ProofExpectations};

use super::refusal::CredentialRefusal;
use crate::authorization::TokenFamily;
use crate::grant::{AccessGrant, NonceMark, check_nonce};
use crate::mapping::{CredentialConfiguration, Target};
use crate::profile::IssuerProfile;
use crate::record::Uin;
use crate::secret::{InstallationSecret, SecretDigest};
use crate::store::{ReplayMark, SpentAccess, Stored};

/// The algorithms of key proofs, as the metadata lists them.
pub const PROOF_ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

/// How the proofs of a configuration may name their keys. A W3C credential names its holder by a DID, so a wallet may do so too.
#[must_use]
pub const fn key_references(target: &Target) -> &'static [KeyReference] {
    match target {
        Target::LdpVc { .. } => &[KeyReference::Jwk, KeyReference::Did],
        Target::SdJwtVc { .. } | Target::MsoMdoc { .. } | Target::JwtVcJson { .. } => &[KeyReference::Jwk],
    }
}

/// An access token as it was presented: known, in time, its family alive, and its key proven where it is bound to one.
#[derive(Debug, Clone)]
pub struct PresentedAccess {
    /// The digest of the token.
    pub token: SecretDigest,
    /// What it entitles to.
    pub access: Stored<AccessGrant>,
    /// The family that it ends with.
    pub family: Option<Stored<TokenFamily>>,
    /// The mark of its DPoP proof, written with what the proof authorises.
    pub proof: Option<ReplayMark>,
}

impl PresentedAccess {
    /// The use of the token that leaves `left` of it.
    #[must_use]
    pub fn spent(&self, left: AccessGrant) -> SpentAccess {
        let family = self.family.as_ref().map(|family| family.revision.clone());
        SpentAccess {
            token: self.token,
            expected: self.access.revision.clone(),
            family: self.access.value.family.clone().zip(family),
            proof: self.proof,
            access: left,
        }
    }
}

/// A request that the issuer will serve, if the record allows and nobody else spends the same nonce or grant first.
pub struct AcceptedRequest<'a> {
    pub(super) configuration: &'a CredentialConfiguration,
    pub(super) record: Uin,
    pub(super) keys: Vec<PublicKey>,
    pub(super) nonces: Vec<NonceMark>,
    pub(super) access: SpentAccess,
}

impl AcceptedRequest<'_> {
    /// Whose credentials are asked for. It comes from the token, never from the request.
    #[must_use]
    pub const fn record(&self) -> &Uin {
        &self.record
    }

    /// How many credentials are asked for: one for each proven key.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.len()
    }
}

/// Judges a request with the access that its token stands for.
///
/// # Errors
/// [`CredentialRefusal`], whose code goes on the wire. Nothing was spent.
pub fn judge<'a>(
    request: &CredentialRequest,
    presented: &PresentedAccess,
    profile: &'a IssuerProfile,
    secret: &InstallationSecret,
    crypto: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<AcceptedRequest<'a>, CredentialRefusal> {
    let access = &presented.access.value;
    let configuration = profile
        .configuration(access.selected(&request.selector)?)
        .ok_or(CredentialRefusal::UnknownConfiguration)?;
    let Some(Proofs::Jwt(proofs)) = &request.proofs else {
        return Err(CredentialRefusal::ProofMissing);
    };
    let count = u32::try_from(proofs.len()).map_err(|_| CredentialRefusal::TooManyProofs)?;
    if count > profile.policy().batch_size {
        return Err(CredentialRefusal::TooManyProofs);
    }
    // Before any signature is verified: a used-up token must not buy work.
    let left = access.spend(configuration.id(), count, now)?;

    let expectations = ProofExpectations {
        issuer: profile.identifier(),
        algorithms: &PROOF_ALGORITHMS,
        key_references: key_references(configuration.target()),
        client: match access.client.as_ref().map(ClientIdentifier::as_str) {
            Some(client) => ExpectedClient::Named(client),
            None => ExpectedClient::Anonymous,
        },
    };
    let mut keys: Vec<PublicKey> = Vec::with_capacity(proofs.len());
    let mut nonces = BTreeSet::new();
    for proof in proofs {
        let proof = proof::verify(proof, &expectations, now, crypto)?;
        if keys.contains(proof.key()) {
            return Err(CredentialRefusal::RepeatedKey);
        }
        // The proofs of one request share a nonce; each nonce is spent once.
        nonces.insert(check_nonce(proof.nonce().as_str(), secret, now)?);
        keys.push(proof.key().clone());
    }
    Ok(AcceptedRequest {
        configuration,
        record: access.record.clone(),
        keys,
        nonces: nonces.into_iter().collect(),
        access: presented.spent(left),
    })
}
