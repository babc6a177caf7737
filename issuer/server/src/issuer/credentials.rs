//! From an access token and proofs to credentials ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use symbolon_crypto::UnixTime;
use symbolon_issuer::index::{AllocationError, StatusIndex};
use symbolon_issuer::issuance::{CredentialRefusal, IssuanceFailure, judge};
use symbolon_issuer::store::{IssuanceOutcome, StoreError};
use symbolon_protocol::oauth::dpop::DpopError;
use symbolon_protocol::openid4vci::credential::{CredentialRequest, CredentialResponse};
use thiserror::Error;

use super::Issuer;
use super::access::{AccessFailure, ResourceRequest};
use crate::setup::SigningFailed;

impl Issuer {
    /// Answers a credential request. The credentials are booked, durably, before they are returned.
    ///
    /// # Errors
    /// [`CredentialFailure`]; nothing was spent.
    pub async fn issue(
        &self,
        resource: &ResourceRequest<'_>,
        body: &[u8],
    ) -> Result<CredentialResponse, CredentialFailure> {
        for _ in 0..MAX_ATTEMPTS {
            // Whoever has no valid token learns nothing about the request.
            let presented = self.present(resource).await?;
            let now = self.now();
            let request = CredentialRequest::parse(body).map_err(CredentialRefusal::Request)?;
            let crypto = &*self.setup.crypto;
            let accepted = judge(&request, &presented, self.profile(), &self.secret, crypto, now)?;
            let record = self
                .store()
                .record(accepted.record())
                .await?
                .ok_or(CredentialRefusal::RecordMissing)?;
            let indices = self.allocate(accepted.count(), now).await?;
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
            let outcome = self.store().commit_issuance(signed.issuance().clone()).await?;
            match signed.release(outcome) {
                Ok(credentials) => {
                    self.events.notify_one();
                    return Ok(CredentialResponse::Issued {
                        credentials,
                        notification_id: None,
                    });
                }
                // Another request with the same token came first: judge what is left.
                Err(IssuanceOutcome::AccessChanged) => self.allocator.give_back(indices),
                Err(IssuanceOutcome::NonceSpent) => {
                    // One nonce sent again and again must not use up the status lists.
                    self.allocator.give_back(indices);
                    return Err(CredentialRefusal::NonceSpent.into());
                }
                Err(IssuanceOutcome::ProofReplayed) => {
                    self.allocator.give_back(indices);
                    return Err(AccessFailure::from(DpopError::Replayed).into());
                }
                Err(outcome) => return Err(CredentialFailure::Outcome(outcome)),
            }
        }
        Err(StoreError::Contended { what: "access" }.into())
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
    /// The books contradict the lease of an index; the credential did not leave.
    #[error("the issuance could not be booked ({0:?})")]
    Outcome(IssuanceOutcome),
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
