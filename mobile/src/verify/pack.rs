//! The pack of a merchant's verifier: checked, kept by the app, and used.

use std::sync::{Arc, PoisonError};

use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{ApplyError, Pack, PackError, PackTools, PreparedMemory, is_delta};
use symbolon_verifier::{PackCredentials, Tools};

use super::{Core, Verifier, VerifierError};

/// A pack that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PackShown {
    /// Its sequence: the next one has a higher.
    pub sequence: u64,
    /// When it was made: seconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// Until when it is fresh: seconds since 1970-01-01T00:00:00Z.
    pub valid_until: i64,
    /// How many status lists it has.
    pub status_lists: u64,
}

/// The bytes of a pack, and of the form in which it was applied.
pub(super) struct HeldPack {
    pub(super) pack: Vec<u8>,
    pub(super) form: Vec<u8>,
}

/// A new pack that passed every check and is not used yet. Keep `pack` and then `form`, each durably in place of the one before, and only
/// then call `use_now`: whatever interrupts this leaves a pack that opens.
#[derive(uniffi::Object)]
pub struct PreparedPack {
    core: Arc<Core>,
    prepared: PreparedMemory,
    shown: PackShown,
}

#[uniffi::export]
impl Verifier {
    /// Checks a new pack, or a delta of the pack that is in use, by the root of trust and by what was accepted before. It is used once
    /// the app keeps it.
    pub fn prepare_pack(&self, incoming: Vec<u8>) -> Result<Arc<PreparedPack>, VerifierError> {
        let in_use = self.core.held();
        let in_use = in_use.as_ref().map(|held| held.pack.as_slice());
        self.core.prepare(&incoming, in_use).map(Arc::new)
    }

    /// Uses the pack that the app keeps, from now on: when the app starts. With the form that was kept beside it the signatures need not be
    /// verified again; a form that is missing, damaged or of another pack costs time alone. A delta is for `prepare_pack`.
    ///
    /// Of a pack that is refused here, because its time is over for example, nothing is used but the revocation lists of certificates: whom they take back
    /// stays taken back.
    #[uniffi::method(default(form = None))]
    pub fn use_pack(&self, pack: Vec<u8>, form: Option<Vec<u8>>) -> Result<PackShown, VerifierError> {
        if is_delta(&pack) {
            return Err(VerifierError::PackRefused);
        }
        let reused = match form {
            Some(form) => self
                .core
                .reuse(&pack, &form)
                .map(|shown| shown.map(|it| (it, form))),
            None => Ok(None),
        };
        let prepared = match reused {
            Ok(Some((shown, form))) => {
                self.core.hold(pack, form);
                return Ok(shown);
            }
            Ok(None) => self.core.prepare(&pack, None),
            Err(error) => Err(error),
        };
        match prepared {
            Ok(prepared) => prepared.use_now(),
            Err(error) => {
                self.core.hold_refused(pack);
                Err(error)
            }
        }
    }

    /// The pack that is in use. Every judgement rests on what was known when it was made: show since when.
    pub fn pack_in_use(&self) -> Result<Option<PackShown>, VerifierError> {
        let now = self.core.now()?;
        self.core
            .with_pack(now, |opened| opened?.as_ref().ok().map(PackShown::of))
    }
}

#[uniffi::export]
impl PreparedPack {
    /// The pack: what to keep first.
    pub fn pack(&self) -> Vec<u8> {
        self.prepared.applied().pack.clone()
    }

    /// Its form: what to keep beside it. It is this verifier's own and is handed on to nobody.
    pub fn form(&self) -> Vec<u8> {
        self.prepared.applied().form.clone()
    }

    /// What it is.
    pub fn shown(&self) -> PackShown {
        self.shown
    }

    /// Remembers the pack and uses it from now on; every older one is refused. `PackOlder` when another was accepted since this one
    /// was prepared: prepare it again.
    pub fn use_now(&self) -> Result<PackShown, VerifierError> {
        let remembered = self.core.memory.remember(&self.prepared)?;
        remembered.map_err(|_| VerifierError::PackOlder)?;
        let applied = self.prepared.applied();
        self.core.hold(applied.pack.clone(), applied.form.clone());
        Ok(self.shown)
    }
}

