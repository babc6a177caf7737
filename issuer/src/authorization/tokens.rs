//! What an authorization code gives: a family of tokens that end together ([RFC 6749 §4.1.2, §6], [RFC 9700 §4.14]).
//!
//! [RFC 6749 §4.1.2, §6]: https://www.rfc-editor.org/rfc/rfc6749#section-6
//! [RFC 9700 §4.14]: https://www.rfc-editor.org/rfc/rfc9700#section-4.14

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Thumbprint, UnixTime};
use symbolon_protocol::oauth::client::ClientIdentifier;

use super::asked::Asked;
use crate::identifiers::{FamilyId, OfferId};
use crate::record::Uin;

/// The tokens that came of one authorization code. Whatever was obtained with them asks whether the family still lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFamily {
    /// Whose tokens.
    pub client: ClientIdentifier,
    /// Whether they are good.
    pub stage: FamilyStage,
    /// No token of the family outlives this.
    pub expires_at: UnixTime,
    /// The offer that it came of, which must stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

/// Whether the tokens of a family are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FamilyStage {
    /// They are.
    Live,
    /// They are not: the code, or a rotated refresh token, was used again.
    Ended,
}

impl TokenFamily {
    /// Whether tokens of the family are good at `now`.
    #[must_use]
    pub fn is_live(&self, now: UnixTime) -> bool {
        self.stage == FamilyStage::Live && now < self.expires_at
    }
}

/// What is stored under the digest of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    /// Who may use it.
    pub client: ClientIdentifier,
    /// The key that must sign the DPoP proof ([RFC 9449 §5]).
    ///
    /// [RFC 9449 §5]: https://www.rfc-editor.org/rfc/rfc9449#section-5
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Thumbprint>,
    /// The attested key of the instance that it was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Thumbprint>,
    /// The family.
    pub family: FamilyId,
    /// Whose credentials.
    pub record: Uin,
    /// Which credentials.
    pub asked: Asked,
    /// It is refused from here on.
    pub expires_at: UnixTime,
    /// Whether it was replaced.
    pub stage: RefreshStage,
}

/// Whether a refresh token was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshStage {
    /// It is the one to use.
    Current,
    /// It gave another one. Whoever uses it now has an old copy, or the thief has the new one.
    Rotated,
}
