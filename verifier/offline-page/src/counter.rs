//! The counter: what is known, what has been seen of one person, and the verdict.

use sha2::{Digest as _, Sha256};
use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_pages::TemplateError;
use symbolon_protocol::qr_transport::{FrameDecoder, FrameError, Message, Onboarding, Progress, is_frame};
use symbolon_qr_reader::{LumaPicture, PictureSource, read_in_passing, read_luma};
use symbolon_trust::pack::{Pack, PackError, PackTools};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verdict_page::{Shown, VerdictPages};
use symbolon_verifier::card::{JudgedCode, MAX_CODES_TOGETHER, judge_together};
use symbolon_verifier::input::presentations;
use symbolon_verifier::policy::{FreshnessError, FreshnessRules};
use symbolon_verifier::{
    Evidence, Expected, PackAbsence, PackCredentials, Policy, Step, Tools, VerificationSession,
};
use thiserror::Error;

use crate::pack::{AcceptedPack, KnownPack, PackProblem, accept, known};
use crate::told::{Brought, Part, Told};

/// The most pixels of a picture that is looked at: a phone's photo has 12 million.
pub const MAX_FRAME_PIXELS: usize = 25_000_000;

/// The longest text of one thing that is shown, in bytes: a credential with a portrait, in a file.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Every so many pictures in which nothing is seen in passing, one is looked at with every means.
const LOOKS_UNTIL_THOROUGH: u32 = 6;

/// Bytes of a pixel as a canvas hands it out.
const RGBA: usize = 4;

