//! A credential that is to be issued again.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::format::CredentialFormat;

use super::credential::{CredentialDisplay, HeldCredential};
use crate::identifiers::CredentialId;

/// What is needed to ask an issuer for a credential again: after the phone was lost, or when the key that it was bound to ended. It holds
/// no claim, no key and no token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reissue {
    /// The credential. Where only its key ended, it is still held under this name, and can be looked at.
    pub id: CredentialId,
    /// The Credential Issuer Identifier it came from.
    pub issuer: String,
    /// The issuer's name.
    pub issuer_name: Option<String>,
    /// The credential configuration it was requested by.
    pub configuration: String,
    /// Its type.
    pub credential_type: String,
    /// Its format.
    pub format: CredentialFormat,
    /// How to show it.
    pub display: CredentialDisplay,
    /// When it was received.
    pub received: UnixTime,
    /// When it expires.
    pub expires: Option<UnixTime>,
    /// Why.
    pub reason: ReissueReason,
    /// Since when.
    pub since: UnixTime,
}

/// Why a credential is to be issued again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReissueReason {
    /// It was on another phone, whose keys stayed there.
    Restored,
    /// The platform ended its key, as phones do when the biometry that guards it changes.
    KeyEnded,
}

impl Reissue {
    /// What asks for `credential` again.
    #[must_use]
    pub fn of(credential: &HeldCredential, reason: ReissueReason, since: UnixTime) -> Self {
        Self {
            id: credential.id,
            issuer: credential.issuer.clone(),
            issuer_name: credential.issuer_name.clone(),
            configuration: credential.configuration.clone(),
            credential_type: credential.credential_type.clone(),
            format: credential.content.format(),
            display: credential.display.clone(),
            received: credential.received,
            expires: credential.expires,
            reason,
            since,
        }
    }
}
