//! What the page is told.

use serde::Serialize;
use symbolon_crypto::UnixTime;

use crate::onboarding::OfferedRoot;

/// What came of a picture or of texts. All of it empty: there was nothing to be seen.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The word of the verdict, for sound and vibration; `unreadable` where there is none.
    pub verdict: &'static str,
    /// The part of the page that shows it.
    pub html: String,
    /// Whether another code of the same card is missing.
    pub more: bool,
    /// How much of an animation is there, where more of it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Part>,
    /// What an animation brought that is to be kept, and is nothing to judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brought: Option<Brought>,
    /// Which text of the page says what was found out, where it is no verdict and no warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// Which text of the page says why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
}

/// What an animation brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Brought {
    /// A pack, or what changed since another: [`Counter::brought_pack`](crate::Counter::brought_pack) has it.
    Pack,
    /// The answer to the request that is shown. [`Counter::judge_answer`](crate::Counter::judge_answer) judges it, once its nonce is spent: where it
    /// was spent before, nothing is judged.
    Answer {
        /// The nonce of the request.
        nonce: String,
        /// Until when it is to be remembered.
        until: UnixTime,
    },
    /// An operator's onboarding code, which changes nothing until a person confirms it: [`Counter::join`](crate::Counter::join).
    Onboarding(OfferedRoot),
}

/// How much of an animation is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The fragments that are known.
    pub known: usize,
    /// Of how many.
    pub fragments: usize,
}

impl Told {
    pub(crate) fn problem(text: &'static str) -> Self {
        Self {
            verdict: UNREADABLE,
            problem: Some(text),
            ..Self::default()
        }
    }

    pub(crate) fn note(text: &'static str) -> Self {
        Self {
            note: Some(text),
            ..Self::nothing()
        }
    }

    pub(crate) fn nothing() -> Self {
        Self {
            verdict: UNREADABLE,
            ..Self::default()
        }
    }
}

/// The word where nothing was judged.
const UNREADABLE: &str = "unreadable";
