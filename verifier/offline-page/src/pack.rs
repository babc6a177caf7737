//! The pack that a counter judges by.

use core::convert::Infallible;
use std::borrow::Cow;

use serde::Serialize;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::distribution::{HeldPack, PackIndex, PlanError};
use symbolon_trust::pack::{
    ApplyError, DeltaError, Pack, PackError, PackMemory, PackMemoryError, PackTools, claims, makes_again,
    unverified_revocation_lists,
};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_trust::validity::Validity;
use symbolon_verifier::{Evidence, PackAbsence, PackCredentials, Tools};
use thiserror::Error;

use crate::memory::BrowserMemory;

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
    /// Whom to believe is not known yet.
    #[error("there is no root of trust")]
    NoRoot,
    /// What stands at the address of packs offers none that could be taken.
    #[error("the address of packs offers none of this scope")]
    Address,
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
            Self::NoRoot => "root-none",
            Self::Address => "pack-address",
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

impl From<PackMemoryError<Infallible>> for PackProblem {
    fn from(_: PackMemoryError<Infallible>) -> Self {
        Self::Memory
    }
}

impl From<PlanError> for PackProblem {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::NoSuchScope => Self::Address,
            PlanError::Behind { .. } => Self::Older,
            _ => Self::Refused,
        }
    }
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
}

/// How much the pack is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PackState {
    /// There is none.
    None,
    /// Within its time.
    Current,
    /// Past it, and used with a warning.
    InGrace,
    /// Past its grace: nothing of it is used.
    Over,
    /// Made after what this device's clock says: nothing of it is used.
    Clock,
    /// Nothing of it is used for another reason: it cannot be read any more, or what was seen of earlier ones cannot.
    Refused,
}

/// Who says whom to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Believed {
    /// The pack.
    Pack,
    /// The list that came with the root of trust.
    Root,
    /// Nobody: the list of the root of trust is over, or older than one that was seen in a pack.
    Nobody,
}

/// The pack and whom to believe, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The pack, where it is used.
    pub known: Option<KnownPack>,
    /// How much it is worth.
    pub state: PackState,
    /// Who says whom to believe.
    pub believed: Believed,
}

/// The pack of this device, and what is remembered of it and of those before.
pub(crate) struct PackInUse {
    kept: BrowserMemory,
    memory: PackMemory<BrowserMemory>,
    pack: Option<Vec<u8>>,
    form: Vec<u8>,
}

impl PackInUse {
    pub(crate) fn none() -> Self {
        let kept = BrowserMemory::default();
        Self {
            memory: PackMemory::new(kept.clone()),
            kept,
            pack: None,
            form: Vec::new(),
        }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.pack.as_deref()
    }

    pub(crate) fn form(&self) -> &[u8] {
        &self.form
    }

    pub(crate) fn memory(&self) -> Option<Vec<u8>> {
        self.kept.kept()
    }

    /// What the browser keeps. It may have expired since: every verdict opens it again.
    pub(crate) fn resume(&mut self, pack: Option<Vec<u8>>, form: Vec<u8>, memory: Option<Vec<u8>>) {
        self.kept.resume(memory);
        self.pack = pack;
        self.form = form;
    }

    /// Takes a pack, or what changed since the one in use. Remembered and in use from then on, it is the caller's to keep.
    pub(crate) fn accept(
        &mut self,
        incoming: &[u8],
        root: &RootOfTrust,
        now: UnixTime,
    ) -> Result<KnownPack, PackProblem> {
        if incoming.len() > MAX_PACK_BYTES {
            return Err(PackProblem::Refused);
        }
        let in_use = self.pack.as_deref();
        // A neighbour's animation goes on after it was read, and is filmed again.
        let incoming = in_use
            .filter(|in_use| makes_again(incoming, in_use))
            .unwrap_or(incoming);
        let prepared = with_tools(|tools| self.memory.prepare(incoming, in_use, root, tools, now))??;
        let applied = prepared.applied();
        if applied.pack.len() > MAX_PACK_BYTES {
            return Err(PackProblem::Refused);
        }
        // All of it has just been verified; the form says so, and nothing is verified twice.
        let opened = with_tools(|tools| {
            Pack::open_applied(&applied.pack, &applied.form, root, tools, now, &applied.memory)
        })?;
        // What in use cannot be read any more says nothing about what it covered.
        let before = in_use.and_then(|in_use| claims(in_use).ok());
        if before.is_some_and(|before| !opened.covers(&before.scopes)) {
            return Err(PackProblem::Narrower);
        }
        let known = known(&opened);
        // Nothing comes between: the counter has the memory for itself.
        self.memory.remember(&prepared)?.map_err(|_| PackProblem::Older)?;
        let applied = prepared.applied();
        self.pack = Some(applied.pack.clone());
        self.form.clone_from(&applied.form);
        Ok(known)
    }

