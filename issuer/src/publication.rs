//! Publishing the status of credentials: for each shard one Token Status List, the same states as Bitstring Status Lists for W3C
//! credentials, and the same for offline packs.

use std::time::Duration;

use symbolon_credential::w3c::jose::{PrepareJwtError, prepare_credential};
use symbolon_credential::w3c::{DocumentError, StatusPurpose};
use symbolon_crypto::UnixTime;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::pack::{
    BitstringUris, CompactStatusList, PackBuildError, PreparedStatusSection, StatusSection,
    StatusSectionInput,
};
use symbolon_trust::status_list::{
    BitsPerStatus, PrepareStatusListError, PreparedStatusListCwt, PreparedStatusListToken, SetStatusError,
    Status, StatusListClaims, TokenStatusList,
};
use thiserror::Error;

use crate::assertion::AssertionKey;
use crate::credential_record::CredentialStatus;
use crate::index::{IndexWidth, ShardId};
use crate::profile::{IssuerProfile, SigningKey};

/// The list of a shard: everything is valid but the marks.
///
/// # Errors
/// [`SetStatusError`] when a mark lies beyond the shard, which no allocated index does.
pub fn status_list(
    width: IndexWidth,
    marks: impl IntoIterator<Item = (u32, CredentialStatus)>,
) -> Result<TokenStatusList, SetStatusError> {
    // Two bits, because a suspension is neither valid nor invalid.
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, width.capacity());
    for (index, status) in marks {
        let status = match status {
            CredentialStatus::Valid => Status::Valid,
            CredentialStatus::Revoked => Status::Invalid,
            CredentialStatus::Suspended => Status::Suspended,
        };
        list.set(u64::from(index), status)?;
    }
    Ok(list)
}

impl IssuerProfile {
    /// Prepares the token of a shard's list, to be signed by the status key.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] when the key has no certificate.
    pub fn prepare_status_token(
        &self,
        shard: ShardId,
        list: &TokenStatusList,
        key: &SigningKey,
        now: UnixTime,
    ) -> Result<PreparedStatusListToken, PrepareStatusListError> {
        let claims = self.status_list_claims(shard, now);
        PreparedStatusListToken::prepare(&claims, list, key.algorithm, &key.chain)
    }

    /// The same as a CWT, for readers of mdocs.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] when the key has no certificate.
    pub fn prepare_status_cwt(
        &self,
        shard: ShardId,
        list: &TokenStatusList,
        key: &SigningKey,
        now: UnixTime,
    ) -> Result<PreparedStatusListCwt, PrepareStatusListError> {
        let claims = self.status_list_claims(shard, now);
        PreparedStatusListCwt::prepare(&claims, list, key.algorithm, &key.chain)
    }

    fn status_list_claims(&self, shard: ShardId, now: UnixTime) -> StatusListClaims {
        StatusListClaims {
            uri: self.status_list_uri(shard),
            issued_at: now,
            expires_at: Some(now.plus(Duration::from_secs(self.policy().status_lifetime_seconds))),
            time_to_live: Some(Duration::from_secs(self.policy().status_time_to_live_seconds)),
        }
    }

    /// Prepares the Bitstring Status List of a shard for a purpose, as a JWT to be signed by an assertion key
    /// ([Bitstring Status List §2.2]): a JWT, so that whoever checks a status needs no JSON-LD.
    ///
    /// # Errors
    /// [`PrepareBitstringError`].
    ///
    /// [Bitstring Status List §2.2]: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistcredential
    pub fn prepare_bitstring_list(
        &self,
        shard: ShardId,
        purpose: &StatusPurpose,
        list: &TokenStatusList,
        key: &AssertionKey,
        now: UnixTime,
    ) -> Result<PreparedJws, PrepareBitstringError> {
        let states: &[Status] = match purpose {
            StatusPurpose::Revocation => &[Status::Invalid],
            StatusPurpose::Suspension => &[Status::Suspended],
            _ => return Err(PrepareBitstringError::Purpose),
        };
        let credential = ListToPublish {
            url: &self.bitstring_uri(shard, purpose),
            issuer: key.did(),
            purpose: purpose.clone(),
            valid_from: now,
            valid_until: Some(now.plus(Duration::from_secs(self.policy().status_lifetime_seconds))),
            time_to_live: Some(Duration::from_secs(self.policy().status_time_to_live_seconds)),
            list: &BitstringStatusList::of_states(list, states),
            messages: &[],
        };
        let credential = credential.document()?;
        Ok(prepare_credential(
            &credential,
            key.algorithm(),
            key.json_web_key(),
            &[],
        )?)
    }

    /// The list of a shard as the status section of offline packs carries it.
    ///
    /// # Errors
    /// [`PackBuildError`] when the list has a state that no pack holds.
    pub fn compact_status_list(
        &self,
        shard: ShardId,
        list: &TokenStatusList,
    ) -> Result<CompactStatusList, PackBuildError> {
        let [revocation, suspension] = [StatusPurpose::Revocation, StatusPurpose::Suspension]
            .map(|purpose| self.bitstring_uri(shard, &purpose));
        let bitstring = self.issues_w3c_credentials().then_some(BitstringUris {
            revocation: &revocation,
            suspension: &suspension,
        });
        CompactStatusList::of_list(&self.status_list_uri(shard), list, bitstring)
    }

    /// Prepares the status section of all lists for offline packs, to be signed by the status key.
    ///
    /// # Errors
    /// [`PackBuildError`] when there is no list or the key has no certificate.
    pub fn prepare_status_section(
        &self,
        lists: Vec<CompactStatusList>,
        key: &SigningKey,
        now: UnixTime,
    ) -> Result<PreparedStatusSection, PackBuildError> {
        let input = StatusSectionInput {
            produced_at: now,
            valid_until: now.plus(Duration::from_secs(self.policy().pack_lifetime_seconds)),
            grace: Duration::from_secs(self.policy().pack_grace_seconds),
            x5chain: &key.chain,
        };
        StatusSection::prepare(&input, lists, key.algorithm)
    }
}

/// Why a Bitstring Status List cannot be published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrepareBitstringError {
    /// The issuer keeps no states for the purpose.
    #[error("no status list is kept for this purpose")]
    Purpose,
    /// The credential cannot be built.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The credential cannot be written as a JWT.
    #[error(transparent)]
    Jwt(#[from] PrepareJwtError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_valid_but_the_marked_ones() {
        let width = IndexWidth::from_bits(8).unwrap();
        let marks = [(3, CredentialStatus::Revoked), (255, CredentialStatus::Suspended)];
        let list = status_list(width, marks).unwrap();
        assert_eq!(list.len(), 256);
        assert_eq!(list.get(3), Ok(Status::Invalid));
        assert_eq!(list.get(255), Ok(Status::Suspended));
        assert_eq!(list.get(4), Ok(Status::Valid));
        assert!(status_list(width, [(256, CredentialStatus::Revoked)]).is_err());
    }
}
