//! A status section: what one issuer says about one list (`docs/pack-format.md`, section 5).

use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};

use super::container::{Cursor, sha256};
use super::fields::{self, Fields};
use super::sign::{Place, PreparedSignature, Signed};
use super::{PackBuildError, PackError};
use crate::compact_set::{self, CompactSet};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::trust_list::{IssuerIdentifier, TrustList};
use crate::validity::Validity;

/// What an issuer says when it makes a status section of one of its lists.
#[derive(Debug, Clone)]
pub struct StatusSectionInput<'a> {
    /// The URI of the list, as it stands in credentials.
    pub uri: &'a str,
    /// The "as of" of every answer.
    pub produced_at: UnixTime,
    /// The last second in which the section is current. It bounds how long a distributor can hold back a newer one.
    pub valid_until: UnixTime,
    /// How much longer it may be used, with a warning.
    pub grace: Duration,
    /// The states.
    pub list: &'a TokenStatusList,
    /// Where the same states, at the same indices, are served as Bitstring Status Lists.
    pub bitstring: Option<BitstringUris<'a>>,
    /// The status signer's certificates, leaf first, without the anchor.
    pub x5chain: &'a [Certificate],
}

/// The URIs of the two W3C Bitstring Status Lists that say what a token status list says, at the same indices: one list
/// for each purpose. A section covers all three, so that no index is packed twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitstringUris<'a> {
    /// The list of purpose `revocation`: its bits are the invalid indices.
    pub revocation: &'a str,
    /// The list of purpose `suspension`: its bits are the suspended indices.
    pub suspension: &'a str,
}

/// A status section that waits for the signature of the issuer's status key.
#[derive(Debug)]
pub struct PreparedStatusSection {
    signature: PreparedSignature,
    sets: Vec<u8>,
}

/// A signed status section, ready to be packed by any distributor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSection(pub(super) Vec<u8>);

impl StatusSection {
    /// Prepares the section of one list, to be signed with `algorithm` by the key of the leaf of its chain.
    ///
    /// # Errors
    /// [`PackBuildError`] when the list holds a state other than valid, invalid and suspended, or the chain is empty.
    pub fn prepare(
        input: &StatusSectionInput<'_>,
        algorithm: SignatureAlgorithm,
    ) -> Result<PreparedStatusSection, PackBuildError> {
        let (mut invalid, mut suspended) = (Vec::new(), Vec::new());
        for (index, status) in input.list.not_valid() {
            match status {
                Status::Valid => {}
                Status::Invalid => invalid.push(index),
                Status::Suspended => suspended.push(index),
                Status::ApplicationSpecific(_) | Status::Unregistered(_) => {
                    return Err(PackBuildError::StatusCannotBePacked);
                }
            }
        }
        let universe = input.list.len();
        let invalid = compact_set::build(&invalid, universe)?;
        let suspended = compact_set::build(&suspended, universe)?;
        let mut members = vec![
            (1, Value::Text(input.uri.to_owned())),
            (2, Value::from(input.list.bits().count())),
            (3, fields::time(input.produced_at)),
            (4, fields::time(input.valid_until)),
            (5, fields::duration(input.grace)),
            (6, Value::from(universe)),
            (7, Value::from(invalid.len() as u64)),
            (8, Value::Bytes(sha256(&invalid).to_vec())),
            (9, Value::from(suspended.len() as u64)),
            (10, Value::Bytes(sha256(&suspended).to_vec())),
        ];
        if let Some(bitstring) = input.bitstring {
            members.push((11, Value::Text(bitstring.revocation.to_owned())));
            members.push((12, Value::Text(bitstring.suspension.to_owned())));
        }
        let payload = fields::encode(members);
        let signature = PreparedSignature::by_chain(Place::Status, algorithm, input.x5chain, payload)?;
        let mut sets = invalid;
        sets.extend(suspended);
        Ok(PreparedStatusSection { signature, sets })
    }

