//! Judging a credential request.

use std::collections::BTreeSet;

use symbolon_crypto::PublicKey;
use symbolon_protocol::attestation_status::AttestationStatus;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid4vci::credential::CredentialRequest;
use symbolon_protocol::openid4vci::encryption::ResponseEncryption;
use symbolon_protocol::openid4vci::proof::ExpectedClient;

use super::prepare::IssuanceMaterial;
use super::proofs::{ProvenKeys, prove};
use super::refusal::CredentialRefusal;
use crate::authorization::TokenFamily;
use crate::grant::{AccessGrant, GrantHolder, NonceMark, check_nonce};
use crate::mapping::{Copies, CredentialConfiguration, IssuancePolicy};
use crate::policy::{EncryptionPolicy, IssuerPolicy};
use crate::record::Uin;
use crate::secret::SecretDigest;
use crate::store::{FetchedTransaction, OfferStanding, ReplayMark, SpentAccess, Stored};
use crate::transaction::{Transaction, TransactionAnswer, TransactionRefusal};

/// An access token as it was presented: known, in time, its family alive, and its key proven where it is bound to one.
#[derive(Debug, Clone)]
pub struct PresentedAccess {
    /// The digest of the token.
    pub token: SecretDigest,
    /// What it entitles to.
    pub access: Stored<AccessGrant>,
    /// The family that it ends with.
    pub family: Option<Stored<TokenFamily>>,
    /// The offer that it came of, which stands.
    pub offer: Option<OfferStanding>,
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

/// A request that the issuer will serve, if the record allows and nobody else spends the same nonce, grant or transaction first.
pub struct AcceptedRequest<'a> {
    pub(super) configuration: &'a CredentialConfiguration,
    pub(super) record: Uin,
    pub(super) keys: Vec<PublicKey>,
    pub(super) copies: Copies,
    pub(super) nonces: Vec<NonceMark>,
    pub(super) attestations: Vec<AttestationStatus>,
    pub(super) access: Option<SpentAccess>,
    pub(super) transaction: Option<FetchedTransaction>,
    pub(super) offer: Option<OfferStanding>,
    pub(super) holder: GrantHolder,
    pub(super) response_encryption: Option<ResponseEncryption>,
}

impl AcceptedRequest<'_> {
    /// Whose credentials are asked for. It comes from the token, never from the request.
    #[must_use]
    pub const fn record(&self) -> &Uin {
        &self.record
    }

    /// Where the attestations of the keys are revoked. They are asked before anything is written; those of a deferred credential
    /// were when the keys were proven.
    #[must_use]
    pub fn attestations(&self) -> &[AttestationStatus] {
        &self.attestations
    }

    /// How many credentials are asked for: one for each proven key, as far as a batch goes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// How many places in status lists they need.
    #[must_use]
    pub fn places(&self) -> usize {
        match self.copies {
            Copies::Lasting => self.keys.len(),
            Copies::OneTime => 0,
        }
    }

    /// Whether an operator has to approve first.
    #[must_use]
    pub const fn issuance(&self) -> IssuancePolicy {
        match self.transaction {
            // It was approved.
            Some(_) => IssuancePolicy::Immediate,
            None => self.configuration.issuance(),
        }
    }

    /// How the answer is to be encrypted.
    #[must_use]
    pub const fn response_encryption(&self) -> Option<&ResponseEncryption> {
        self.response_encryption.as_ref()
    }
}

