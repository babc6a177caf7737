//! The authorization server's values.

use serde::Serialize;
use serde::de::DeserializeOwned;
use symbolon_crypto::UnixTime;

use super::envelope::{read_stored, write};
use super::grants::{access_value, grant_value};
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::authorization::{
    AuthorizationCode, AuthorizationSession, CodeOffer, PushedRequest, RefreshToken, TokenFamily,
};
use crate::identifiers::FamilyId;
use crate::secret::SecretDigest;
use crate::store::{
    AuthorizationCommit, AuthorizationOutcome, AuthorizationStore, Change, ReplayMark, Revision, StoreError,
    StoreFuture, Stored,
};

const PUSHED: &str = "pushed authorization request";
const SESSION: &str = "authorization";
const OFFER: &str = "offer of an authorization code";
const CODE: &str = "authorization code";
const REFRESH: &str = "refresh token";
const FAMILY: &str = "token family";

impl<K: KeyValue> AuthorizationStore for KeyValueIssuerStore<K> {
    fn pushed_request<'a>(
        &'a self,
        request_uri: &'a SecretDigest,
    ) -> StoreFuture<'a, Option<Stored<PushedRequest>>> {
        Box::pin(self.under(PUSHED, Space::PushedRequests, request_uri.as_bytes()))
    }

    fn authorization<'a>(
        &'a self,
        browser: &'a SecretDigest,
    ) -> StoreFuture<'a, Option<Stored<AuthorizationSession>>> {
        Box::pin(self.under(SESSION, Space::Authorizations, browser.as_bytes()))
    }

    fn code_offer<'a>(&'a self, state: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<CodeOffer>>> {
        Box::pin(self.under(OFFER, Space::CodeOffers, state.as_bytes()))
    }

    fn authorization_code<'a>(
        &'a self,
        code: &'a SecretDigest,
    ) -> StoreFuture<'a, Option<Stored<AuthorizationCode>>> {
        Box::pin(self.under(CODE, Space::AuthorizationCodes, code.as_bytes()))
    }

    fn refresh_token<'a>(&'a self, token: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<RefreshToken>>> {
        Box::pin(self.under(REFRESH, Space::RefreshTokens, token.as_bytes()))
    }

    fn token_family<'a>(&'a self, family: &'a FamilyId) -> StoreFuture<'a, Option<Stored<TokenFamily>>> {
        Box::pin(self.under(FAMILY, Space::TokenFamilies, family.as_str().as_bytes()))
    }

    fn commit_authorization(&self, commit: AuthorizationCommit) -> StoreFuture<'_, AuthorizationOutcome> {
        Box::pin(async move {
            Ok(match self.entries.apply(batch(&commit)?).await? {
                Applied::Done => AuthorizationOutcome::Committed,
                // The marks are the first requirements.
                Applied::Rejected { position } => match commit.replays.get(position) {
                    Some(mark) => AuthorizationOutcome::Replayed(*mark),
                    None => AuthorizationOutcome::Changed,
                },
            })
        })
    }
}

impl<K: KeyValue> KeyValueIssuerStore<K> {
    async fn under<T: DeserializeOwned>(
        &self,
        what: &'static str,
        space: Space,
        key: &[u8],
    ) -> Result<Option<Stored<T>>, StoreError> {
        let found = self.entries.get(space, key.to_vec()).await?;
        found.map(|bytes| read_stored(what, bytes)).transpose()
    }
}

pub(super) fn code_offer_value(offer: &CodeOffer) -> Result<Vec<u8>, StoreError> {
    write(OFFER, offer)
}

fn batch(commit: &AuthorizationCommit) -> Result<WriteBatch, StoreError> {
    let mut batch = WriteBatch::default();
    for mark in &commit.replays {
        batch = batch.put_replay(mark);
    }
    if let Some(step) = &commit.step {
        batch = batch.put_step(step)?;
    }
    if let Some((request_uri, revision)) = &commit.taken {
        let key = *request_uri.as_bytes();
        batch = batch
            .unchanged(Space::PushedRequests, key, revision)
            .delete(Space::PushedRequests, key);
    }
    if let Some(change) = &commit.pushed {
        batch = batch.put_change(PUSHED, Space::PushedRequests, change, change.value.expires_at)?;
    }
    if let Some(change) = &commit.session {
        batch = batch.put_change(SESSION, Space::Authorizations, change, change.value.expires_at)?;
    }
    if let Some((browser, revision)) = &commit.left {
        let key = *browser.as_bytes();
        batch = batch
            .unchanged(Space::Authorizations, key, revision)
            .delete(Space::Authorizations, key);
    }
    if let Some(change) = &commit.offer {
        batch = batch.put_change(OFFER, Space::CodeOffers, change, change.value.expires_at)?;
    }
    if let Some(change) = &commit.code {
        batch = batch.put_change(CODE, Space::AuthorizationCodes, change, change.value.forgotten_at)?;
    }
    if let Some(change) = &commit.grant {
        let key = *change.key.as_bytes();
        batch = batch.unchanged(Space::Grants, key, &change.expected).put(
            Space::Grants,
            key,
            grant_value(&change.value)?,
        );
    }
    if let Some((family, revision)) = &commit.family_unchanged {
        batch = batch.unchanged(Space::TokenFamilies, family.as_str(), revision);
    }
    if let Some(change) = &commit.family {
        let key = change.key.as_str().as_bytes();
        batch = batch.put_changed(
            FAMILY,
            Space::TokenFamilies,
            key,
            &change.expected,
            &change.value,
            change.value.expires_at,
        )?;
    }
    for change in &commit.refresh {
        batch = batch.put_change(REFRESH, Space::RefreshTokens, change, change.value.expires_at)?;
    }
    if let Some((token, access)) = &commit.access {
        let token = token.as_bytes();
        batch = batch
            .absent(Space::Access, *token)
            .put(Space::Access, *token, access_value(access)?)
            .put_expiry(access.expires_at, Space::Access, token);
    }
    for event in &commit.events {
        batch = batch.put_event(event)?;
    }
    Ok(batch)
}

impl WriteBatch {
    /// Requires that a proof was not used, and marks it as used.
    pub(super) fn put_replay(self, mark: &ReplayMark) -> Self {
        let key = mark.digest.as_bytes();
        self.absent(Space::ReplayMarks, *key)
            .put(Space::ReplayMarks, *key, Vec::new())
            .put_expiry(mark.expires_at, Space::ReplayMarks, key)
    }

    fn put_change<T: Serialize>(
        self,
        what: &'static str,
        space: Space,
        change: &Change<SecretDigest, T>,
        expires_at: UnixTime,
    ) -> Result<Self, StoreError> {
        self.put_changed(
            what,
            space,
            change.key.as_bytes(),
            &change.expected,
            &change.value,
            expires_at,
        )
    }

    /// The expiry of a value is fixed when it is new: a later one would leave the earlier entry of the index behind, which would
    /// remove the value too soon.
    fn put_changed<T: Serialize>(
        self,
        what: &'static str,
        space: Space,
        key: &[u8],
        expected: &Revision,
        value: &T,
        expires_at: UnixTime,
    ) -> Result<Self, StoreError> {
        let batch = self
            .unchanged(space, key, expected)
            .put(space, key, write(what, value)?);
        Ok(if *expected == Revision::absent() {
            batch.put_expiry(expires_at, space, key)
        } else {
            batch
        })
    }
}
