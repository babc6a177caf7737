//! Credentials that an operator had to approve, when their wallet asks again ([OpenID4VCI §9]).
//!
//! [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9

use symbolon_issuer::grant::GrantHolder;
use symbolon_issuer::identifiers::TransactionId;
use symbolon_issuer::issuance::{CredentialRefusal, Judged, judge_deferred};
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, ReplayMark, StoreError, Stored};
use symbolon_issuer::transaction::{Transaction, TransactionRefusal};
use symbolon_protocol::oauth::access_token::PresentedAccessToken;
use symbolon_protocol::oauth::dpop::{DpopError, ExpectedKey};
use symbolon_protocol::openid4vci::credential::CredentialResponse;
use symbolon_protocol::openid4vci::deferred::{DeferredCredentialRequest, MAX_DEFERRED_REQUEST_BYTES};

use super::Issuer;
use super::access::{AccessFailure, ResourceRequest};
use super::credentials::{Answered, Attempt, CredentialFailure};
use super::encryption::CarriedRequest;

/// The grant that a request presents.
pub(super) struct PresentedGrant {
    pub(super) grant: SecretDigest,
    pub(super) proof: Option<ReplayMark>,
}

impl Issuer {
    /// Answers a deferred credential request.
    ///
    /// # Errors
    /// [`CredentialFailure`]; the transaction is as it was.
    pub async fn fetch_deferred(
        &self,
        resource: &ResourceRequest<'_>,
        carried: &CarriedRequest<'_>,
    ) -> Result<Answered, CredentialFailure> {
        let opened = self.open_deferred(carried);
        let found = match &opened {
            Ok(request) => self.find_transaction(request).await?,
            Err(_) => None,
        };
        let holder = found.as_ref().map(|(_, stored)| &stored.value.holder);
        // Whoever has no valid token learns nothing about the request.
        let presented = self.present_grant(resource, holder).await?;
        let request = opened?;
        let mut found = found;
        if let Some(proof) = presented.proof {
            self.use_proof(proof).await?;
        }
        for _ in 0..MAX_ATTEMPTS {
            let now = self.now();
            let (id, stored) = found.ok_or(CredentialRefusal::Transaction(TransactionRefusal::Unknown))?;
            let encryption = request.response_encryption.clone();
            let material = self.material(now);
            // Whose it is comes first: nobody else learns that its offer was taken back.
            let mine = stored.value.answer(&presented.grant, now);
            mine.map_err(CredentialRefusal::Transaction)?;
            let offer = self.standing(stored.value.offer.as_ref()).await?;
            let offer = offer.or(CredentialRefusal::Transaction(TransactionRefusal::Denied))?;
            match judge_deferred((id, &stored), &presented.grant, offer, encryption, &material)? {
                Judged::Wait(encryption) => {
                    let response = CredentialResponse::Deferred {
                        transaction_id: request.transaction_id.clone(),
                        interval: self.profile().policy().deferred_interval_seconds,
                    };
                    let encryption = encryption.map(|encryption| *encryption);
                    return Ok(Answered { response, encryption });
                }
                Judged::Accepted(accepted) => {
                    if let Attempt::Issued(answered) = self.issue_accepted(*accepted, now).await? {
                        return Ok(*answered);
                    }
                }
            }
            found = self.find_transaction(&request).await?;
        }
        Err(StoreError::Contended { what: "transaction" }.into())
    }

    fn open_deferred(
        &self,
        carried: &CarriedRequest<'_>,
    ) -> Result<DeferredCredentialRequest, CredentialRefusal> {
        let body = self.open_request(carried, MAX_DEFERRED_REQUEST_BYTES, self.now())?;
        Ok(DeferredCredentialRequest::parse(&body, carried.carriage)?)
    }

    async fn find_transaction(
        &self,
        request: &DeferredCredentialRequest,
    ) -> Result<Option<(TransactionId, Stored<Transaction>)>, StoreError> {
        let Ok(id) = request.transaction_id.as_str().parse::<TransactionId>() else {
            return Ok(None);
        };
        let stored = self.store().transaction(&id).await?;
        Ok(stored.map(|stored| (id, stored)))
    }

    /// The grant of a request to what outlives access tokens. A token that is over still serves for what it paid for itself, by the same
    /// key, if `kept` says so.
    ///
    /// # Errors
    /// [`AccessFailure`].
    pub(super) async fn present_grant(
        &self,
        resource: &ResourceRequest<'_>,
        kept: Option<&GrantHolder>,
    ) -> Result<PresentedGrant, AccessFailure> {
        let refused = match self.present(resource).await {
            Ok(presented) => {
                let holder = presented.access.value.holder(presented.token);
                return Ok(PresentedGrant {
                    grant: holder.grant,
                    proof: presented.proof,
                });
            }
            Err(AccessFailure::Refused(challenge)) => AccessFailure::Refused(challenge),
            Err(failure) => return Err(failure),
        };
        let token = SecretDigest::of(resource.token.token().expose());
        let Some(kept) = kept.filter(|kept| kept.grant == token) else {
            return Err(refused);
        };
        let proof = match (&kept.dpop, resource.token) {
            (None, PresentedAccessToken::Bearer(_)) => None,
            (Some(bound), PresentedAccessToken::Dpop(token)) => {
                Some(self.proof_of(resource, token, ExpectedKey::Bound(bound), self.now())?)
            }
            _ => return Err(refused),
        };
        Ok(PresentedGrant { grant: token, proof })
    }

    /// Uses up a proof that authorises nothing that is committed with it.
    pub(super) async fn use_proof(&self, proof: ReplayMark) -> Result<(), AccessFailure> {
        let commit = AuthorizationCommit {
            replays: vec![proof],
            ..AuthorizationCommit::default()
        };
        match self.store().commit_authorization(commit).await? {
            AuthorizationOutcome::Committed => Ok(()),
            _ => Err(DpopError::Replayed.into()),
        }
    }
}

/// Each lost round means that an operator decided meanwhile, or the credential was fetched.
const MAX_ATTEMPTS: usize = 16;
