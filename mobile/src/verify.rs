//! The verifier of a merchant's app: judges what somebody shows, with a pack and without a network.

mod memory;
mod report;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::PackError;
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::card::{JudgedCode, judge_together};
use symbolon_verifier::input::presentations;
use symbolon_verifier::{Evidence, Expected, PackAbsence, Policy, Step, Tools, VerificationSession};
use thiserror::Error;

use crate::ports::{Time, WalletClock};

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
    /// The pack is older than one that was accepted before.
    #[error("the pack is older than the one accepted before")]
    PackOlder,
    /// The device's clock is before the making of the pack: set it.
    #[error("the device's clock is before the making of the pack")]
    ClockWrong,
    /// What was accepted before cannot be read or written, so that an older pack would not be noticed.
    #[error("the memory of the verifier cannot be used")]
    Memory,
}

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

/// Judges what somebody shows: a card's QR code, a credential, a presentation. It never uses a network; what it knows of revocations is what
/// the last pack said, and every report says "as of".
///
/// Nobody asked for what is judged here, so a holder is never proven by key: the best verdict is `Genuine`, after the photo was compared.
#[derive(uniffi::Object)]
pub struct Verifier {
    root: RootOfTrust,
    memory: memory::PackMemory,
    time: Time,
    pack: Mutex<Option<Arc<Vec<u8>>>>,
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
        let root = RootOfTrust::parse(&root_of_trust).map_err(|_| VerifierError::RootOfTrust)?;
        Ok(Arc::new(Self {
            root,
            memory: memory::PackMemory::open(Path::new(&memory))?,
            time: Time(clock),
            pack: Mutex::new(None),
        }))
    }

    /// Checks a pack, and uses it from now on. The app keeps the pack itself, and hands it in whenever it starts.
    pub fn use_pack(&self, pack: Vec<u8>) -> Result<PackShown, VerifierError> {
        if pack.len() > MAX_PACK_BYTES {
            return Err(VerifierError::PackRefused);
        }
        let shown = {
            let opened = self.memory.accept(&pack, &self.root, self.now()?)?;
            PackShown {
                sequence: opened.sequence(),
                created: opened.created().seconds(),
                valid_until: opened.valid_until().seconds(),
                status_lists: u64::try_from(opened.status_lists().count()).unwrap_or(u64::MAX),
            }
        };
        *self.pack.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(pack));
        Ok(shown)
    }

    /// Judges the texts of the codes that were shown together, or a credential or a presentation: one report for each. The two codes of one
    /// card are judged as one card.
    pub fn verify(&self, shown: Vec<String>) -> Result<Vec<CredentialReport>, VerifierError> {
        if shown.len() > MAX_CODES || shown.iter().any(|text| text.len() > MAX_INPUT_BYTES) {
            return Err(VerifierError::Unreadable);
        }
        let now = self.now()?;
        let held = self.pack.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pack = held
            .as_ref()
            .map(|bytes| self.memory.open_again(bytes, &self.root, now));
        let mut evidence = match &pack {
            Some(Ok(pack)) => Evidence::offline(pack),
            Some(Err(_)) => Evidence::offline_without_pack(&self.root.trust_list, PackAbsence::Refused),
            None => Evidence::offline_without_pack(&self.root.trust_list, PackAbsence::NotGiven),
        };
        let mut judged = Vec::new();
        for text in shown {
            for input in presentations(text.into_bytes()) {
                judged.extend(judge(&input.bytes, &mut evidence, now)?);
            }
        }
        if judged.is_empty() {
            return Err(VerifierError::Unreadable);
        }
        Ok(judge_together(judged)
            .into_iter()
            .map(CredentialReport::from)
            .collect())
    }
}

impl Verifier {
    fn now(&self) -> Result<UnixTime, VerifierError> {
        self.time.now().map_err(|_| VerifierError::ClockWrong)
    }
}

fn judge(bytes: &[u8], evidence: &mut Evidence<'_>, now: UnixTime) -> Result<Vec<JudgedCode>, VerifierError> {
    let input = Input::open(bytes).map_err(|_| VerifierError::Unreadable)?;
    let mut session = VerificationSession::new(&input, Expected::Unchecked, Policy::CHECKPOINT)
        .map_err(|_| VerifierError::Unreadable)?;
    loop {
        match session.step(evidence, Tools::without_json_ld(&RustCryptoProvider), now) {
            Step::Done(reports) => return Ok(session.into_codes(reports)),
            Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
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

/// More codes than there are on a card and its neighbours.
const MAX_CODES: usize = symbolon_verifier::card::MAX_CODES_TOGETHER;
/// Presentations with photos stay well below.
const MAX_INPUT_BYTES: usize = 4 << 20;
/// 1.4 billion credentials at 1 % revoked are 14 MB.
const MAX_PACK_BYTES: usize = 256 << 20;
