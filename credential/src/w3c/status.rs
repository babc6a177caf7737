//! Where the status of a credential is kept
//! ([VCDM 2.0 §4.10](https://www.w3.org/TR/vc-data-model-2.0/#status),
//! [Bitstring Status List §2.1](https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistentry)).

use core::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use super::members::{id, is_url, objects, types};
use super::not_conforming::{NotConforming, Property};

/// The type of an entry in a Bitstring Status List.
pub const BITSTRING_STATUS_LIST_ENTRY: &str = "BitstringStatusListEntry";

/// Entries one credential may have.
const MAX_ENTRIES: usize = 16;
/// References one entry may have.
const MAX_REFERENCES: usize = 16;

/// One entry of `credentialStatus`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusEntry {
    /// In a Bitstring Status List.
    Bitstring(BitstringStatusEntry),
    /// Of a kind that is not known here. It is not to be taken for an entry that says "good".
    Other,
}

/// What a set bit means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusPurpose {
    /// A newer credential is to be had.
    Refresh,
    /// Out of force, for good.
    Revocation,
    /// Out of force for a while.
    Suspension,
    /// A message that the entry explains.
    Message,
    /// Whatever its name says to those who agreed on it.
    Other(String),
}

/// How many bits an entry has: 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusSize(u8);

/// A size that is zero, or too large for the messages it would need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a status has 1 to 8 bits")]
pub struct InvalidStatusSize;

/// What one value of a status means to developers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusMessage {
    /// The value.
    pub status: u64,
    /// The message.
    pub message: String,
}

/// An entry in a Bitstring Status List.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitstringStatusEntry {
    /// Identifies the entry, not the list.
    pub id: Option<String>,
    /// What a set bit means.
    pub purpose: StatusPurpose,
    /// The place in the list, from zero. One that does not fit is the largest number, which is behind the end of any list.
    pub index: u64,
    /// The list, exactly as the credential writes it.
    pub list: String,
    /// How many bits there are for each credential.
    pub size: StatusSize,
    /// What each value means; all of them, or none.
    pub messages: Vec<StatusMessage>,
}

impl StatusSize {
    /// One bit.
    pub const ONE: Self = Self(1);
    /// Two bits.
    pub const TWO: Self = Self(2);

    /// A size of so many bits.
    ///
    /// # Errors
    /// [`InvalidStatusSize`].
    pub fn from_bits(bits: u64) -> Result<Self, InvalidStatusSize> {
        match u8::try_from(bits) {
            Ok(bits @ 1..=8) => Ok(Self(bits)),
            _ => Err(InvalidStatusSize),
        }
    }

    /// The number of bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// How many values there are.
    #[must_use]
    pub const fn values(self) -> u64 {
        1 << self.0
    }
}

impl StatusPurpose {
    /// The purpose of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "refresh" => Self::Refresh,
            "revocation" => Self::Revocation,
            "suspension" => Self::Suspension,
            "message" => Self::Message,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Refresh => "refresh",
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Message => "message",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for StatusPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl BitstringStatusEntry {
    /// An entry of one bit.
    pub fn new(purpose: StatusPurpose, list: impl Into<String>, index: u64) -> Self {
        Self {
            id: None,
            purpose,
            index,
            list: list.into(),
            size: StatusSize::ONE,
            messages: Vec::new(),
        }
    }

    /// The entry as it stands in a credential.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut entry = Map::new();
        if let Some(id) = &self.id {
            entry.insert("id".to_owned(), Value::from(id.as_str()));
        }
        entry.insert("type".to_owned(), Value::from(BITSTRING_STATUS_LIST_ENTRY));
        entry.insert("statusPurpose".to_owned(), Value::from(self.purpose.name()));
        entry.insert("statusListIndex".to_owned(), Value::from(self.index.to_string()));
        entry.insert("statusListCredential".to_owned(), Value::from(self.list.as_str()));
        if self.size != StatusSize::ONE {
            entry.insert("statusSize".to_owned(), Value::from(self.size.bits()));
        }
        if !self.messages.is_empty() {
            let messages = self.messages.iter().map(StatusMessage::to_value).collect();
            entry.insert("statusMessage".to_owned(), Value::Array(messages));
        }
        Value::Object(entry)
    }

