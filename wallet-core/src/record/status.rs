//! What status lists last said about a credential.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::credential::StatusReference;
use crate::identifiers::CredentialId;

/// What status lists last said about a credential and its copies. It is kept apart from the credential, because it changes in the
/// background while the credential is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownStatus {
    /// The credential.
    pub credential: CredentialId,
    /// Each place of it that was read.
    pub entries: Vec<KnownEntry>,
}

/// What one place of a status list said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownEntry {
    /// The place.
    pub reference: StatusReference,
    /// What it said.
    pub state: EntryState,
    /// When the list was made; absent when the list does not say.
    pub as_of: Option<UnixTime>,
    /// From when on the list says nothing any more.
    pub good_until: Option<UnixTime>,
    /// When to read it again, by the wallet's own schedule.
    pub due: UnixTime,
}

/// What a place of a status list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// The credential is in force.
    Valid,
    /// It is out of force for a while.
    Suspended,
    /// It is out of force for good.
    Revoked,
    /// Something that this wallet does not understand, or nothing at all.
    NotUnderstood,
}
