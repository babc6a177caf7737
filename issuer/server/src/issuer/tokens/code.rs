//! From an authorization code to tokens ([RFC 6749 §4.1.3]).
//!
//! [RFC 6749 §4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3

use symbolon_issuer::authorization::{
    AskedBy, ClientGrant, ClientRefusal, CodeRefusal, CodeRequest, RedeemedCode,
};
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, StoreError};
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::openid4vci::token::TokenResponse;
use symbolon_protocol::secret::AuthorizationCode;

use super::{MAX_ATTEMPTS, Presented, TokenFailure, response};
use crate::issuer::Issuer;
use crate::issuer::offers::step_on;

/// The parts of the request.
pub(super) struct Parts<'a> {
    pub(super) code: &'a AuthorizationCode,
    pub(super) redirect_uri: Option<&'a RedirectUri>,
    pub(super) verifier: &'a CodeVerifier,
    pub(super) details: &'a [ConfigurationId],
}

impl Issuer {
    pub(super) async fn redeem_code(
        &self,
        parts: &Parts<'_>,
        presented: &Presented,
    ) -> Result<TokenResponse, TokenFailure> {
        let client = presented.client.as_ref().ok_or(ClientRefusal::Missing)?;
        self.clients(self.now())
            .may_use(client.id(), ClientGrant::AuthorizationCode)?;
        let code = SecretDigest::of(parts.code.expose());
        let request = CodeRequest {
            presenter: presented.presenter(client),
            redirect_uri: parts.redirect_uri,
            verifier: parts.verifier,
            details: parts.details,
        };
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store().authorization_code(&code).await?;
            let found = found.ok_or(CodeRefusal::Unknown)?;
            let standing = self.standing(found.value.offer.as_ref()).await?;
            let now = self.now();
            let material = self.token_material(Some(client.id()), now);
            let redeemed = match found.value.redeem(&request, &material) {
                Ok(redeemed) => redeemed,
                Err(refusal) => {
                    if let CodeRefusal::Reused(family) = &refusal {
                        self.end_family(family, &found.value.record).await?;
                    }
                    return Err(refusal.into());
                }
            };
            let standing = standing.or(CodeRefusal::OfferGone)?;
            let RedeemedCode {
                code: used,
                family_id,
                family,
                access,
                refresh,
            } = redeemed;
            let commit = AuthorizationCommit {
                code: Some(Change::of(code, &found, used)),
                family: Some(Change::new(family_id, family)),
                refresh: refresh
                    .iter()
                    .map(|refresh| Change::new(refresh.token.digest(), refresh.stored.clone()))
                    .collect(),
                access: Some((access.token.digest(), access.access.clone())),
                step: step_on(standing, None, now),
                replays: presented.replays(),
                ..AuthorizationCommit::default()
            };
            match self.store().commit_authorization(commit).await? {
                AuthorizationOutcome::Committed => {
                    let asked = match parts.details {
                        [] => Some(found.value.asked),
                        details => found.value.asked.narrowed(details, AskedBy::Details),
                    };
                    return response(&access, refresh.as_ref(), asked.as_ref(), now);
                }
                AuthorizationOutcome::Replayed(mark) => return Err(presented.replayed(mark)),
                // Another request redeemed the code: this one is its second use.
                AuthorizationOutcome::Changed => {}
            }
        }
        Err(StoreError::Contended {
            what: "authorization code",
        }
        .into())
    }
}