    /// Takes a section that an issuer has published, to pack it. It is verified by whoever opens the pack.
    #[must_use]
    pub fn from_published(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The section as an issuer publishes it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PreparedStatusSection {
    /// What the status key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.signature.request(key)
    }

    /// Completes the section.
    ///
    /// # Errors
    /// [`PackBuildError`] when the signature has the wrong length for its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<StatusSection, PackBuildError> {
        let header = self.signature.finish(signature)?;
        let length = u32::try_from(header.len())
            .ok()
            .filter(|length| *length <= MAX_HEADER_BYTES)
            .ok_or(PackBuildError::TooLarge)?;
        let mut bytes = Vec::with_capacity(4 + header.len() + self.sets.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend(header);
        bytes.extend(self.sets);
        Ok(StatusSection(bytes))
    }
}

/// A status section whose signer, signature and hashes have been verified. The sets lie in the pack.
#[derive(Debug, Clone)]
pub struct PackedStatusList<'a> {
    pub(super) uri: String,
    pub(super) bitstring: Option<PackedBitstringUris>,
    pub(super) issuer: IssuerIdentifier,
    pub(super) produced_at: UnixTime,
    pub(super) validity: Validity,
    pub(super) bits: BitsPerStatus,
    pub(super) invalid: CompactSet<'a>,
    pub(super) suspended: CompactSet<'a>,
}

/// The URIs under which a packed list is served as Bitstring Status Lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBitstringUris {
    /// The list of purpose `revocation`.
    pub revocation: String,
    /// The list of purpose `suspension`.
    pub suspension: String,
}

/// What a URI asks of a packed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    /// Everything: the URI is that of the token status list.
    State,
    /// Whether it is revoked.
    Revocation,
    /// Whether it is suspended.
    Suspension,
}

impl<'a> PackedStatusList<'a> {
    /// The URI of the list.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Where the same states are served as Bitstring Status Lists.
    #[must_use]
    pub fn bitstring(&self) -> Option<&PackedBitstringUris> {
        self.bitstring.as_ref()
    }

