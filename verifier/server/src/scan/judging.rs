//! From what was shown to reports.

use core::time::Duration;

use http::StatusCode;
use symbolon_credential::Input;
use symbolon_qr_picture::{PictureError, PictureSource, is_picture, read_picture};
use symbolon_verifier::card::{MAX_CODES_TOGETHER, judge_together};
use symbolon_verifier::input::{ShownInput, presentations};
use symbolon_verifier::{Evidence, Expected, Policy, VerificationSession};

use tokio::time::timeout;

use super::Desk;
use super::verdict::Shown;

/// The texts that were read, each as bytes.
pub(super) type Judging = Vec<Vec<u8>>;

/// The longest text of one thing that is shown, in bytes: a credential with a portrait, in a file.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// How long a picture waits for its place.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unjudged {
    /// The picture cannot be opened.
    Picture(PictureError),
    /// All places where pictures are looked at are taken.
    Busy,
    /// More codes or longer texts than a card has.
    TooMuch,
    /// What was read is something else than a credential.
    NotACredential,
}

impl Unjudged {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Picture(PictureError::TooManyBytes | PictureError::TooManyPixels) | Self::TooMuch => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Picture(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotACredential => StatusCode::OK,
        }
    }

    /// The key of the text that says it.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Picture(PictureError::TooManyBytes | PictureError::TooManyPixels) | Self::TooMuch => {
                "problem-too-large"
            }
            Self::Picture(_) => "problem-picture",
            Self::Busy => "problem-busy",
            Self::NotACredential => "problem-no-credential",
        }
    }
}

impl Desk {
    /// The texts of the codes of a picture or document, or the text that a file is. No code at all is no text.
    pub(super) async fn texts_of(&self, input: Vec<u8>) -> Result<Judging, Unjudged> {
        if !is_picture(&input) {
            return Ok(vec![input]);
        }
        let Ok(Ok(_permit)) = timeout(PATIENCE, self.pictures.acquire()).await else {
            return Err(Unjudged::Busy);
        };
        let looked = tokio::task::spawn_blocking(move || read_picture(&input, PictureSource::Photographed));
        let found = looked
            .await
            .map_err(|_| Unjudged::Busy)?
            .map_err(Unjudged::Picture)?;
        Ok(found.into_iter().map(|code| code.content).collect())
    }

    /// Judges what was shown, all of it together, as a counter does: a card by its photo. Nobody was asked for a proof, so what a key
    /// binds stays unknown.
    pub(super) async fn judge(&self, texts: Judging) -> Result<Vec<Shown>, Unjudged> {
        if texts.len() > MAX_CODES_TOGETHER || texts.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
            return Err(Unjudged::TooMuch);
        }
        let shown: Vec<ShownInput> = texts
            .into_iter()
            .flat_map(presentations)
            .take(MAX_CODES_TOGETHER)
            .collect();
        let inputs: Vec<Input<'_>> = shown
            .iter()
            .filter_map(|shown| Input::open(&shown.bytes).ok())
            .collect();
        let state = &self.state;
        let trust_list = &state.dependencies.trust_list;
        let mut evidence = Evidence::online(trust_list).with_content_keys(&self.face_keys);
        let mut codes = Vec::new();
        for input in &inputs {
            let Ok(session) = VerificationSession::new(input, Expected::Unchecked, Policy::CHECKPOINT) else {
                continue;
            };
            codes.extend(state.judge_codes(session, &mut evidence).await);
        }
        if codes.is_empty() {
            return Err(Unjudged::NotACredential);
        }
        Ok(judge_together(codes)
            .into_iter()
            .map(|report| Shown::of(report, state.now()))
            .collect())
    }
}
