//! Problem details, as the VCALM endpoints of all three roles answer them.

use utoipa::ToSchema;

use super::answer::Answer;

/// What went wrong ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): the shape of the protocol's `ProblemDetails`.
#[derive(ToSchema)]
#[schema(as = ProblemDetails)]
pub struct ProblemShape {
    /// A URL that says which kind of problem it is.
    #[schema(rename = "type")]
    pub problem: String,
    /// The kind in words.
    pub title: String,
    /// This very problem in words, without anything that was sent.
    pub detail: String,
}

/// An answer that tells of a problem.
#[must_use]
pub fn problem(status: u16, description: &str) -> Answer {
    Answer::json::<ProblemShape>(status, description).not_cached()
}

/// The answers to a body that is not read: malformed, not said to be JSON, too large.
#[must_use]
pub fn request_refused() -> [Answer; 3] {
    [
        problem(
            400,
            "The request is malformed, or has an option that is not known.",
        ),
        problem(413, "The body is too large."),
        problem(415, "The body is not said to be JSON."),
    ]
}