    /// Judges by the pack, or without it where there is none that may be used. A list that came with the root of trust never takes the place of
    /// a newer one that was seen in a pack.
    pub(crate) fn judging<T>(
        &self,
        root: &RootOfTrust,
        now: UnixTime,
        act: impl FnOnce(&mut Evidence<'_>) -> T,
    ) -> Result<T, PackProblem> {
        let seen = self.memory.last_seen()?;
        let opened = self.opened(root, now)?;
        let over = self.pack.as_deref().filter(|_| matches!(opened, Some(Err(_))));
        let revoked = over.map(unverified_revocation_lists).unwrap_or_default();
        let without =
            |absence| Evidence::offline_without_pack(absence, &root.trust_list, &revoked, seen.as_ref());
        let mut evidence = match &opened {
            Some(Ok(pack)) => Evidence::offline(pack),
            Some(Err(_)) => without(PackAbsence::Refused),
            None => without(PackAbsence::NotGiven),
        };
        Ok(act(&mut evidence))
    }

    /// Asks the list of whom to believe now, as [`PackInUse::judging`] does.
    pub(crate) fn believing<T>(
        &self,
        root: &RootOfTrust,
        now: UnixTime,
        ask: impl FnOnce(&TrustList) -> T,
    ) -> Result<T, PackProblem> {
        let list = self.list_without_pack(root)?;
        Ok(match self.opened(root, now)? {
            Some(Ok(pack)) => ask(pack.trust_list()),
            _ => ask(&list),
        })
    }

    /// What the page says of it.
    pub(crate) fn standing(&self, root: &RootOfTrust, now: UnixTime) -> Standing {
        let (known, state) = match self.opened(root, now) {
            Ok(Some(Ok(pack))) => (Some(known(&pack)), state(&pack)),
            Ok(None) => (None, PackState::None),
            Ok(Some(Err(error))) => (None, state_of(&error)),
            Err(_) => (None, PackState::Refused),
        };
        let list = self.list_without_pack(root);
        let in_time =
            list.is_ok_and(|list| matches!(list.validity(now), Validity::Current | Validity::InGrace { .. }));
        let believed = match (&known, in_time) {
            (Some(_), _) => Believed::Pack,
            (None, true) => Believed::Root,
            (None, false) => Believed::Nobody,
        };
        Standing {
            known,
            state,
            believed,
        }
    }

    /// What to fetch of what an address of packs offers: the name of a file beside its index, nothing where the pack in use is the newest.
    pub(crate) fn wanted(
        &self,
        index: &[u8],
        scope: Option<&str>,
        how: Fetching,
    ) -> Result<Option<String>, PackProblem> {
        let index = PackIndex::parse(index).map_err(|_| PackProblem::Address)?;
        let held = self.pack.as_deref().and_then(|pack| HeldPack::of(pack).ok());
        let budget = u64::try_from(MAX_PACK_BYTES).unwrap_or(u64::MAX);
        let plan = index.plan(scope, held, budget)?;
        if how == Fetching::Changes || plan.file().is_none() {
            return Ok(plan.file().map(|file| file.name.as_str().to_owned()));
        }
        let whole = index.pack(scope).ok_or(PackProblem::Address)?;
        // The plan was to fetch what changed, which says nothing of how large the whole is.
        if whole.full.bytes > budget {
            return Err(PackProblem::Refused);
        }
        Ok(Some(whole.full.name.as_str().to_owned()))
    }

    fn list_without_pack<'r>(&self, root: &'r RootOfTrust) -> Result<Cow<'r, TrustList>, PackProblem> {
        let seen = self.memory.last_seen()?;
        let newest = seen.map(|seen| seen.trust_list_issued_at);
        Ok(root.trust_list.unless_superseded(newest))
    }

    fn opened(
        &self,
        root: &RootOfTrust,
        now: UnixTime,
    ) -> Result<Option<Result<Pack<'_>, PackError>>, PackProblem> {
        let Some(pack) = &self.pack else {
            return Ok(None);
        };
        let opened = with_tools(|tools| self.memory.accept(pack, &self.form, root, tools, now))?;
        Ok(Some(opened))
    }
}

/// Whether what changed will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetching {
    /// What changed since the pack in use, where that is offered.
    Changes,
    /// The whole pack, as what changed did not fit.
    Whole,
}

/// Status list credentials with Data Integrity proofs need JSON-LD, which a page does not carry; those that are JWTs are verified.
fn with_tools<T>(act: impl FnOnce(PackTools<'_>) -> T) -> T {
    let credentials = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
    act(PackTools::new(&RustCryptoProvider).with_credentials(&credentials))
}

/// What a pack says of itself.
fn known(pack: &Pack<'_>) -> KnownPack {
    KnownPack {
        sequence: pack.sequence(),
        created: pack.created().rfc3339(),
        valid_until: pack.valid_until().rfc3339(),
        usable_until: pack.valid_until().plus(pack.grace()).rfc3339(),
        status_lists: pack.status_lists().count(),
    }
}

fn state(pack: &Pack<'_>) -> PackState {
    let in_grace = |validity| matches!(validity, Validity::InGrace { .. });
    if in_grace(pack.validity()) || in_grace(pack.trust_list_validity()) {
        PackState::InGrace
    } else {
        PackState::Current
    }
}

fn state_of(error: &PackError) -> PackState {
    match error {
        PackError::Expired { .. } | PackError::TrustListExpired { .. } => PackState::Over,
        PackError::ClockBeforeCreation { .. } => PackState::Clock,
        _ => PackState::Refused,
    }
}
