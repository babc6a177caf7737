//! The verifier of a merchant's app: judges what somebody shows, with a pack and without a network.

mod answer;
mod by_codes;
mod identity;
mod memory;
mod pack;
mod reader;
mod report;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{PackMemory, unverified_revocation_lists};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::card::judge_together;
use symbolon_verifier::input::presentations;
use symbolon_verifier::offline::Judge;
use symbolon_verifier::policy::FreshnessRules;
use symbolon_verifier::{Evidence, Expected, PackAbsence, Policy, Tools};
use symbolon_wallet_core::Languages;
use thiserror::Error;

use crate::codes::CodeMessage;
use crate::ports::{Time, WalletClock};

pub use answer::{AnsweredQuery, JudgedAnswer};
pub use by_codes::{AnswerByCodes, AskByCodes};
pub use identity::VerifierIdentity;
use memory::Kept;
pub use memory::{MemoryFailure, VerifierMemory};
use pack::HeldPack;
pub use pack::{PackShown, PreparedPack};
pub use reader::{EngagedPhone, ProximityReader, ReaderEvent};
pub use report::{
    AuthenticState, CheckResult, CredentialReport, HolderState, Photo, ReportCheck, ReportClaim,
    ReportWarning, StatusState, TrustState, Verdict,
};

/// Why nothing was judged. A negative verdict is a report, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum VerifierError {
    /// The root of trust cannot be read.
    #[error("the root of trust cannot be used")]
    RootOfTrust,
    /// What was shown has the form of no credential or presentation, or is too large: scan again.
    #[error("what was shown is no credential")]
    Unreadable,
    /// The pack is refused, and nothing of it used: fetch another one. What was accepted before stays in use.
    #[error("the pack was refused")]
    PackRefused,
    /// The pack is older than one that was accepted before, or another was accepted since it was prepared.
    #[error("the pack is older than the one accepted before")]
    PackOlder,
    /// The device's clock is before the making of the pack: set it.
    #[error("the device's clock is before the making of the pack")]
    ClockWrong,
    /// What was accepted before cannot be read or written, so that an older pack would not be noticed.
    #[error("the memory of the verifier cannot be used")]
    Memory,
    /// The query cannot be read, or says more than can be asked in this way.
    #[error("the query cannot be asked")]
    Query,
    /// Key and certificates of the verifier cannot be used.
    #[error("the identity of the verifier cannot be used")]
    Identity,
    /// The key of the verifier waits for the person: ask, and call again.
    #[error("the key of the verifier is locked")]
    KeyLocked,
    /// Key store or randomness of the device failed: try again.
    #[error("the device failed")]
    DeviceFailed,
    /// The request has expired or was answered: ask again.
    #[error("the request is over")]
    AskOver,
    /// What came is no answer to this request: it answers another one, or another device asked.
    #[error("this is no answer to the request")]
    ForeignAnswer,
    /// The code is no engagement that a reader can follow: scan again.
    #[error("the code is no engagement")]
    Engagement,
    /// The rules of freshness cannot be read, or say something that cannot be.
    #[error("the rules of freshness cannot be used")]
    Rules,
    /// The session is at another point, or over.
    #[error("the session is at another point")]
    WrongStage,
}

/// Judges what somebody shows: a card's QR code, a credential, a presentation. It never uses a network; what it knows of revocations is what
/// the last pack said, and every report says "as of".
///
/// Nobody asked for what `verify` judges, so a holder is never proven by key there: the best verdict is `Genuine`, after the photo was
/// compared. `ask_by_codes` and `read_phone` ask, and the holder proves a key.
#[derive(uniffi::Object)]
pub struct Verifier {
    pub(crate) core: Arc<Core>,
}

/// What a verifier knows, shared with what it asked.
pub(crate) struct Core {
    root: RootOfTrust,
    memory: PackMemory<Kept>,
    time: Time,
    pack: Mutex<Option<Arc<HeldPack>>>,
    freshness: Mutex<FreshnessRules>,
}

#[uniffi::export]
impl Verifier {
    /// A verifier under this root of trust, as the registry operator hands it out. What packs were accepted is remembered in the file at
    /// `memory`, which is made when absent; its folder must exist. Without `clock` the device's clock is used.
    #[uniffi::constructor]
    pub fn open(
        root_of_trust: Vec<u8>,
        memory: String,
        clock: Option<Arc<dyn WalletClock>>,
    ) -> Result<Arc<Self>, VerifierError> {
        let memory = Kept::in_file(Path::new(&memory))?;
        Self::with_memory(&root_of_trust, memory, clock)
    }

    /// The same with a memory of the app's own.
    #[uniffi::constructor]
    pub fn open_with(
        root_of_trust: Vec<u8>,
        memory: Arc<dyn VerifierMemory>,
        clock: Option<Arc<dyn WalletClock>>,
    ) -> Result<Arc<Self>, VerifierError> {
        Self::with_memory(&root_of_trust, Kept::App(memory), clock)
    }

