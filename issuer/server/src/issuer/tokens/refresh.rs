//! From a refresh token to an access token ([RFC 6749 §6]).
//!
//! [RFC 6749 §6]: https://www.rfc-editor.org/rfc/rfc6749#section-6

use symbolon_issuer::authorization::{
    Asked, AskedBy, ClientGrant, ClientRefusal, RefreshRefusal, RefreshRequest, Rotation,
};
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{AuthorizationCommit, AuthorizationOutcome, Change, StoreError};
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vci::token::TokenResponse;
use symbolon_protocol::secret::RefreshToken;

use super::{MAX_ATTEMPTS, Presented, TokenFailure, response};
use crate::issuer::Issuer;
use crate::issuer::offers::step_on;

/// The parts of the request.
pub(super) struct Parts<'a> {
    pub(super) token: &'a RefreshToken,
    pub(super) scope: Option<&'a Scope>,
    pub(super) details: &'a [ConfigurationId],
}

impl Issuer {
    pub(super) async fn redeem_refresh_token(
        &self,
        parts: &Parts<'_>,
        presented: &Presented,
    ) -> Result<TokenResponse, TokenFailure> {
        let client = presented.client.as_ref().ok_or(ClientRefusal::Missing)?;
        self.clients(self.now())
            .may_use(client.id(), ClientGrant::RefreshToken)?;
        let token = SecretDigest::of(parts.token.expose());
        let presenter = presented.presenter(client);
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store().refresh_token(&token).await?;
            let found = found.ok_or(RefreshRefusal::Unknown)?;
            let family_id = found.value.family.clone();
            let family = self.store().token_family(&family_id).await?;
            let family = family.ok_or(RefreshRefusal::Ended)?;
            let asked = self.narrowed(&found.value.asked, parts)?;
            let request = RefreshRequest {
                presenter,
                asked: &asked,
                rotation: if client.is_authenticated() {
                    Rotation::Never
                } else {
                    Rotation::EachTime
                },
            };
            let standing = self.standing(family.value.offer.as_ref()).await?;
            let now = self.now();
            let material = self.token_material(Some(client.id()), now);
            let refreshed = match found.value.redeem(&family.value, &request, &material) {
                Ok(refreshed) => refreshed,
                Err(refusal) => {
                    if refusal == RefreshRefusal::Reused {
                        self.end_family(&family_id, &found.value.record).await?;
                    }
                    return Err(refusal.into());
                }
            };
            let standing = standing.or(RefreshRefusal::Ended)?;
            let mut refresh = Vec::new();
            if let Some((used, successor)) = &refreshed.rotated {
                refresh.push(Change::of(token, &found, used.clone()));
                refresh.push(Change::new(successor.token.digest(), successor.stored.clone()));
            }
            let access = &refreshed.access;
            let commit = AuthorizationCommit {
                family_unchanged: Some((family_id, family.revision)),
                refresh,
                access: Some((access.token.digest(), access.access.clone())),
                step: step_on(standing, None, now),
                replays: presented.replays(),
                ..AuthorizationCommit::default()
            };
            match self.store().commit_authorization(commit).await? {
                AuthorizationOutcome::Committed => {
                    let successor = refreshed.rotated.as_ref().map(|(_, successor)| successor);
                    return response(access, successor, Some(&asked), now);
                }
                AuthorizationOutcome::Replayed(mark) => return Err(presented.replayed(mark)),
                // The token was used, or its family ended, between reading and writing.
                AuthorizationOutcome::Changed => {}
            }
        }
        Err(StoreError::Contended {
            what: "refresh token",
        }
        .into())
    }

    /// What is asked for this time: all that was granted, or less.
    fn narrowed(&self, granted: &Asked, parts: &Parts<'_>) -> Result<Asked, RefreshRefusal> {
        if !parts.details.is_empty() {
            return granted
                .narrowed(parts.details, AskedBy::Details)
                .ok_or(RefreshRefusal::WiderScope);
        }
        match parts.scope {
            None => Ok(granted.clone()),
            Some(scope) => granted
                .narrowed(&self.profile().configurations_of(scope), AskedBy::Scope)
                .ok_or(RefreshRefusal::WiderScope),
        }
    }
}
