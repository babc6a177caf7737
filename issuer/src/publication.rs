//! Publishing the status of credentials: for each shard one Token Status List, the same states as Bitstring Status Lists for W3C
//! credentials, and the same for offline packs.

use std::time::Duration;

use symbolon_credential::w3c::jose::{PrepareJwtError, prepare_credential};
use symbolon_credential::w3c::{DocumentError, StatusPurpose, StatusSize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_trust::bitstring_status_list::{BitstringStatusList, EncodedBitstring, ListToPublish};
use symbolon_trust::pack::{
    BitstringUris, CompactStatusList, PackBuildError, PreparedStatusSection, StatusSection,
    StatusSectionInput,
};
use symbolon_trust::status_list::{
    CompressedStatusList, PrepareStatusListError, PreparedStatusListCwt, PreparedStatusListToken,
    SetStatusError, Status, StatusListClaims, TokenStatusList,
};
use thiserror::Error;

use crate::assertion::AssertionKey;
use crate::credential_record::CredentialStatus;
use crate::index::{ShardForm, ShardId};
use crate::profile::{IssuerProfile, SigningKey};

/// The list of a shard: everything is valid but the marks.
///
/// # Errors
/// [`SetStatusError`] when a mark lies beyond the shard, which no allocated index does, or is a suspension in a shard of one bit, where
/// [`CredentialStatus::fits`] refuses it.
pub fn status_list(
    form: ShardForm,
    marks: impl IntoIterator<Item = (u32, CredentialStatus)>,
) -> Result<TokenStatusList, SetStatusError> {
    let mut list = TokenStatusList::all_valid(form.bits, form.width.capacity());
    for (index, status) in marks {
        list.set(u64::from(index), status.listed())?;
    }
    Ok(list)
}

/// What is published of a shard, compressed: the costly part of a publication. It stays right until a state changes, and is signed as
/// often as signatures grow old.
#[derive(Debug, Clone)]
pub struct CompressedShard {
    token: CompressedStatusList,
    bitstrings: CompressedBitstrings,
}

/// The Bitstring Status Lists of a shard by purpose, compressed.
pub type CompressedBitstrings = Vec<(StatusPurpose, EncodedBitstring)>;

impl CompressedShard {
    /// The states of a list in every form that is published: what [`TokenStatusList::compressed`] and
    /// [`IssuerProfile::compressed_bitstrings`] made of it. Both cost much and neither needs the other.
    #[must_use]
    pub const fn new(token: CompressedStatusList, bitstrings: CompressedBitstrings) -> Self {
        Self { token, bitstrings }
    }

    /// The Bitstring Status Lists by purpose; none where no W3C credentials are issued.
    #[must_use]
    pub fn bitstrings(&self) -> &[(StatusPurpose, EncodedBitstring)] {
        &self.bitstrings
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bitstrings = self.bitstrings.iter().map(|(_, list)| list.as_str().len());
        bitstrings
            .sum::<usize>()
            .saturating_add(self.token.as_bytes().len())
    }
}

impl IssuerProfile {
    /// The states of `list` as the Bitstring Status Lists that are published of it.
    #[must_use]
    pub fn compressed_bitstrings(&self, list: &TokenStatusList) -> CompressedBitstrings {
        let bitstring = |purpose: &StatusPurpose| {
            let bitstring = match purpose {
                StatusPurpose::Revocation => BitstringStatusList::of_states(list, &[Status::Invalid]),
                StatusPurpose::Suspension => BitstringStatusList::of_states(list, &[Status::Suspended]),
                StatusPurpose::Message => BitstringStatusList::of_values(list, StatusSize::TWO),
                // The issuer keeps no states for it.
                StatusPurpose::Refresh | StatusPurpose::Other(_) => return None,
            };
            Some((purpose.clone(), bitstring.encoded()))
        };
        self.status_purposes().iter().filter_map(bitstring).collect()
    }

    /// Prepares the token of a shard's list, to be signed by the status key.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] when the key has no certificate.
    pub fn prepare_status_token(
        &self,
        shard: ShardId,
        list: &CompressedShard,
        key: &SigningKey,
        now: UnixTime,
    ) -> Result<PreparedStatusListToken, PrepareStatusListError> {
        let claims = self.status_list_claims(shard, now);
        PreparedStatusListToken::prepare_compressed(&claims, &list.token, key.algorithm, &key.chain)
    }

    /// The same as a CWT, for readers of mdocs.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] when the key has no certificate.
    pub fn prepare_status_cwt(
        &self,
        shard: ShardId,
        list: &CompressedShard,
        key: &SigningKey,
        now: UnixTime,
    ) -> Result<PreparedStatusListCwt, PrepareStatusListError> {
        let claims = self.status_list_claims(shard, now);
        PreparedStatusListCwt::prepare_compressed(&claims, &list.token, key.algorithm, &key.chain)
    }

    fn status_list_claims(&self, shard: ShardId, now: UnixTime) -> StatusListClaims {
        StatusListClaims {
            uri: self.status_list_uri(shard),
            issued_at: now,
            expires_at: Some(now.plus(Duration::from_secs(self.policy().status_lifetime_seconds))),
            time_to_live: Some(Duration::from_secs(self.policy().status_time_to_live_seconds)),
            aggregation_uri: Some(self.status_aggregation_uri()),
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
        list: &EncodedBitstring,
        key: &AssertionKey,
        now: UnixTime,
    ) -> Result<PreparedJws, PrepareBitstringError> {
        let messages = match purpose {
            StatusPurpose::Message => CredentialStatus::messages(),
            _ => Vec::new(),
        };
        let credential = ListToPublish {
            url: &self.bitstring_uri(shard, purpose),
            issuer: key.did(),
            purpose: purpose.clone(),
            valid_from: now,
            valid_until: Some(now.plus(Duration::from_secs(self.policy().status_lifetime_seconds))),
            time_to_live: Some(Duration::from_secs(self.policy().status_time_to_live_seconds)),
            list,
            messages: &messages,
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
    /// The credential cannot be built.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The credential cannot be written as a JWT.
    #[error(transparent)]
    Jwt(#[from] PrepareJwtError),
}

#[cfg(test)]
mod tests {
    use symbolon_trust::status_list::BitsPerStatus;

    use super::*;
    use crate::index::IndexWidth;

    const MARKS: [(u32, CredentialStatus); 2] =
        [(3, CredentialStatus::Revoked), (255, CredentialStatus::Suspended)];

    fn form(bits: BitsPerStatus) -> ShardForm {
        let width = IndexWidth::from_bits(8).unwrap();
        ShardForm { width, bits }
    }

    #[test]
    fn every_place_is_valid_but_the_marked_ones() {
        for bits in [BitsPerStatus::Two, BitsPerStatus::Four, BitsPerStatus::Eight] {
            let list = status_list(form(bits), MARKS).unwrap();
            assert_eq!((list.len(), list.bits()), (256, bits));
            assert_eq!(list.get(3), Ok(Status::Invalid));
            assert_eq!(list.get(255), Ok(Status::Suspended));
            assert_eq!(list.get(4), Ok(Status::Valid));
            assert!(status_list(form(bits), [(256, CredentialStatus::Revoked)]).is_err());
        }
    }

    #[test]
    fn one_bit_has_no_room_for_a_suspension() {
        let one = form(BitsPerStatus::One);
        let list = status_list(one, MARKS[..1].iter().copied()).unwrap();
        assert_eq!((list.as_bytes().len(), list.get(3)), (32, Ok(Status::Invalid)));
        assert!(status_list(one, MARKS).is_err());
        assert!(!CredentialStatus::Suspended.fits(BitsPerStatus::One));
        assert!(CredentialStatus::Revoked.fits(BitsPerStatus::One));
        assert!(CredentialStatus::Suspended.fits(BitsPerStatus::Two));
    }
}