impl Core {
    /// The pack in use, as bytes.
    pub(super) fn held(&self) -> Option<Arc<HeldPack>> {
        self.pack.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, pack: Vec<u8>, form: Vec<u8>) {
        let held = Some(Arc::new(HeldPack { pack, form }));
        *self.pack.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// Keeps a pack that does not open, where there is no other one: its revocation lists count all the same, and it may be over by a wrong clock alone.
    fn hold_refused(&self, pack: Vec<u8>) {
        if pack.len() > MAX_PACK_BYTES {
            return;
        }
        let mut held = self.pack.lock().unwrap_or_else(PoisonError::into_inner);
        let form = Vec::new();
        held.get_or_insert_with(|| Arc::new(HeldPack { pack, form }));
    }

    /// Opens the pack in use, where there is one, against what is remembered: it may have expired since.
    pub(super) fn with_pack<T>(
        &self,
        now: UnixTime,
        act: impl FnOnce(Option<Result<Pack<'_>, PackError>>) -> T,
    ) -> Result<T, VerifierError> {
        let Some(held) = self.held() else {
            return Ok(act(None));
        };
        let opened = with_tools(|tools| self.memory.accept(&held.pack, &held.form, &self.root, tools, now))?;
        Ok(act(Some(opened)))
    }

    /// Opens a kept pack by its form; `None` where the form is not the one that was sealed.
    fn reuse(&self, pack: &[u8], form: &[u8]) -> Result<Option<PackShown>, VerifierError> {
        let now = self.now()?;
        let opened = with_tools(|tools| self.memory.accept(pack, form, &self.root, tools, now))?;
        let opened = opened?;
        Ok(opened.is_sealed().then(|| PackShown::of(&opened)))
    }

    fn prepare(
        self: &Arc<Self>,
        incoming: &[u8],
        in_use: Option<&[u8]>,
    ) -> Result<PreparedPack, VerifierError> {
        if incoming.len() > MAX_PACK_BYTES {
            return Err(VerifierError::PackRefused);
        }
        let now = self.now()?;
        let prepared = with_tools(|tools| self.memory.prepare(incoming, in_use, &self.root, tools, now))??;
        let applied = prepared.applied();
        let (pack, form, memory) = (&applied.pack, &applied.form, &applied.memory);
        let shown = with_tools(|tools| Pack::open_applied(pack, form, &self.root, tools, now, memory))
            .map(|pack| PackShown::of(&pack))?;
        Ok(PreparedPack {
            core: Arc::clone(self),
            prepared,
            shown,
        })
    }
}

/// Status list credentials with Data Integrity proofs need JSON-LD, which an app does not carry; those that are JWTs are verified.
fn with_tools<T>(act: impl FnOnce(PackTools<'_>) -> T) -> T {
    let credentials = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
    act(PackTools::new(&RustCryptoProvider).with_credentials(&credentials))
}

impl PackShown {
    fn of(pack: &Pack<'_>) -> Self {
        Self {
            sequence: pack.sequence(),
            created: pack.created().seconds(),
            valid_until: pack.valid_until().seconds(),
            status_lists: u64::try_from(pack.status_lists().count()).unwrap_or(u64::MAX),
        }
    }
}

impl From<ApplyError> for VerifierError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Pack(error) => error.into(),
            _ => Self::PackRefused,
        }
    }
}

impl From<PackError> for VerifierError {
    fn from(error: PackError) -> Self {
        match error {
            PackError::LowerSequence { .. } | PackError::SequenceReused { .. } => Self::PackOlder,
            PackError::ClockBeforeCreation { .. } => Self::ClockWrong,
            _ => Self::PackRefused,
        }
    }
}

/// 1.4 billion credentials at 1 % revoked are 14 MB.
const MAX_PACK_BYTES: usize = 256 << 20;
