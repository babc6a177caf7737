//! The counter: what is known, what has been seen of one person, and the verdict.

use sha2::{Digest as _, Sha256};
use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_pages::TemplateError;
use symbolon_protocol::qr_transport::{FrameDecoder, FrameError, Message, Onboarding, Progress, is_frame};
use symbolon_qr_reader::{LumaPicture, PictureSource, read_in_passing, read_luma};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_verdict_page::{Conclusion, Shown, VerdictPages};
use symbolon_verifier::card::{JudgedCode, MAX_CODES_TOGETHER, judge_together};
use symbolon_verifier::input::presentations;
use symbolon_verifier::offline::Judge;
use symbolon_verifier::policy::{FreshnessError, FreshnessRules};
use symbolon_verifier::{Evidence, Expected, Policy, Tools};
use thiserror::Error;

use crate::asking::Asking;
use crate::onboarding::digests;
use crate::pack::{Fetching, KnownPack, PackInUse, PackProblem, Standing};
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

/// Whom a counter believes.
struct Root {
    trusted: RootOfTrust,
    fingerprint: String,
    digests: [[u8; 32]; 2],
}

/// Judges what people show, under one root of trust, by the pack that was accepted last.
///
/// Nobody asked for what is merely shown here, so its holder is not proven by key: the best verdict is `genuine`, after the photo was compared. What
/// answers a request of the page's own ([`Counter::pose`]) is judged against what was asked, and the holder proves a key.
pub struct Counter {
    root: Option<Root>,
    pages: VerdictPages,
    pack: PackInUse,
    /// A pack, or what changed since another, that an animation brought and nobody has taken yet.
    brought: Option<Vec<u8>>,
    freshness: FreshnessRules,
    pub(crate) asking: Asking,
    /// The onboarding code that was read last.
    pub(crate) offered: Option<Onboarding>,
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
        let trusted = RootOfTrust::parse(root_of_trust).map_err(|_| CounterError::RootOfTrust)?;
        let root = Root {
            fingerprint: fingerprint(root_of_trust),
            digests: digests(root_of_trust, &trusted),
            trusted,
        };
        Ok(Self {
            root: Some(root),
            ..Self::without_root()?
        })
    }

    /// A counter that believes nobody: it reads onboarding codes alone, and judges nothing.
    ///
    /// # Errors
    /// [`CounterError::Page`].
    pub fn without_root() -> Result<Self, CounterError> {
        Ok(Self {
            root: None,
            pages: VerdictPages::new(&[], "")?,
            pack: PackInUse::none(),
            brought: None,
            freshness: FreshnessRules::AS_SIGNED,
            asking: Asking::default(),
            offered: None,
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
    pub fn fingerprint(&self) -> Option<&str> {
        self.root.as_ref().map(|root| root.fingerprint.as_str())
    }

    /// Asks the list of whom this device believes now; nothing where there is none.
    pub(crate) fn believing<T>(&self, now: UnixTime, ask: impl FnOnce(&TrustList) -> T) -> Option<T> {
        let root = self.root.as_ref()?;
        self.pack.believing(&root.trusted, now, ask).ok()
    }

    pub(crate) fn digests(&self) -> Option<[[u8; 32]; 2]> {
        self.root.as_ref().map(|root| root.digests)
    }

    /// Checks a pack, or what changed since the one in use, against what is remembered of those before, and uses the new one from then
    /// on: [`Counter::pack`], [`Counter::pack_form`] and [`Counter::pack_memory`] have what is to be kept, in one write.
    ///
    /// # Errors
    /// [`PackProblem`]; the pack before stays in use.
    pub fn accept_pack(&mut self, incoming: &[u8], now: UnixTime) -> Result<KnownPack, PackProblem> {
        let root = self.root.as_ref().ok_or(PackProblem::NoRoot)?;
        let known = self.pack.accept(incoming, &root.trusted, now)?;
        self.compile_asks(now);
        Ok(known)
    }

    /// The pack in use, byte for byte.
    #[must_use]
    pub fn pack(&self) -> Option<&[u8]> {
        self.pack.bytes()
    }

    /// The form in which it was applied, so that it opens without verifying every signature again. It is this device's own.
    #[must_use]
    pub fn pack_form(&self) -> &[u8] {
        self.pack.form()
    }

    /// What is remembered of it and of those before, which guards against an older one.
    #[must_use]
    pub fn pack_memory(&self) -> Option<Vec<u8>> {
        self.pack.memory()
    }

    /// Takes what an animation brought ([`Brought::Pack`]), to be handed to [`Counter::accept_pack`].
    #[must_use]
    pub fn brought_pack(&mut self) -> Option<Vec<u8>> {
        self.brought.take()
    }

    /// Goes on with what the page kept of [`Counter::pack`], [`Counter::pack_form`] and [`Counter::pack_memory`]. An empty form is none.
    pub fn resume_pack(
        &mut self,
        pack: Option<Vec<u8>>,
        form: Vec<u8>,
        memory: Option<Vec<u8>>,
        now: UnixTime,
    ) {
        self.pack.resume(pack, form, memory);
        self.compile_asks(now);
    }

    /// What the page says of its pack, and of whom it believes; `None` where it has no root of trust.
    #[must_use]
    pub fn standing(&self, now: UnixTime) -> Option<Standing> {
        let root = self.root.as_ref()?;
        Some(self.pack.standing(&root.trusted, now))
    }

    /// What to fetch of what an address of packs offers: the name of a file beside its index, nothing where the pack in use is the newest.
    ///
    /// # Errors
    /// [`PackProblem`].
    pub fn wanted(
        &self,
        index: &[u8],
        scope: Option<&str>,
        how: Fetching,
    ) -> Result<Option<String>, PackProblem> {
        self.pack.wanted(index, scope, how)
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
                            Message::Response(jwe) => return self.take_answer(&jwe, now),
                            Message::Pack(bytes) => {
                                self.brought = Some(bytes);
                                return Told {
                                    brought: Some(Brought::Pack),
                                    ..Told::nothing()
                                };
                            }
                            Message::Onboarding(onboarding) => return self.offer(onboarding),
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

    fn judge(&mut self, fresh: Vec<Vec<u8>>, language: &str, now: UnixTime) -> Told {
        let texts: Vec<Vec<u8>> = self.codes.iter().cloned().chain(fresh).collect();
        if texts.len() > MAX_CODES_TOGETHER || texts.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
            return Told::problem("problem-too-large");
        }
        let codes = match self.judged(&texts, now) {
            Ok(codes) => codes,
            Err(problem) => return Told::problem(problem.text()),
        };
        if codes.is_empty() {
            return Told::problem("problem-no-credential");
        }
        self.codes = texts;
        let shown: Vec<Shown> = judge_together(codes)
            .into_iter()
            .map(|report| Shown::of(report, now))
            .collect();
        self.tell(language, &shown, None)
    }

    /// The part of the page that shows these reports, and what is said of them as a whole.
    pub(crate) fn tell(&self, language: &str, shown: &[Shown], conclusion: Option<Conclusion>) -> Told {
        let translations = self.pages.translations();
        let language = translations.matching(language).unwrap_or(translations.english());
        let whole = conclusion.map(Conclusion::whole);
        let verdict = whole.map_or_else(|| Shown::worst(shown), |whole| whole.verdict.as_str());
        match self.pages.verdicts(language, shown, whole) {
            Ok(html) => Told {
                verdict,
                html,
                more: shown.iter().any(Shown::lacks_face),
                ..Told::default()
            },
            Err(_) => Told::problem("problem-no-credential"),
        }
    }

    fn judged(&self, texts: &[Vec<u8>], now: UnixTime) -> Result<Vec<JudgedCode>, PackProblem> {
        let inputs = texts
            .iter()
            .cloned()
            .flat_map(presentations)
            .take(MAX_CODES_TOGETHER);
        self.judging(now, |judge, evidence| {
            let mut judged = Vec::new();
            for shown in inputs {
                // What has the form of no credential is none.
                let found = Input::open(&shown.bytes)
                    .ok()
                    .and_then(|input| judge.judge(&input, Expected::Unchecked, evidence).ok());
                judged.extend(found.unwrap_or_default());
            }
            judged
        })
    }

    /// Judges with what this device knows at this moment.
    pub(crate) fn judging<T>(
        &self,
        now: UnixTime,
        act: impl FnOnce(Judge<'_>, &mut Evidence<'_>) -> T,
    ) -> Result<T, PackProblem> {
        let root = self.root.as_ref().ok_or(PackProblem::NoRoot)?;
        let judge = Judge {
            tools: Tools::without_json_ld(&RustCryptoProvider),
            policy: Policy::CHECKPOINT.with_freshness(self.freshness.clone()),
            now,
        };
        self.pack
            .judging(&root.trusted, now, |evidence| act(judge, evidence))
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
