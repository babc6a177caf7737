//! What the issuer remembers of a credential: enough to revoke it, nothing of what it says.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use thiserror::Error;

use crate::identifiers::{ConfigurationId, CredentialId};
use crate::index::StatusIndex;
use crate::record::Uin;

/// A credential in the issuer's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRecord {
    /// Its name in the books.
    pub id: CredentialId,
    /// Its form.
    pub kind: CredentialKind,
    /// What it was made by.
    pub configuration: ConfigurationId,
    /// Whose it is. `None` for a document that a coordinator handed in, which is in no register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Uin>,
    /// Its place in a status list, never given to another credential.
    pub status_index: StatusIndex,
    /// When it was issued. The credential itself carries a coarser time.
    pub issued_at: UnixTime,
    /// When it expires.
    pub expires_at: UnixTime,
    /// Its present status.
    pub status: CredentialStatus,
    /// When the status last changed.
    pub status_changed_at: UnixTime,
    /// The credential that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<CredentialId>,
}

/// The form of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// An SD-JWT VC in a wallet, bound to a key.
    SdJwtVc,
    /// An ISO mdoc in a wallet, bound to a key.
    Mdoc,
    /// A W3C credential with a Data Integrity proof in a wallet, bound to a key.
    LdpVc,
    /// A W3C credential as a JWT in a wallet, bound to a key.
    JwtVc,
    /// A Claim 169 QR on a printed card, bound by the photo.
    Card,
}

/// The status of a credential. Its value in a Token Status List is [`CredentialStatus::list_value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialStatus {
    /// Good.
    Valid,
    /// Not to be accepted for now.
    Suspended,
    /// Never to be accepted again.
    Revoked,
}

impl CredentialStatus {
    /// The value in a Token Status List ([§7.1]): 0 valid, 1 invalid, 2 suspended.
    ///
    /// [§7.1]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
    #[must_use]
    pub const fn list_value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
        }
    }

    /// The reverse of [`CredentialStatus::list_value`].
    #[must_use]
    pub const fn from_list_value(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Valid),
            1 => Some(Self::Revoked),
            2 => Some(Self::Suspended),
            _ => None,
        }
    }
}

/// What an operator does to a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusAction {
    /// Ends it for good.
    Revoke,
    /// Interrupts it.
    Suspend,
    /// Ends a suspension.
    Reinstate,
}

impl CredentialRecord {
    /// The record after `action`, or `None` when it already is as wanted.
    ///
    /// # Errors
    /// [`StatusActionRefused`] for a revoked credential that should become anything else.
    pub fn after(&self, action: StatusAction, now: UnixTime) -> Result<Option<Self>, StatusActionRefused> {
        let wanted = match (self.status, action) {
            (CredentialStatus::Revoked, StatusAction::Revoke)
            | (CredentialStatus::Suspended, StatusAction::Suspend)
            | (CredentialStatus::Valid, StatusAction::Reinstate) => return Ok(None),
            // A revocation that could be undone would not be one for whoever acted on it.
            (CredentialStatus::Revoked, StatusAction::Suspend | StatusAction::Reinstate) => {
                return Err(StatusActionRefused);
            }
            (_, StatusAction::Revoke) => CredentialStatus::Revoked,
            (_, StatusAction::Suspend) => CredentialStatus::Suspended,
            (_, StatusAction::Reinstate) => CredentialStatus::Valid,
        };
        Ok(Some(Self {
            status: wanted,
            status_changed_at: now,
            ..self.clone()
        }))
    }
}

/// A revocation is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the credential is revoked, which is final; issue a new one")]
pub struct StatusActionRefused;

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(status: CredentialStatus) -> CredentialRecord {
        CredentialRecord {
            id: "00000000000000000000000000000001".parse().unwrap(),
            kind: CredentialKind::SdJwtVc,
            configuration: ConfigurationId::parse("NationalIdentity").unwrap(),
            record: Some(Uin::parse("1234567890").unwrap()),
            status_index: StatusIndex {
                shard: crate::index::ShardId::FIRST,
                index: 5,
            },
            issued_at: UnixTime::from_seconds(10),
            expires_at: UnixTime::from_seconds(1_000),
            status,
            status_changed_at: UnixTime::from_seconds(10),
            replaced_by: None,
        }
    }

    #[test]
    fn every_kind_keeps_the_name_that_it_is_stored_under() {
        let names = [
            (CredentialKind::SdJwtVc, "\"sd-jwt-vc\""),
            (CredentialKind::Mdoc, "\"mdoc\""),
            (CredentialKind::LdpVc, "\"ldp-vc\""),
            (CredentialKind::JwtVc, "\"jwt-vc\""),
            (CredentialKind::Card, "\"card\""),
        ];
        for (kind, name) in names {
            assert_eq!(serde_json::to_string(&kind).unwrap(), name);
            assert_eq!(serde_json::from_str::<CredentialKind>(name).unwrap(), kind);
        }
    }

    #[test]
    fn a_revocation_is_final_and_repeating_an_action_changes_nothing() {
        use CredentialStatus::{Revoked, Suspended, Valid};
        use StatusAction::{Reinstate, Revoke, Suspend};
        let now = UnixTime::from_seconds(50);
        let after = |status, action| {
            credential(status)
                .after(action, now)
                .map(|next| next.map(|next| next.status))
        };
        assert_eq!(after(Valid, Revoke), Ok(Some(Revoked)));
        assert_eq!(after(Valid, Suspend), Ok(Some(Suspended)));
        assert_eq!(after(Valid, Reinstate), Ok(None));
        assert_eq!(after(Suspended, Reinstate), Ok(Some(Valid)));
        assert_eq!(after(Suspended, Revoke), Ok(Some(Revoked)));
        assert_eq!(after(Revoked, Revoke), Ok(None));
        assert_eq!(after(Revoked, Suspend), Err(StatusActionRefused));
        assert_eq!(after(Revoked, Reinstate), Err(StatusActionRefused));
    }
}