    /// Says how old what is known of a status may be, by credential type, from now on: the JSON of the verifier's `freshness`
    /// (`docs/shop.md`). Before it is called everything counts as long as its signer allows.
    pub fn set_freshness(&self, rules: Vec<u8>) -> Result<(), VerifierError> {
        let rules = FreshnessRules::from_json(&rules).map_err(|_| VerifierError::Rules)?;
        *self.core.freshness.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// Judges the texts of the codes that were shown together, or a credential or a presentation: one report for each. The two codes of one
    /// card are judged as one card. `languages` are those that the person at the counter reads, best first.
    #[uniffi::method(default(languages = []))]
    pub fn verify(
        &self,
        shown: Vec<String>,
        languages: Vec<String>,
    ) -> Result<Vec<CredentialReport>, VerifierError> {
        self.verify_each(shown.into_iter().map(String::into_bytes).collect(), languages)
    }

    /// The same for what a `CodeReader` put together: a credential that somebody shows without having been asked.
    #[uniffi::method(default(languages = []))]
    pub fn verify_message(
        &self,
        message: CodeMessage,
        languages: Vec<String>,
    ) -> Result<Vec<CredentialReport>, VerifierError> {
        match message {
            CodeMessage::Credential { text } => self.verify_each(vec![text.into_bytes()], languages),
            CodeMessage::Mdoc { bytes } => self.verify_each(vec![bytes], languages),
            CodeMessage::Request { .. } | CodeMessage::Response { .. } => Err(VerifierError::Unreadable),
        }
    }
}

impl Core {
    fn now(&self) -> Result<UnixTime, VerifierError> {
        self.time.now().map_err(|_| VerifierError::ClockWrong)
    }

    /// Judges with the pack that is in use, where there is one.
    fn judging<T>(&self, act: impl FnOnce(Judge<'_>, &mut Evidence<'_>) -> T) -> Result<T, VerifierError> {
        let now = self.now()?;
        let freshness = self
            .freshness
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let seen = self.memory.last_seen()?;
        self.with_pack(now, |opened| {
            let held = self.held().filter(|_| matches!(opened, Some(Err(_))));
            let revoked = held
                .map(|held| unverified_revocation_lists(&held.pack))
                .unwrap_or_default();
            let without = |absence| {
                Evidence::offline_without_pack(absence, &self.root.trust_list, &revoked, seen.as_ref())
            };
            let mut evidence = match &opened {
                Some(Ok(pack)) => Evidence::offline(pack),
                Some(Err(_)) => without(PackAbsence::Refused),
                None => without(PackAbsence::NotGiven),
            };
            let judge = Judge {
                tools: Tools::without_json_ld(&RustCryptoProvider),
                policy: Policy::CHECKPOINT.with_freshness(freshness),
                now,
            };
            act(judge, &mut evidence)
        })
    }
}

impl Verifier {
    fn with_memory(
        root_of_trust: &[u8],
        memory: Kept,
        clock: Option<Arc<dyn WalletClock>>,
    ) -> Result<Arc<Self>, VerifierError> {
        let root = RootOfTrust::parse(root_of_trust).map_err(|_| VerifierError::RootOfTrust)?;
        Ok(Arc::new(Self {
            core: Arc::new(Core {
                root,
                memory: PackMemory::new(memory),
                time: Time(clock),
                pack: Mutex::new(None),
                freshness: Mutex::new(FreshnessRules::AS_SIGNED),
            }),
        }))
    }

    fn verify_each(
        &self,
        shown: Vec<Vec<u8>>,
        languages: Vec<String>,
    ) -> Result<Vec<CredentialReport>, VerifierError> {
        if shown.len() > MAX_CODES || shown.iter().any(|bytes| bytes.len() > MAX_INPUT_BYTES) {
            return Err(VerifierError::Unreadable);
        }
        let inputs: Vec<_> = shown.into_iter().flat_map(presentations).collect();
        let judged = self.core.judging(|judge, evidence| {
            let mut judged = Vec::new();
            for input in &inputs {
                let input = Input::open(&input.bytes).map_err(|_| VerifierError::Unreadable)?;
                let found = judge.judge(&input, Expected::Unchecked, evidence);
                judged.extend(found.map_err(|_| VerifierError::Unreadable)?);
            }
            Ok::<_, VerifierError>(judged)
        })??;
        if judged.is_empty() {
            return Err(VerifierError::Unreadable);
        }
        let languages = Languages::new(languages);
        let reports = judge_together(judged).into_iter();
        Ok(reports
            .map(|report| CredentialReport::of(report, &languages))
            .collect())
    }
}

/// More codes than there are on a card and its neighbours.
const MAX_CODES: usize = symbolon_verifier::card::MAX_CODES_TOGETHER;
/// Presentations with photos stay well below.
const MAX_INPUT_BYTES: usize = 4 << 20;