/// Why there is no counter.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CounterError {
    /// The root of trust cannot be read.
    #[error("the root of trust cannot be used")]
    RootOfTrust,
    /// The rules of freshness cannot be used.
    #[error("the rules of freshness cannot be used")]
    Freshness(#[source] FreshnessError),
    /// A text of the page is damaged, which tests rule out.
    #[error("the page cannot be made")]
    Page(#[from] TemplateError),
}

/// Judges what people show, under one root of trust, by the pack that was accepted last.
///
/// Nobody asked for what is shown here, so a holder is never proven by key: the best verdict is `genuine`, after the photo was compared.
pub struct Counter {
    root: RootOfTrust,
    fingerprint: String,
    /// What an onboarding code may call the root of trust: the digest of the file, and that of the form in which it is published.
    digests: [[u8; 32]; 2],
    pages: VerdictPages,
    pack: Option<Vec<u8>>,
    /// A pack, or what changed since another, that an animation brought and nobody has taken yet.
    brought: Option<Vec<u8>>,
    freshness: FreshnessRules,
    /// The codes of the card or person at the counter.
    codes: Vec<Vec<u8>>,
    frames: FrameDecoder,
    looks: u32,
}

impl Counter {
    /// A counter under a root of trust, as the verifier hands it out (`trust.json`).
    ///
    /// # Errors
    /// [`CounterError`].
    pub fn open(root_of_trust: &[u8]) -> Result<Self, CounterError> {
        let root = RootOfTrust::parse(root_of_trust).map_err(|_| CounterError::RootOfTrust)?;
        let published = root.to_json().map_err(|_| CounterError::RootOfTrust)?;
        Ok(Self {
            root,
            fingerprint: fingerprint(root_of_trust),
            digests: [root_of_trust, &published].map(|bytes| Sha256::digest(bytes).into()),
            pages: VerdictPages::new(&[], "")?,
            pack: None,
            brought: None,
            freshness: FreshnessRules::AS_SIGNED,
            codes: Vec::new(),
            frames: FrameDecoder::default(),
            looks: 0,
        })
    }

    /// Says how old what is known of a status may be, by credential type, from now on: the JSON of `[verifier.freshness]`.
    ///
    /// # Errors
    /// [`CounterError::Freshness`]; the rules stay as they were.
    pub fn set_freshness(&mut self, rules: &[u8]) -> Result<(), CounterError> {
        self.freshness = FreshnessRules::from_json(rules).map_err(CounterError::Freshness)?;
        Ok(())
    }

    /// The SHA-256 of the root of trust, in groups of four hexadecimal digits, for people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Checks a pack, or what changed since the one in use, against what is remembered of those before, and uses the new one from then
    /// on: [`Counter::pack`] has it, to be kept.
    ///
    /// # Errors
    /// [`PackProblem`]; the pack before stays in use.
    pub fn accept_pack(
        &mut self,
        incoming: &[u8],
        last_seen: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<AcceptedPack, PackProblem> {
        let (pack, accepted) = accept(incoming, self.pack.as_deref(), &self.root, last_seen, now)?;
        self.pack = Some(pack);
        Ok(accepted)
    }

    /// The pack in use, byte for byte.
    #[must_use]
    pub fn pack(&self) -> Option<&[u8]> {
        self.pack.as_deref()
    }

    /// Takes what an animation brought ([`Brought::Pack`]), to be handed to [`Counter::accept_pack`].
    #[must_use]
    pub fn brought_pack(&mut self) -> Option<Vec<u8>> {
        self.brought.take()
    }

    /// Uses a pack that was accepted before, from where the page kept it. It may have expired since: every verdict opens it again.
    pub fn keep_pack(&mut self, pack: Vec<u8>) {
        self.pack = Some(pack);
    }

    /// What the page shows of the pack; `None` where there is none, or none that may be used at this time.
    #[must_use]
    pub fn known_pack(&self, now: UnixTime) -> Option<KnownPack> {
        let bytes = self.pack.as_ref()?;
        self.opened(bytes, now).ok().map(|pack| known(&pack))
    }

    /// The next person: what was seen of the one before is forgotten.
    pub fn begin(&mut self) {
        self.codes.clear();
        self.begin_other_code();
    }

    /// The other code of the same card.
    pub fn begin_other_code(&mut self) {
        self.frames = FrameDecoder::default();
        self.looks = 0;
    }

    /// Looks at a picture of the camera, as a canvas hands it out: rows of red, green, blue and alpha.
    #[must_use]
    pub fn look(&mut self, width: u32, height: u32, rgba: &[u8], language: &str, now: UnixTime) -> Told {
        let Some(picture) = grey(width, height, rgba) else {
            return Told::problem("problem-picture");
        };
        let mut found = read_in_passing(&picture);
        if found.is_empty() {
            self.looks += 1;
            if self.looks.is_multiple_of(LOOKS_UNTIL_THOROUGH) {
                found = read_luma(&picture, PictureSource::Photographed);
            }
        }
        let texts = found.into_iter().map(|code| code.content).collect();
        self.take(texts, language, now)
    }

    /// Looks at a photo or a screenshot with every means.
    #[must_use]
    pub fn examine(&mut self, width: u32, height: u32, rgba: &[u8], language: &str, now: UnixTime) -> Told {
        let Some(picture) = grey(width, height, rgba) else {
            return Told::problem("problem-too-large");
        };
        let found = read_luma(&picture, PictureSource::Photographed);
        let texts = found.into_iter().map(|code| code.content).collect();
        self.take(texts, language, now)
    }

    /// Takes the texts of codes, or a file: frames of an animation are put together, everything else is judged together with what was
    /// seen of the same person before. Nothing new is no answer.
    #[must_use]
    pub fn take(&mut self, texts: Vec<Vec<u8>>, language: &str, now: UnixTime) -> Told {
        let mut fresh = Vec::new();
        let mut part = None;
        for text in texts {
            match core::str::from_utf8(&text)
                .ok()
                .map(str::trim)
                .filter(|text| is_frame(text))
            {
                None => fresh.push(text),
                Some(frame) => match self.frames.take(frame) {
                    Ok(Progress::Assembling { known, fragments }) => part = Some(Part { known, fragments }),
                    Ok(Progress::Complete(message)) => {
                        // Another person's animation may follow.
                        self.frames = FrameDecoder::default();
                        match message {
                            Message::Credential(credential) => fresh.push(credential.into_bytes()),
                            Message::Request(_) => return Told::problem("problem-request"),
                            Message::Response(_) => return Told::problem("problem-not-asked"),
                            Message::Pack(bytes) => {
                                self.brought = Some(bytes);
                                return Told {
                                    brought: Some(Brought::Pack),
                                    ..Told::nothing()
                                };
                            }
                            Message::Onboarding(onboarding) => return self.compare(&onboarding),
                            Message::PackState(_) => return Told::problem("problem-frames"),
                        }
                    }
                    // A camera misreads; a damaged frame comes again.
                    Err(FrameError::Damaged | FrameError::NotAFrame) => {}
                    Err(error) => {
                        self.frames = FrameDecoder::default();
                        return Told::problem(match error {
                            FrameError::OverBudget => "problem-too-large",
                            _ => "problem-frames",
                        });
                    }
                },
            }
        }
        fresh.retain(|text| !self.codes.contains(text));
        fresh.dedup();
        if fresh.is_empty() {
            return Told {
                progress: part,
                ..Told::nothing()
            };
        }
        self.judge(fresh, language, now)
    }

    /// An operator's onboarding code says which root of trust is its own: whether that is the one that this page has from its server.
    fn compare(&self, onboarding: &Onboarding) -> Told {
        if self.digests.contains(&onboarding.root_of_trust) {
            Told::note("root-confirmed")
        } else {
            Told::problem("root-of-another")
        }
    }

    fn judge(&mut self, fresh: Vec<Vec<u8>>, language: &str, now: UnixTime) -> Told {
        let texts: Vec<Vec<u8>> = self.codes.iter().cloned().chain(fresh).collect();
        if texts.len() > MAX_CODES_TOGETHER || texts.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
            return Told::problem("problem-too-large");
        }
        let codes = self.judged(&texts, now);
        if codes.is_empty() {
            return Told::problem("problem-no-credential");
        }
        self.codes = texts;
        let shown: Vec<Shown> = judge_together(codes)
            .into_iter()
            .map(|report| Shown::of(report, now))
            .collect();
        let translations = self.pages.translations();
        let language = translations.matching(language).unwrap_or(translations.english());
        match self.pages.verdicts(language, &shown, None) {
            Ok(html) => Told {
                verdict: Shown::worst(&shown),
                html,
                more: shown.iter().any(Shown::lacks_face),
                ..Told::default()
            },
            Err(_) => Told::problem("problem-no-credential"),
        }
    }

    fn judged(&self, texts: &[Vec<u8>], now: UnixTime) -> Vec<JudgedCode> {
        let pack = self.pack.as_ref().map(|bytes| self.opened(bytes, now));
        let mut evidence = match &pack {
            Some(Ok(pack)) => Evidence::offline(pack),
            Some(Err(_)) => Evidence::offline_without_pack(&self.root.trust_list, PackAbsence::Refused),
            None => Evidence::offline_without_pack(&self.root.trust_list, PackAbsence::NotGiven),
        };
        let policy = Policy::CHECKPOINT.with_freshness(self.freshness.clone());
        let mut judged = Vec::new();
        let inputs = texts
            .iter()
            .cloned()
            .flat_map(presentations)
            .take(MAX_CODES_TOGETHER);
        for input in inputs {
            judged.extend(judge(&input.bytes, &policy, &mut evidence, now).unwrap_or_default());
        }
        judged
    }

    fn opened<'p>(&self, bytes: &'p [u8], now: UnixTime) -> Result<Pack<'p>, PackError> {
        let credentials = PackCredentials::new(Tools::without_json_ld(&RustCryptoProvider));
        let tools = PackTools::new(&RustCryptoProvider).with_credentials(&credentials);
        Pack::open_with(bytes, &self.root, tools, now, None)
    }
}

