//! What a verifier remembers of the packs it accepted, so that none can be taken back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::{Certificate, RevocationList};

use super::revocation::{SeenRevocationList, is_before, series_of};

/// The state that guards against rollback. It belongs in storage that survives a power cut, and is replaced only
/// after [`Pack::open`](super::Pack::open) has accepted a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastSeen {
    /// The sequence of the pack.
    pub sequence: u64,
    /// When it was created.
    pub created: UnixTime,
    /// The root of its section table. base64url on the wire.
    #[serde(with = "base64url_hash")]
    pub root: [u8; 32],
    /// When its trust list was issued.
    pub trust_list_issued_at: UnixTime,
    /// The newest production time seen for each status list, by its URI.
    pub status_lists: BTreeMap<String, UnixTime>,
    /// The newest revocation list of certificates seen of each authority, by a digest of whose list it is and of which certificates it speaks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub revocation_lists: BTreeMap<String, SeenRevocationList>,
    /// The seal of the form in which the pack was applied, so that opening it again need not verify it again.
    /// base64url on the wire.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_base64url_hash"
    )]
    pub seal: Option<[u8; 32]>,
}

impl LastSeen {
    /// The revocation lists that were seen once, of authorities that are still believed, and that the pack in force does not have: whoever made it left
    /// them out.
    pub fn missing_revocation_lists(&self) -> impl Iterator<Item = &SeenRevocationList> {
        self.revocation_lists.values().filter(|seen| seen.missing)
    }

    /// When the newest revocation list of `issuer`, an authority of a chain that ends at `anchor`, was made that a pack had once and that is not at hand;
    /// `None` where each is. This is for whoever has a pack that does not open any more: as under one that
    /// [leaves a list out](super::Pack::left_out_revocation_list_of), nothing is known of the certificates of that authority but by a list that is at least as
    /// new. `at_hand` are the lists that authorities of the chain have signed, wherever they are from.
    #[must_use]
    pub fn left_out_revocation_list_of<'l>(
        &self,
        issuer: &Certificate,
        anchor: &Certificate,
        at_hand: impl Iterator<Item = &'l RevocationList>,
    ) -> Option<UnixTime> {
        let own = at_hand.filter(|list| list.names_issuer(issuer));
        let own: Vec<_> = own.map(|list| (series_of(list, issuer), list)).collect();
        let is_at_hand = |series: &String, seen: &SeenRevocationList| {
            let mut own = own.iter();
            own.any(|(of, list)| of == series && !is_before(list, seen))
        };
        // Of what an earlier version remembered the authority is not known, and so not whether its list is at hand, but only whether the last pack lacked it.
        let is_told_apart = |seen: &SeenRevocationList| seen.missing || !seen.authority.is_empty();
        let seen = self.revocation_lists.iter();
        let absent = seen.filter(|(series, seen)| {
            seen.is_of(issuer, anchor) && is_told_apart(seen) && !is_at_hand(series, seen)
        });
        absent.map(|(_, seen)| seen.this_update).max()
    }
}

mod optional_base64url_hash {
    use serde::{Deserializer, Serialize as _, Serializer};
    use symbolon_crypto::encoding::base64url;

    pub(super) fn serialize<S: Serializer>(
        value: &Option<[u8; 32]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|hash| base64url::encode(&hash)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[u8; 32]>, D::Error> {
        super::base64url_hash::deserialize(deserializer).map(Some)
    }
}

mod base64url_hash {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use symbolon_crypto::encoding::base64url;

    pub(super) fn serialize<S: Serializer>(value: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let bytes = base64url::decode(&String::deserialize(deserializer)?);
        bytes
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| D::Error::custom("not a base64url hash"))
    }
}
