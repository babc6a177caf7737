//! From a pre-authorized code to an access token ([OpenID4VCI §6.1]).
//!
//! [OpenID4VCI §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1

use symbolon_crypto::RandomnessUnavailable;
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use symbolon_issuer::authorization::{CodeOffer, NewAccess, ProvenClient};
use symbolon_issuer::grant::{Grant, GrantStage, Redemption, TokenRefusal, TokenRequestParts};
use symbolon_issuer::offer::OfferNote;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, StoreError};
use symbolon_protocol::openid4vci::token::{TokenRequest, TokenResponse};
use symbolon_protocol::secret::{PreAuthorizedCode, TransactionCode};

use super::{MAX_ATTEMPTS, Presented, TokenFailure, named_by, response};
use crate::issuer::Issuer;
use crate::issuer::offers::step_on;

impl Issuer {
    pub(super) async fn redeem_offer(
        &self,
        code: &PreAuthorizedCode,
        tx_code: Option<&TransactionCode>,
        presented: &Presented,
        wanted: &TokenRequest,
    ) -> Result<TokenResponse, TokenFailure> {
        let code = SecretDigest::of(code.expose());
        let details = named_by(&wanted.authorization_details);
        let client = presented.client.as_ref().map(ProvenClient::id);
        let parts = TokenRequestParts {
            code_digest: code,
            tx_code: tx_code.map(TransactionCode::expose),
            client,
            dpop: presented.key.map(|key| key.thumbprint),
            details: (!details.is_empty()).then_some(details.as_slice()),
        };
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store().grant(&code).await?;
            let found = found.ok_or(TokenRefusal::UnknownCode)?;
            let standing = self.standing(found.value.offer.as_ref()).await?;
            let standing = standing.or(TokenRefusal::OfferGone)?;
            let now = self.now();
            match found.value.redeem(&parts, &self.token_material(client, now))? {
                Redemption::Granted { grant, token, access } => {
                    let commit = AuthorizationCommit {
                        offer: self.taken_up_otherwise(&grant).await?,
                        grant: Some(Change::of(code, &found, grant)),
                        access: Some((token.digest(), access.clone())),
                        step: step_on(standing, Some(OfferNote::TakenUp), now),
                        replays: presented.replays(),
                        ..AuthorizationCommit::default()
                    };
                    match self.store().commit_authorization(commit).await? {
                        AuthorizationOutcome::Committed => {
                            return response(&NewAccess { token, access }, None, None, now);
                        }
                        AuthorizationOutcome::Replayed(mark) => return Err(presented.replayed(mark)),
                        // Another request changed the grant between reading and writing: judge what is there now.
                        AuthorizationOutcome::Changed => {}
                    }
                }
                Redemption::Refused { refusal, grant: None } => return Err(refusal.into()),
                Redemption::Refused {
                    refusal,
                    grant: Some(grant),
                } => {
                    let dead = grant.stage == GrantStage::Dead;
                    let note = dead.then_some(OfferNote::TransactionCodeExhausted);
                    let commit = AuthorizationCommit {
                        events: self.event_of(&grant)?.into_iter().collect(),
                        grant: Some(Change::of(code, &found, grant)),
                        step: step_on(standing, note, now),
                        ..AuthorizationCommit::default()
                    };
                    // The failure is on disk before the guesser hears of it, so that no crash gives a try back.
                    if self.store().commit_authorization(commit).await? == AuthorizationOutcome::Committed {
                        self.events.notify_one();
                        return Err(refusal.into());
                    }
                }
            }
        }
        Err(StoreError::Contended { what: "grant" }.into())
    }

    /// The other way to the same offer, closed with this one. Were it taken first, it would have closed this one.
    async fn taken_up_otherwise(
        &self,
        grant: &Grant,
    ) -> Result<Option<Change<SecretDigest, CodeOffer>>, StoreError> {
        let Some(state) = grant.code_offer else {
            return Ok(None);
        };
        let found = self.store().code_offer(&state).await?;
        Ok(found.map(|found| Change::of(state, &found, found.value.taken_up())))
    }

    fn event_of(&self, grant: &Grant) -> Result<Option<WaitingEvent>, RandomnessUnavailable> {
        if grant.stage != GrantStage::Dead {
            return Ok(None);
        }
        let record = RecordReference::derive(&self.secret, &grant.record);
        let action = AuditAction::TransactionCodeExhausted { record };
        WaitingEvent::make(self.now(), Actor::Wallet, action, &*self.setup.randomness).map(Some)
    }
}
