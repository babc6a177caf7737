//! What the issuer remembers of a credential: enough to revoke it, nothing of what it says.

use serde::{Deserialize, Serialize};
use symbolon_credential::w3c::StatusMessage;
use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use symbolon_trust::status_list::{BitsPerStatus, Status};
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
    /// Its place in a status list, never given to another credential. `None` for a copy to be shown once, which carries no status and
    /// expires soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_index: Option<StatusIndex>,
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
    /// What the wallet last told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_report: Option<WalletReport>,
}

/// What a wallet told of a credential ([OpenID4VCI §11]).
///
/// [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletReport {
    /// What happened.
    pub event: NotificationEvent,
    /// When it was told.
    pub at: UnixTime,
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

    /// What a Token Status List says of it.
    #[must_use]
    pub const fn listed(self) -> Status {
        match self {
            Self::Valid => Status::Valid,
            Self::Revoked => Status::Invalid,
            Self::Suspended => Status::Suspended,
        }
    }

    /// What the list of the purpose `message` says of each value, for those who develop readers; the last is given to none.
    #[must_use]
    pub fn messages() -> Vec<StatusMessage> {
        let message = |(status, message): (u64, &str)| StatusMessage {
            status,
            message: message.to_owned(),
        };
        (0..)
            .zip(["valid", "revoked", "suspended", "reserved"])
            .map(message)
            .collect()
    }

    /// Whether a list with so many bits for each credential can say it.
    #[must_use]
    pub fn fits(self, bits: BitsPerStatus) -> bool {
        bits.holds(self.listed())
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
    /// [`StatusActionRefused`] for a revoked credential that should become anything else, and for one without a status.
    pub fn after(&self, action: StatusAction, now: UnixTime) -> Result<Option<Self>, StatusActionRefused> {
        // Nobody who reads the credential would learn of it.
        if self.status_index.is_none() {
            return Err(StatusActionRefused::NoStatus);
        }
        let wanted = match (self.status, action) {
            (CredentialStatus::Revoked, StatusAction::Revoke)
            | (CredentialStatus::Suspended, StatusAction::Suspend)
            | (CredentialStatus::Valid, StatusAction::Reinstate) => return Ok(None),
            // A revocation that could be undone would not be one for whoever acted on it.
            (CredentialStatus::Revoked, StatusAction::Suspend | StatusAction::Reinstate) => {
                return Err(StatusActionRefused::Final);
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

/// Why a status does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatusActionRefused {
    /// A revocation is final.
    #[error("the credential is revoked, which is final; issue a new one")]
    Final,
    /// A copy to be shown once.
    #[error("the credential carries no status; it expires by itself soon")]
    NoStatus,
    /// The list of the credential has one bit for each, which says valid or invalid.
    #[error("the status list of the credential has no room for a suspension; revoke it, or leave it valid")]
    NoSuspension,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(status: CredentialStatus) -> CredentialRecord {
        CredentialRecord {
            id: "00000000000000000000000000000001".parse().unwrap(),
            kind: CredentialKind::SdJwtVc,
            configuration: ConfigurationId::parse("NationalIdentity").unwrap(),
            record: Some(Uin::parse("1234567890").unwrap()),
            status_index: Some(StatusIndex {
                shard: crate::index::ShardId::FIRST,
                index: 5,
            }),
            issued_at: UnixTime::from_seconds(10),
            expires_at: UnixTime::from_seconds(1_000),
            status,
            status_changed_at: UnixTime::from_seconds(10),
            replaced_by: None,
            wallet_report: None,
        }
    }

    #[test]
    fn the_stored_form_is_frozen_and_that_of_earlier_versions_reads() {
        let mut record = credential(CredentialStatus::Valid);
        assert_eq!(serde_json::to_string(&record).unwrap(), FROZEN);
        assert_eq!(serde_json::from_str::<CredentialRecord>(FROZEN).unwrap(), record);
        record.status_index = None;
        record.wallet_report = Some(WalletReport {
            event: NotificationEvent::CredentialDeleted,
            at: UnixTime::from_seconds(60),
        });
        assert_eq!(serde_json::to_string(&record).unwrap(), FROZEN_COPY);
        assert_eq!(
            serde_json::from_str::<CredentialRecord>(FROZEN_COPY).unwrap(),
            record
        );
    }

    const FROZEN: &str = r#"{"id":"00000000000000000000000000000001","kind":"sd-jwt-vc","configuration":"NationalIdentity","record":"1234567890","status_index":{"shard":0,"index":5},"issued_at":10,"expires_at":1000,"status":"valid","status_changed_at":10}"#;
    const FROZEN_COPY: &str = r#"{"id":"00000000000000000000000000000001","kind":"sd-jwt-vc","configuration":"NationalIdentity","record":"1234567890","issued_at":10,"expires_at":1000,"status":"valid","status_changed_at":10,"wallet_report":{"event":"credential_deleted","at":60}}"#;

    #[test]
    fn a_copy_without_a_status_cannot_change_it() {
        let mut record = credential(CredentialStatus::Valid);
        record.status_index = None;
        assert_eq!(
            record.after(StatusAction::Revoke, UnixTime::from_seconds(50)),
            Err(StatusActionRefused::NoStatus)
        );
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
        assert_eq!(after(Revoked, Suspend), Err(StatusActionRefused::Final));
        assert_eq!(after(Revoked, Reinstate), Err(StatusActionRefused::Final));
    }
}
