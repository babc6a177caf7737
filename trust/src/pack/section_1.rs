//! A status section of version 1: what one issuer says about one list (`docs/pack-format.md`, annex A). Read, and not written any more.

use std::sync::Arc;

use symbolon_crypto::{CryptoProvider, UnixTime};

use super::PackError;
use super::container::{Cursor, PackVersion};
use super::fields::Fields;
use super::list::{Aspect, PackedBitstringUris, PackedStatusList, StatedTimes};
use super::section::{MAX_HEADER_BYTES, signer_of};
use super::set::PackedSet;
use super::sign::{Place, Signed};
use super::signer::ListSigner;
use crate::status_list::{BitsPerStatus, Status};
use crate::trust_list::TrustList;
use crate::validity::Validity;

pub(super) fn open<'a>(
    section: &'a [u8],
    trust_list: &TrustList,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<PackedStatusList<'a>, PackError> {
    let mut rest = Cursor(section);
    let length = rest.u32()?;
    if length > MAX_HEADER_BYTES {
        return Err(PackError::OverBudget);
    }
    let signed = Signed::parse(rest.take(u64::from(length))?, Place::status(PackVersion::One))?;

    // The URI is needed to know whose signature to ask for; it is believed only once that has been found good.
    let mut claimed = Fields::parse(signed.unverified_payload())?;
    let uri = claimed.text(1)?;
    let issuer = trust_list
        .issuer_of_status_list(&uri)
        .ok_or(PackError::StatusListOfNobody)?;
    let signer = signer_of(&signed, issuer, now, provider)?;

    let bits = BitsPerStatus::from_count(claimed.unsigned(2)?).ok_or(PackError::Payload)?;
    let times = StatedTimes {
        produced_at: claimed.time(3)?,
        valid_until: claimed.time(4)?,
        grace: claimed.duration(5)?,
        signer_until: signer.until,
    };
    let universe = claimed.unsigned(6)?;
    let mut set_at = |length, hash| {
        let set = PackedSet::unchecked(rest.take(length)?, universe, hash, PackVersion::One);
        // A set of version 1 has a header even where it has no members.
        if length == 0 {
            return Err(PackError::StatusSet(crate::compact_set::OpenSetError::Truncated));
        }
        set.check()?;
        Ok(set)
    };
    let invalid = set_at(claimed.unsigned(7)?, claimed.hash(8)?)?;
    let suspended = set_at(claimed.unsigned(9)?, claimed.hash(10)?)?;
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
    let validity = times.judge(now);
    if validity == Validity::NotYetIssued {
        return Err(PackError::ClockBeforeCreation {
            created: times.produced_at,
        });
    }
    Ok(PackedStatusList {
        uri,
        bitstring,
        aspect: Aspect::State,
        issuer: issuer.identifier.clone(),
        times,
        validity,
        bits,
        universe,
        sets: vec![(Status::Invalid, invalid), (Status::Suspended, suspended)],
        signer: Some(Arc::new(ListSigner::of(&signer.chain))),
    })
}
