//! `POST /credentials/status` (VCALM, section Update Status): 200 without a body, 404 for a credential that is not known.

use symbolon_credential::w3c::{BITSTRING_STATUS_LIST_ENTRY, StatusPurpose};

use super::problem::RequestRefused;
use super::reference::CredentialReference;
use super::request::Members;

/// The name of a status list's type, which the specification's own example gives where an entry's type belongs.
const BITSTRING_STATUS_LIST: &str = "BitstringStatusList";

/// A change of one status of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateStatusRequest {
    /// The credential.
    pub credential: CredentialReference,
    /// Which of its statuses.
    pub purpose: StatusPurpose,
    /// Where the caller says that the entry lies; it must be where it lies.
    pub entry: StatedEntry,
    /// What it becomes.
    pub status: NewStatus,
}

/// What a caller says about the place of a status entry. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedEntry {
    /// `id`.
    pub id: Option<String>,
    /// `statusListIndex`.
    pub index: Option<String>,
    /// `statusListCredential`.
    pub list: Option<String>,
}

/// A value of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewStatus {
    /// `true`: revoked, or suspended.
    Set,
    /// `false`: neither.
    Cleared,
}

impl UpdateStatusRequest {
    /// Reads the body of a request. `indexAllocator` is refused: this instance gives out its own indices.
    ///
    /// # Errors
    /// [`RequestRefused`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        let mut members = Members::parse(body)?;
        let member = "credentialId";
        let credential = CredentialReference::parse(&members.take_text(member)?)
            .map_err(|_| RequestRefused::Member { member })?;
        let status = if members.take_flag("status")? {
            NewStatus::Set
        } else {
            NewStatus::Cleared
        };
        let member = "credentialStatus";
        let mut entry = Members::from_object(members.take_object(member)?);
        members.end()?;
        let kind = entry.take_text("type")?;
        if kind != BITSTRING_STATUS_LIST_ENTRY && kind != BITSTRING_STATUS_LIST {
            return Err(RequestRefused::Member { member: "type" });
        }
        let purpose = StatusPurpose::from_name(&entry.take_text("statusPurpose")?);
        let stated = StatedEntry {
            id: entry.take_optional_text("id")?,
            index: entry.take_optional_text("statusListIndex")?,
            list: entry.take_optional_text("statusListCredential")?,
        };
        entry.end()?;
        Ok(Self {
            credential,
            purpose,
            entry: stated,
            status,
        })
    }
}
