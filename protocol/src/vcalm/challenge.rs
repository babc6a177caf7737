//! `POST /challenges` (VCALM, section Create Challenge): an empty body, and 200 with a challenge that verifies one
//! presentation.

use serde::Serialize;

use super::problem::RequestRefused;
use super::request::Members;

/// A fresh challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateChallengeResponse {
    /// To be repeated in the proof and as the option `challenge` of the verification.
    pub challenge: String,
}

/// Reads the body of a request: nothing, or the empty object that JSON clients send for nothing.
///
/// # Errors
/// [`RequestRefused`] for anything else.
pub fn parse(body: &[u8]) -> Result<(), RequestRefused> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    Members::parse(body)?.end()
}