/// Judges a request with the access that its token stands for.
///
/// # Errors
/// [`CredentialRefusal`], whose code goes on the wire. Nothing was spent.
pub fn judge<'a>(
    request: &CredentialRequest,
    presented: &PresentedAccess,
    material: &IssuanceMaterial<'a>,
) -> Result<AcceptedRequest<'a>, CredentialRefusal> {
    let profile = material.profile;
    let access = &presented.access.value;
    let configuration = profile
        .configuration(access.selected(&request.selector)?)
        .ok_or(CredentialRefusal::UnknownConfiguration)?;
    check_response_encryption(request.response_encryption.as_ref(), profile.policy())?;
    let proofs = request.proofs.as_ref().ok_or(CredentialRefusal::ProofMissing)?;
    // Before any signature is verified: a used-up token must not buy work. A request is paid for as one, however many copies it brings.
    let left = access.spend(configuration.id(), 1, material.now)?;
    let client = match access.client.as_ref().map(ClientIdentifier::as_str) {
        Some(client) => ExpectedClient::Named(client),
        None => ExpectedClient::Anonymous,
    };
    let ProvenKeys {
        mut keys,
        nonces,
        attestations,
    } = prove(proofs, configuration, client, material)?;
    // An attestation may attest more keys than one request gets credentials: then fewer are issued (§8.3).
    keys.truncate(profile.policy().batch_size as usize);
    let nonces = nonces
        .iter()
        .map(|nonce| check_nonce(nonce.as_str(), material.secret, material.now))
        // The proofs of one request share a nonce; each nonce is spent once.
        .collect::<Result<BTreeSet<_>, _>>()?;
    Ok(AcceptedRequest {
        configuration,
        record: access.record.clone(),
        copies: configuration.copies(keys.len()),
        keys,
        nonces: nonces.into_iter().collect(),
        attestations,
        access: Some(presented.spent(left)),
        transaction: None,
        offer: presented.offer.clone(),
        holder: access.holder(presented.token),
        response_encryption: request.response_encryption.clone(),
    })
}

/// What a wallet that asks for a deferred credential gets.
pub enum Judged<'a> {
    /// The credential, if the record still allows.
    Accepted(Box<AcceptedRequest<'a>>),
    /// To ask again; the answer is to be encrypted so.
    Wait(Option<Box<ResponseEncryption>>),
}

/// Judges a deferred credential request: `grant` is that of its access token, `offer` the standing of the transaction's, and
/// `response_encryption` what the request says itself, whatever the credential request said.
///
/// # Errors
/// [`CredentialRefusal`]. Nothing was spent.
pub fn judge_deferred<'a>(
    fetched: (crate::identifiers::TransactionId, &Stored<Transaction>),
    grant: &SecretDigest,
    offer: Option<OfferStanding>,
    response_encryption: Option<ResponseEncryption>,
    material: &IssuanceMaterial<'a>,
) -> Result<Judged<'a>, CredentialRefusal> {
    let (id, stored) = fetched;
    let transaction = &stored.value;
    let answer = transaction.answer(grant, material.now)?;
    // §9.1: only what this request says counts. The key of the credential request may be gone by now.
    check_response_encryption(response_encryption.as_ref(), material.profile.policy())?;
    if answer == TransactionAnswer::Wait {
        return Ok(Judged::Wait(response_encryption.map(Box::new)));
    }
    let configuration = material
        .profile
        .configuration(&transaction.configuration)
        // The operator has taken it away since.
        .ok_or(CredentialRefusal::UnknownConfiguration)?;
    let keys = transaction
        .public_keys()
        .map_err(|_| CredentialRefusal::Transaction(TransactionRefusal::Unknown))?;
    Ok(Judged::Accepted(Box::new(AcceptedRequest {
        configuration,
        record: transaction.record.clone(),
        keys,
        copies: transaction.copies,
        nonces: Vec::new(),
        attestations: Vec::new(),
        access: None,
        transaction: Some(FetchedTransaction {
            id,
            expected: stored.revision.clone(),
        }),
        offer,
        holder: transaction.holder.clone(),
        response_encryption,
    })))
}

fn check_response_encryption(
    wanted: Option<&ResponseEncryption>,
    policy: &IssuerPolicy,
) -> Result<(), CredentialRefusal> {
    match (policy.response_encryption, wanted) {
        (EncryptionPolicy::Required, None) => Err(CredentialRefusal::ResponseEncryptionMissing),
        _ => Ok(()),
    }
}
