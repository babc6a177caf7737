//! The pack that a counter judges by.

use serde::Serialize;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{
    ApplyError, Delta, DeltaError, LastSeen, Pack, PackError, PackTools, apply, claims, is_delta,
};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_trust::validity::Validity;
use symbolon_verifier::{PackCredentials, Tools};
use thiserror::Error;

/// The largest pack that a page holds, in bytes: 1.4 billion credentials at 1 % revoked are 14 MB.
pub const MAX_PACK_BYTES: usize = 128 << 20;

/// Why a pack was not accepted. What was accepted before stays in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PackProblem {
    /// It is older than one that was accepted before.
    #[error("the pack is older than the one accepted before")]
    Older,
    /// The device's clock is before the making of the pack.
    #[error("the device's clock is before the making of the pack")]
    Clock,
    /// It has expired, and its grace is over.
    #[error("the pack has expired")]
    Expired,
    /// It is not what its signers made, by nobody who is trusted, damaged, or too large.
    #[error("the pack is refused")]
    Refused,
    /// It covers less than the one that is in use: what is known of a revocation would be lost with it.
    #[error("the pack covers less than the one in use")]
    Narrower,
    /// It says what changed since another pack than the one that is here.
    #[error("the delta changes another pack than the one that is here")]
    OtherBase,
    /// What was remembered of the packs before cannot be read, so that an older one would not be noticed.
    #[error("what was remembered of earlier packs cannot be read")]
    Memory,
}

impl PackProblem {
    /// The text of the page that says it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Older => "pack-older",
            Self::Clock => "pack-clock",
            Self::Expired => "pack-expired",
            Self::Refused => "pack-refused",
            Self::Narrower => "pack-narrower",
            Self::OtherBase => "pack-other-base",
            Self::Memory => "pack-memory",
        }
    }
}

impl From<PackError> for PackProblem {
    fn from(error: PackError) -> Self {
        match error {
            PackError::LowerSequence { .. }
            | PackError::SequenceReused { .. }
            | PackError::StatusListRolledBack
            | PackError::RevocationListRolledBack
            | PackError::TrustListRolledBack => Self::Older,
            PackError::ClockBeforeCreation { .. } => Self::Clock,
            PackError::Expired { .. } | PackError::TrustListExpired { .. } => Self::Expired,
            _ => Self::Refused,
        }
    }
}

impl From<ApplyError> for PackProblem {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Pack(error) => error.into(),
            ApplyError::NothingInForce
            | ApplyError::Delta(
                DeltaError::OtherBase { .. } | DeltaError::BaseVersion | DeltaError::Base(_),
            ) => Self::OtherBase,
            _ => Self::Refused,
        }
    }
}

/// How fresh a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PackState {
    /// Within its time.
    Current,
    /// Past it, and used with a warning.
    InGrace,
}

/// What the page shows of its pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownPack {
    /// The number of the pack: the next one has a higher.
    pub sequence: u64,
    /// When it was made, as RFC 3339.
    pub created: String,
    /// Until when it is fresh, as RFC 3339.
    pub valid_until: String,
    /// When its grace is over and nothing of it is used any more, as RFC 3339.
    pub usable_until: String,
    /// How many status lists it has.
    pub status_lists: usize,
    /// How fresh it is now.
    pub state: PackState,
}

/// A pack that was accepted: what the page shows and what it keeps beside the pack, in one write with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcceptedPack {
    /// What the page shows.
    pub known: KnownPack,
    /// What guards against an older pack, to be handed in with the next one.
    pub last_seen: LastSeen,
}

/// Takes a pack, or what changed since the one in use, against what is remembered of those before: the pack to use from now on, byte for
/// byte, and what the page shows and keeps of it.
pub(crate) fn accept(
    incoming: &[u8],
    in_use: Option<&[u8]>,
    root: &RootOfTrust,
    last_seen: Option<&[u8]>,
    now: UnixTime,
) -> Result<(Vec<u8>, AcceptedPack), PackProblem> {
    if incoming.len() > MAX_PACK_BYTES {
        return Err(PackProblem::Refused);
    }
    let last: Option<LastSeen> = match last_seen {
        None => None,
        Some(remembered) => Some(serde_json::from_slice(remembered).map_err(|_| PackProblem::Memory)?),
    };
    let credentials = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
    let tools = PackTools::new(&RustCryptoProvider).with_credentials(&credentials);
    let incoming = in_use
        .filter(|in_use| makes(incoming, in_use))
        .unwrap_or(incoming);
    let applied = apply(incoming, in_use, root, tools, now, last.as_ref())?;
    if applied.pack.len() > MAX_PACK_BYTES {
        return Err(PackProblem::Refused);
    }
    // All of it has just been verified; the form says so, and nothing is verified twice.
    let pack = Pack::open_applied(&applied.pack, &applied.form, root, tools, now, &applied.memory)?;
    // What in use cannot be read any more says nothing about what it covered.
    let before = in_use.and_then(|in_use| claims(in_use).ok());
    if before.is_some_and(|before| !pack.covers(&before.scopes)) {
        return Err(PackProblem::Narrower);
    }
    let known = known(&pack);
    let accepted = AcceptedPack {
        known,
        last_seen: applied.memory,
    };
    Ok((applied.pack, accepted))
}

/// Whether a delta makes the pack that is in use already: a neighbour's animation goes on after it was read, and is filmed again. Nothing of
/// this is verified.
fn makes(incoming: &[u8], in_use: &[u8]) -> bool {
    if !is_delta(incoming) {
        return false;
    }
    Delta::parse(incoming)
        .ok()
        .zip(claims(in_use).ok())
        .is_some_and(|(delta, held)| {
            (delta.target_sequence(), *delta.target_root()) == (held.sequence, held.root)
        })
}

/// What a pack says of itself.
pub(crate) fn known(pack: &Pack<'_>) -> KnownPack {
    let in_grace = |validity| matches!(validity, Validity::InGrace { .. });
    KnownPack {
        sequence: pack.sequence(),
        created: pack.created().rfc3339(),
        valid_until: pack.valid_until().rfc3339(),
        usable_until: pack.valid_until().plus(pack.grace()).rfc3339(),
        status_lists: pack.status_lists().count(),
        state: if in_grace(pack.validity()) || in_grace(pack.trust_list_validity()) {
            PackState::InGrace
        } else {
            PackState::Current
        },
    }
}
