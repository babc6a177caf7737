//! What the page is told.

use serde::Serialize;

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
    /// Which text of the page says why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
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

    pub(crate) fn nothing() -> Self {
        Self {
            verdict: UNREADABLE,
            ..Self::default()
        }
    }
}

/// The word where nothing was judged.
const UNREADABLE: &str = "unreadable";
