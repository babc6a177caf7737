//! From an access token and proofs to credentials ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use symbolon_crypto::UnixTime;
use symbolon_issuer::grant::AccessRefusal;
use symbolon_issuer::index::{AllocationError, StatusIndex};
use symbolon_issuer::issuance::{CredentialRefusal, IssuanceFailure, judge};
use symbolon_issuer::record_source::RecordSourceError;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{IssuanceOutcome, StoreError};
use symbolon_protocol::openid4vci::credential::{CredentialRequest, CredentialResponse};
use symbolon_protocol::secret::AccessToken;
use thiserror::Error;

use super::Issuer;
use crate::records::to_issue_from;
use crate::setup::SigningFailed;

impl Issuer {
    /// Answers a credential request. The credentials are booked, durably, before they are returned.
    ///
    /// # Errors
    /// [`CredentialFailure`]; nothing was spent.
    pub async fn issue(
        &self,
        token: &AccessToken,
        body: &[u8],
    ) -> Result<CredentialResponse, CredentialFailure> {
        let token = SecretDigest::of(token.expose());
        for _ in 0..MAX_ATTEMPTS {
            let access = self
                .store()
                .access(&token)
                .await?
                .ok_or(CredentialRefusal::UnknownToken)?;
            let now = self.now();
            // Whoever has no valid token learns nothing about the request.
            if now >= access.value.expires_at {
                return Err(CredentialRefusal::Access(AccessRefusal::Expired).into());
            }
            let request = CredentialRequest::parse(body).map_err(CredentialRefusal::Request)?;
            let crypto = &*self.setup.crypto;
            let accepted = judge(
                &request,
                token,
                &access,
                self.profile(),
                &self.secret,
                crypto,
                now,
            )?;
            let record = to_issue_from(self.record(accepted.record()).await?)?;
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
            if !self.is_still(&record).await? {
                self.allocator.give_back(indices);
                continue;
            }
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