    /// Every URI that the section answers for, with what it asks.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&str, Aspect)> {
        let bitstring = self.bitstring.iter().flat_map(|uris| {
            [
                (uris.revocation.as_str(), Aspect::Revocation),
                (uris.suspension.as_str(), Aspect::Suspension),
            ]
        });
        core::iter::once((self.uri.as_str(), Aspect::State)).chain(bitstring)
    }

    /// The issuer whose status key signed it.
    #[must_use]
    pub fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// When the issuer made it.
    #[must_use]
    pub fn produced_at(&self) -> UnixTime {
        self.produced_at
    }

    /// Whether it is current.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The bits per status of the list it was made from.
    #[must_use]
    pub fn bits(&self) -> BitsPerStatus {
        self.bits
    }

    /// The indices that are invalid.
    #[must_use]
    pub fn invalid(&self) -> CompactSet<'a> {
        self.invalid
    }

    /// The indices that are suspended.
    #[must_use]
    pub fn suspended(&self) -> CompactSet<'a> {
        self.suspended
    }

    pub(super) fn open(
        section: &'a [u8],
        trust_list: &TrustList,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<Self, PackError> {
        let mut rest = Cursor(section);
        let length = rest.u32()?;
        if length > MAX_HEADER_BYTES {
            return Err(PackError::OverBudget);
        }
        let signed = Signed::parse(rest.take(u64::from(length))?, Place::Status)?;

        // The URI is needed to know whose signature to ask for; it is believed only once that has been found good.
        let mut claimed = Fields::parse(signed.unverified_payload())?;
        let uri = claimed.text(1)?;
        let issuer = trust_list
            .issuer_of_status_list(&uri)
            .ok_or(PackError::StatusListOfNobody)?;
        let chain = signed.x5chain()?;
        let verified = verify_chain(&chain, &issuer.anchors, ChainProfile::StatusSigner, now, provider)
            .map_err(PackError::StatusSignerChain)?;
        if !verified
            .leaf()
            .san_uris()
            .iter()
            .any(|name| name.as_str() == issuer.identifier.as_str())
        {
            return Err(PackError::StatusSignerIsNotTheIssuer);
        }
        signed
            .verify(provider, verified.leaf().public_key())
            .map_err(|_| PackError::StatusSignature)?;

        let bits = BitsPerStatus::from_count(claimed.unsigned(2)?).ok_or(PackError::Payload)?;
        let produced_at = claimed.time(3)?;
        let (valid_until, grace) = (claimed.time(4)?, claimed.duration(5)?);
        let universe = claimed.unsigned(6)?;
        let invalid = open_set(&mut rest, claimed.unsigned(7)?, claimed.hash(8)?, universe)?;
        let suspended = open_set(&mut rest, claimed.unsigned(9)?, claimed.hash(10)?, universe)?;
        let bitstring = match (claimed.optional_text(11)?, claimed.optional_text(12)?) {
            (Some(revocation), Some(suspension)) => Some(PackedBitstringUris {
                revocation,
                suspension,
            }),
            (None, None) => None,
            _ => return Err(PackError::Payload),
        };
        claimed.finish()?;
        let of_this_issuer = |uri: &str| {
            trust_list
                .issuer_of_status_list(uri)
                .is_some_and(|owner| owner.identifier == issuer.identifier)
        };
        if !bitstring
            .iter()
            .all(|uris| of_this_issuer(&uris.revocation) && of_this_issuer(&uris.suspension))
        {
            return Err(PackError::StatusListOfNobody);
        }
        if !rest.0.is_empty() {
            return Err(PackError::TrailingBytes);
        }
        let validity = Validity::judge(produced_at, valid_until, grace, now);
        if validity == Validity::NotYetIssued {
            return Err(PackError::ClockBeforeCreation { created: produced_at });
        }
        Ok(Self {
            uri,
            bitstring,
            issuer: issuer.identifier.clone(),
            produced_at,
            validity,
            bits,
            invalid,
            suspended,
        })
    }

    pub(super) fn status(&self, aspect: Aspect, index: u64) -> PackStatus<'_> {
        let as_of = self.produced_at;
        if let Validity::Expired { .. } = self.validity {
            return PackStatus::Outdated { as_of };
        }
        let status = match (self.invalid.contains(index), self.suspended.contains(index)) {
            (Ok(true), _) if aspect != Aspect::Suspension => Status::Invalid,
            (Ok(_), Ok(true)) if aspect != Aspect::Revocation => Status::Suspended,
            (Ok(_), Ok(_)) => Status::Valid,
            (Err(compact_set::LookupError::OutsideUniverse), _) => return PackStatus::OutOfRange { as_of },
            (Err(compact_set::LookupError::Malformed), _) | (_, Err(_)) => {
                return PackStatus::Unreadable { as_of };
            }
        };
        PackStatus::Listed {
            status,
            as_of,
            validity: self.validity,
            issuer: &self.issuer,
        }
    }
}

/// What a pack says about one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackStatus<'p> {
    /// The list is in the pack and says this.
    Listed {
        /// Valid, invalid or suspended.
        status: Status,
        /// When the issuer said so.
        as_of: UnixTime,
        /// Current, or in grace: then with a warning.
        validity: Validity,
        /// Who said so. A reader compares it with the issuer of the credential.
        issuer: &'p IssuerIdentifier,
    },
    /// The list is in the pack, and older than its issuer allows. Nothing is known.
    Outdated {
        /// When the issuer made it.
        as_of: UnixTime,
    },
    /// The list is in the pack and has no such index. The credential is to be refused.
    OutOfRange {
        /// When the issuer made it.
        as_of: UnixTime,
    },
    /// The codes of the set are wrong, although the issuer signed them. Nothing is known.
    Unreadable {
        /// When the issuer made it.
        as_of: UnixTime,
    },
    /// The pack has no such list. Nothing is known.
    NotCovered,
}

fn open_set<'a>(
    rest: &mut Cursor<'a>,
    length: u64,
    hash: [u8; 32],
    universe: u64,
) -> Result<CompactSet<'a>, PackError> {
    let bytes = rest.take(length)?;
    // The manifest's hash covers the same bytes, but that one is the distributor's.
    if sha256(bytes) != hash {
        return Err(PackError::StatusSetHash);
    }
    let set = CompactSet::open(bytes).map_err(PackError::StatusSet)?;
    if set.universe() == universe {
        Ok(set)
    } else {
        Err(PackError::StatusSetUniverse)
    }
}

/// A signed header holds a URI, two hashes and at most six certificates.
const MAX_HEADER_BYTES: u32 = 65_536;
