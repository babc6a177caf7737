//! Publishing the status of credentials: one signed list for each shard, and the same for offline packs.

use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_trust::pack::{PackBuildError, PreparedStatusSection, StatusSection, StatusSectionInput};
use symbolon_trust::status_list::{
    BitsPerStatus, PrepareStatusListError, PreparedStatusListToken, SetStatusError, Status, StatusListClaims,
    TokenStatusList,
};

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
        let claims = StatusListClaims {
            uri: self.status_list_uri(shard),
            issued_at: now,
            expires_at: Some(now.plus(Duration::from_secs(self.policy().status_lifetime_seconds))),
            time_to_live: Some(Duration::from_secs(self.policy().status_time_to_live_seconds)),
        };
        PreparedStatusListToken::prepare(&claims, list, key.algorithm, &key.chain)
    }

    /// Prepares the status section of a shard for offline packs, to be signed by the status key.
    ///
    /// # Errors
    /// [`PackBuildError`] when the key has no certificate.
    pub fn prepare_status_section(
        &self,
        shard: ShardId,
        list: &TokenStatusList,
        key: &SigningKey,
        now: UnixTime,
    ) -> Result<PreparedStatusSection, PackBuildError> {
        let input = StatusSectionInput {
            uri: &self.status_list_uri(shard),
            produced_at: now,
            valid_until: now.plus(Duration::from_secs(self.policy().pack_lifetime_seconds)),
            grace: Duration::from_secs(self.policy().pack_grace_seconds),
            list,
            bitstring: None,
            x5chain: &key.chain,
        };
        StatusSection::prepare(&input, key.algorithm)
    }
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
