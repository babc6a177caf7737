//! From an access token and proofs to credentials ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use symbolon_crypto::UnixTime;
use symbolon_issuer::index::{AllocationError, StatusIndex};
use symbolon_issuer::issuance::{AcceptedRequest, CredentialRefusal, IssuanceFailure, judge};
use symbolon_issuer::mapping::IssuancePolicy;
use symbolon_issuer::record_source::RecordSourceError;
use symbolon_issuer::store::{IssuanceOutcome, StoreError};
use symbolon_protocol::oauth::dpop::DpopError;
use symbolon_protocol::openid4vci::credential::{
    CredentialRequest, CredentialResponse, MAX_CREDENTIAL_REQUEST_BYTES,
};
use symbolon_protocol::openid4vci::encryption::ResponseEncryption;
use symbolon_protocol::openid4vci::identifiers::{NotificationId, TransactionId};
use symbolon_protocol::openid4vci::key_attestation::KeyAttestationError;
use thiserror::Error;

use super::Issuer;
use super::access::{AccessFailure, ResourceRequest};
use super::encryption::CarriedRequest;
use crate::records::to_issue_from;
use crate::setup::SigningFailed;

/// What a wallet is answered, and how that is to be encrypted.
pub struct Answered {
    /// The answer.
    pub response: CredentialResponse,
    /// How; in the clear without it.
    pub encryption: Option<ResponseEncryption>,
}

/// What became of one try to issue.
pub(super) enum Attempt {
    /// The credentials are booked, durably.
    Issued(Box<Answered>),
    /// Somebody else spent the same meanwhile: judge what is left.
    JudgeAgain,
}

impl Issuer {
    /// Answers a credential request. The credentials are booked, durably, before they are returned; where an operator has to approve,
    /// the request is.
    ///
    /// # Errors
    /// [`CredentialFailure`]; nothing was spent.
    pub async fn issue(
        &self,
        resource: &ResourceRequest<'_>,
        carried: &CarriedRequest<'_>,
    ) -> Result<Answered, CredentialFailure> {
        for _ in 0..MAX_ATTEMPTS {
            // Whoever has no valid token learns nothing about the request.
            let presented = self.present(resource).await?;
            let now = self.now();
            let body = self.open_request(carried, MAX_CREDENTIAL_REQUEST_BYTES, now)?;
            let request = CredentialRequest::parse_carried(&body, carried.carriage)
                .map_err(CredentialRefusal::Request)?;
            let accepted = judge(&request, &presented, &self.material(now))?;
            for attestation in accepted.attestations() {
                if !self.is_in_force(attestation, now).await {
                    return Err(CredentialRefusal::from(KeyAttestationError::NotInForce).into());
                }
            }
            let attempt = match accepted.issuance() {
                IssuancePolicy::Immediate => self.issue_accepted(accepted, now).await?,
                IssuancePolicy::Approval => self.defer(accepted, now).await?,
            };
            if let Attempt::Issued(answered) = attempt {
                return Ok(*answered);
            }
        }
        Err(StoreError::Contended { what: "access" }.into())
    }

    /// Issues what was accepted, if nobody else spends the same first.
    pub(super) async fn issue_accepted(
        &self,
        accepted: AcceptedRequest<'_>,
        now: UnixTime,
    ) -> Result<Attempt, CredentialFailure> {
        let encryption = accepted.response_encryption().cloned();
        let record = to_issue_from(self.record(accepted.record()).await?)?;
        let indices = self.allocate(accepted.places(), now).await?;
        let prepared = match accepted.prepare(&record, &indices, &self.material(now)) {
            Ok(prepared) => prepared,
            Err(failure) => {
                self.allocator.give_back(indices);
                return Err(failure.into());
            }
        };
        let keys = &self.setup.keys;
        let signatures: Vec<Vec<u8>> = prepared
            .requests()
            .iter()
            .map(|request| keys.signature(request))
            .collect::<Result<_, _>>()?;
        let signed = prepared.finish(&signatures)?;
        let issuance = signed.issuance().clone();
        let notification_id = issuance
            .notification
            .as_ref()
            .map(|new| new.id.as_str().to_owned());
        match self.is_still(&record).await {
            Ok(true) => {}
            Ok(false) => {
                self.allocator.give_back(indices);
                return Ok(Attempt::JudgeAgain);
            }
            Err(failure) => {
                self.allocator.give_back(indices);
                return Err(failure.into());
            }
        }
        let outcome = self.store().commit_issuance(issuance).await?;
        match signed.release(outcome) {
            Ok(credentials) => {
                self.events.notify_one();
                let response = CredentialResponse::Issued {
                    credentials,
                    notification_id: notification_id.and_then(NotificationId::parse),
                };
                Ok(Attempt::Issued(Box::new(Answered { response, encryption })))
            }
            Err(refused) => {
                // What was refused again and again must not use up the status lists.
                self.allocator.give_back(indices);
                not_committed(refused)
            }
        }
    }