/// The reports on one thing that is shown; `None` where it has the form of no credential.
fn judge(
    bytes: &[u8],
    policy: &Policy,
    evidence: &mut Evidence<'_>,
    now: UnixTime,
) -> Option<Vec<JudgedCode>> {
    let input = Input::open(bytes).ok()?;
    let mut session = VerificationSession::new(&input, Expected::Unchecked, policy.clone()).ok()?;
    loop {
        match session.step(evidence, Tools::without_json_ld(&RustCryptoProvider), now) {
            Step::Done(reports) => return Some(session.into_codes(reports)),
            Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
        }
    }
}

/// Grey levels, with the weights of ITU-R BT.601; what is transparent is seen on white.
fn grey(width: u32, height: u32, rgba: &[u8]) -> Option<LumaPicture> {
    if rgba.len() > MAX_FRAME_PIXELS * RGBA {
        return None;
    }
    let pixels = rgba.chunks_exact(RGBA).map(|pixel| match pixel {
        &[red, green, blue, alpha] => {
            let level = (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1_000;
            let alpha = u32::from(alpha);
            u8::try_from((level * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
        }
        _ => 255,
    });
    LumaPicture::new(width, height, pixels.collect())
}

fn fingerprint(root_of_trust: &[u8]) -> String {
    use core::fmt::Write as _;
    let digest = Sha256::digest(root_of_trust);
    let mut text = String::with_capacity(80);
    for (at, byte) in digest.iter().enumerate() {
        if at > 0 && at % 2 == 0 {
            text.push(' ');
        }
        let _ = write!(text, "{byte:02X}");
    }
    text
}