    fn read(entry: &Map<String, Value>) -> Result<Self, NotConforming> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let purpose = text("statusPurpose")
            .filter(|purpose| !purpose.is_empty())
            .map(StatusPurpose::from_name)
            .ok_or(NotConforming::StatusPurpose)?;
        let index = text("statusListIndex")
            .and_then(read_index)
            .ok_or(NotConforming::StatusListIndex)?;
        let id = id(entry, Property::CredentialStatus)?;
        let list = text("statusListCredential")
            .filter(|list| is_url(list) && id != Some(list))
            .ok_or(NotConforming::StatusListCredential)?;
        let size = match entry.get("statusSize") {
            None => StatusSize::ONE,
            Some(size) => size
                .as_u64()
                .and_then(|bits| StatusSize::from_bits(bits).ok())
                .ok_or(NotConforming::StatusSize)?,
        };
        check_references(entry.get("statusReference"))?;
        Ok(Self {
            id: id.map(str::to_owned),
            purpose,
            index,
            list: list.to_owned(),
            size,
            messages: StatusMessage::read_all(entry.get("statusMessage"), size)?,
        })
    }
}

impl StatusMessage {
    /// The message as it stands in an entry or a list.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let message = [
            ("status".to_owned(), Value::from(format!("{:#x}", self.status))),
            ("message".to_owned(), Value::from(self.message.as_str())),
        ];
        Value::Object(Map::from_iter(message))
    }

    /// Reads `statusMessage`: one for each value that a status of this size can have.
    fn read_all(value: Option<&Value>, size: StatusSize) -> Result<Vec<Self>, NotConforming> {
        let wrong = NotConforming::StatusMessages;
        let Some(value) = value else {
            return if size == StatusSize::ONE {
                Ok(Vec::new())
            } else {
                Err(wrong)
            };
        };
        let messages: Vec<Self> = value
            .as_array()
            .filter(|messages| messages.len() as u64 == size.values())
            .ok_or(wrong)?
            .iter()
            .map(|message| Self::read(message).ok_or(wrong))
            .collect::<Result<_, _>>()?;
        let complete = (0..size.values()).all(|status| messages.iter().any(|one| one.status == status));
        if complete { Ok(messages) } else { Err(wrong) }
    }

    fn read(value: &Value) -> Option<Self> {
        let digits = value.get("status")?.as_str()?.strip_prefix("0x")?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self {
            status: u64::from_str_radix(plain.then_some(digits)?, 16).ok()?,
            message: value.get("message")?.as_str()?.to_owned(),
        })
    }
}

/// Reads `credentialStatus`.
pub(super) fn read_all(document: &Map<String, Value>) -> Result<Vec<StatusEntry>, NotConforming> {
    let of = Property::CredentialStatus;
    let entries = objects(document, of)?;
    if entries.len() > MAX_ENTRIES {
        return Err(NotConforming::OverBudget);
    }
    entries
        .into_iter()
        .map(|entry| {
            let types = types(entry, of)?;
            id(entry, of)?;
            if types.contains(&BITSTRING_STATUS_LIST_ENTRY) {
                BitstringStatusEntry::read(entry).map(StatusEntry::Bitstring)
            } else {
                Ok(StatusEntry::Other)
            }
        })
        .collect()
}

/// A whole number in base 10. Zeros before it would be another text for the same place.
fn read_index(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let shortest = text == "0" || !text.starts_with('0');
    (digits && shortest).then(|| text.parse().unwrap_or(u64::MAX))
}

fn check_references(value: Option<&Value>) -> Result<(), NotConforming> {
    let references = match value {
        None => return Ok(()),
        Some(one @ Value::String(_)) => core::slice::from_ref(one),
        Some(Value::Array(several)) if (1..=MAX_REFERENCES).contains(&several.len()) => several.as_slice(),
        Some(_) => return Err(NotConforming::StatusReference),
    };
    let all_urls = references.iter().all(|url| url.as_str().is_some_and(is_url));
    if all_urls {
        Ok(())
    } else {
        Err(NotConforming::StatusReference)
    }
}