    /// Stores a request for an operator to decide on.
    async fn defer(
        &self,
        accepted: AcceptedRequest<'_>,
        now: UnixTime,
    ) -> Result<Attempt, CredentialFailure> {
        let encryption = accepted.response_encryption().cloned();
        let record = to_issue_from(self.record(accepted.record()).await?)?;
        let deferral = accepted.defer(&record, &self.material(now))?;
        let id = deferral.id.as_str().to_owned();
        match self.store().commit_deferral(deferral).await? {
            IssuanceOutcome::Committed => {
                self.events.notify_one();
                let response = CredentialResponse::Deferred {
                    transaction_id: TransactionId::parse(id).ok_or(CredentialFailure::Unwritable)?,
                    interval: self.profile().policy().deferred_interval_seconds,
                };
                Ok(Attempt::Issued(Box::new(Answered { response, encryption })))
            }
            refused => not_committed(refused),
        }
    }

    pub(crate) async fn allocate(
        &self,
        count: usize,
        now: UnixTime,
    ) -> Result<Vec<StatusIndex>, AllocationError> {
        let mut indices = Vec::with_capacity(count);
        for _ in 0..count {
            indices.push(
                self.allocator
                    .allocate(self.store(), now, &*self.setup.randomness)
                    .await?,
            );
        }
        Ok(indices)
    }
}

fn not_committed(outcome: IssuanceOutcome) -> Result<Attempt, CredentialFailure> {
    match outcome {
        // Another request with the same token, or for the same transaction, came first.
        IssuanceOutcome::AccessChanged | IssuanceOutcome::TransactionChanged => Ok(Attempt::JudgeAgain),
        IssuanceOutcome::NonceSpent => Err(CredentialRefusal::NonceSpent.into()),
        IssuanceOutcome::ProofReplayed => Err(AccessFailure::from(DpopError::Replayed).into()),
        outcome => Err(CredentialFailure::Outcome(outcome)),
    }
}

/// Why no credential is handed out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CredentialFailure {
    /// The token opens nothing.
    #[error(transparent)]
    Access(#[from] AccessFailure),
    /// The wallet's fault or the issuer's will.
    #[error(transparent)]
    Refused(#[from] CredentialRefusal),
    /// The credential cannot be made.
    #[error(transparent)]
    Issuance(IssuanceFailure),
    /// No status index.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The issuer's key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The repository of ID records did not answer.
    #[error(transparent)]
    Records(#[from] RecordSourceError),
    /// The books contradict the lease of an index; the credential did not leave.
    #[error("the issuance could not be booked ({0:?})")]
    Outcome(IssuanceOutcome),
    /// An identifier that cannot be written, which none of this issuer's is.
    #[error("an identifier cannot be written")]
    Unwritable,
}

impl From<IssuanceFailure> for CredentialFailure {
    fn from(failure: IssuanceFailure) -> Self {
        match failure {
            IssuanceFailure::Refused(refusal) => Self::Refused(refusal),
            other => Self::Issuance(other),
        }
    }
}

/// Each lost round means that another request of the same token succeeded.
const MAX_ATTEMPTS: usize = 128;
