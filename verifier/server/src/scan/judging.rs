//! From what was shown to reports.

use core::time::Duration;
use std::sync::Arc;

use http::StatusCode;
use symbolon_credential::Input;
use symbolon_protocol::qr_transport::{FrameError, MAX_FRAGMENTS, Message, Progress};
use symbolon_qr_picture::{PictureError, PictureSource, is_picture, read_picture};
use symbolon_verdict_page::{Conclusion, Shown};
use symbolon_verifier::by_qr::sort_scanned;
use symbolon_verifier::card::{MAX_CODES_TOGETHER, judge_together};
use symbolon_verifier::input::{ShownInput, presentations};
use symbolon_verifier::{Expected, Policy, VerificationSession};

use tokio::time::timeout;

use super::Desk;

/// The texts that were read, each as bytes.
pub(super) type Judging = Vec<Vec<u8>>;

/// The longest text of one thing that is shown, in bytes: a credential with a portrait, in a file.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// How many texts are looked at, at most: the frames of the largest animation, some of them seen again and again under other numbers,
/// and the codes beside them.
const MAX_TEXTS: usize = 4 * MAX_FRAGMENTS + 64 + MAX_CODES_TOGETHER;

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
    /// Frames of two messages, or frames that make none.
    Frames,
    /// A request, which somebody else has to answer.
    Request,
    /// An answer to a request that is not on this page.
    NotAsked,
    /// An answer to another request.
    OtherRequest,
    /// The request has expired, or there is none of this name.
    Expired,
    /// The request was answered before.
    Replayed,
    /// The store or the signer does not answer.
    Failed,
}

/// What became of what was read.
pub(super) enum Judged {
    /// It is all there.
    Whole {
        shown: Vec<Shown>,
        /// What is to be said of the answer as a whole, where one was asked for and the reports alone do not say it.
        conclusion: Option<Conclusion>,
    },
    /// More frames of an animation are needed.
    Part { known: usize, fragments: usize },
}

impl Unjudged {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Picture(PictureError::TooManyBytes | PictureError::TooManyPixels) | Self::TooMuch => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Picture(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy | Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotACredential
            | Self::Frames
            | Self::Request
            | Self::NotAsked
            | Self::OtherRequest
            | Self::Expired
            | Self::Replayed => StatusCode::OK,
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
            Self::Failed => "problem-connection",
            Self::NotACredential => "problem-no-credential",
            Self::Frames => "problem-frames",
            Self::Request => "problem-request",
            Self::NotAsked => "problem-not-asked",
            Self::OtherRequest => "problem-other-request",
            Self::Expired => "problem-expired",
            Self::Replayed => "problem-replayed",
        }
    }
}

impl Desk {
    /// The texts of the codes of a picture or document, or the text that a file is. No code at all is no text.
    pub(super) async fn texts_of(&self, input: Vec<u8>) -> Result<Judging, Unjudged> {
        if !is_picture(&input) {
            return Ok(vec![input]);
        }
        let looked = self.in_its_place(move || read_picture(&input, PictureSource::Photographed));
        let found = looked.await?.map_err(Unjudged::Picture)?;
        Ok(found.into_iter().map(|code| code.content).collect())
    }

    /// Does what takes a processor for a moment, once there is a place for it. The place is taken until it is done, and not only as
    /// long as somebody waits: whoever hangs up would otherwise have as many done at once as they have connections.
    pub(super) async fn in_its_place<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unjudged> {
        let places = Arc::clone(&self.pictures);
        let Ok(Ok(place)) = timeout(PATIENCE, places.acquire_owned()).await else {
            return Err(Unjudged::Busy);
        };
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        working.await.map_err(|_| Unjudged::Busy)
    }

    /// Judges what was shown: frames are put together first, and an answer is judged as what it answers.
    pub(super) async fn judge(&self, texts: Judging, request: Option<&str>) -> Result<Judged, Unjudged> {
        if texts.len() > MAX_TEXTS {
            return Err(Unjudged::TooMuch);
        }
        let scanned = sort_scanned(texts).map_err(|error| match error {
            FrameError::OverBudget => Unjudged::TooMuch,
            _ => Unjudged::Frames,
        })?;
        let mut codes = scanned.codes;
        match scanned.carried {
            Some(Progress::Assembling { known, fragments }) if codes.is_empty() => {
                return Ok(Judged::Part { known, fragments });
            }
            Some(Progress::Assembling { .. }) | None => {}
            Some(Progress::Complete(Message::Credential(credential))) => codes.push(credential.into_bytes()),
            Some(Progress::Complete(Message::Response(jwe))) => {
                let request = request.ok_or(Unjudged::NotAsked)?;
                return self.judge_answer(&jwe, request).await;
            }
            Some(Progress::Complete(Message::Request(_))) => return Err(Unjudged::Request),
            Some(Progress::Complete(Message::Pack(_) | Message::PackState(_) | Message::Onboarding(_))) => {
                return Err(Unjudged::Frames);
            }
        }
        let shown = self.judge_codes(codes).await?;
        Ok(Judged::Whole {
            shown,
            conclusion: None,
        })
    }

    /// Judges codes that nobody was asked for, all of them together, as a counter does: a card by its photo. Without a question there is
    /// no proof, so what a key binds stays unknown.
    async fn judge_codes(&self, texts: Judging) -> Result<Vec<Shown>, Unjudged> {
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
        let opened = state.pack().await;
        let mut evidence = state.evidence(&opened).with_content_keys(&self.face_keys);
        let mut codes = Vec::new();
        let rules = &state.dependencies.policy;
        let policy = Policy::CHECKPOINT
            .with_freshness(rules.freshness.clone())
            .with_revocation(rules.revocation.clone());
        for input in &inputs {
            let Ok(session) = VerificationSession::new(input, Expected::Unchecked, policy.clone()) else {
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
