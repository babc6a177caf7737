//! A status list as the wallet reads it: verified by the rules that verifiers have.

use std::time::Duration;

use symbolon_credential::w3c::{BitstringStatusEntry, StatusPurpose};
use symbolon_crypto::UnixTime;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_trust::bitstring_status_list::PublishedList;
use symbolon_trust::status_list::{Status, StatusListBudget, StatusListToken, VerifiedStatusList};

use crate::receive::read_list_credential;
use crate::record::{EntryState, StatusListKind, StatusReference};
use crate::wallet::Wallet;

/// A list to read, for credentials of one issuer: whose list it may be depends on whose credentials it is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListToRead {
    pub(super) uri: String,
    pub(super) issuer: String,
    pub(super) kind: ListKind,
    pub(super) credential_type: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ListKind {
    Token,
    Bitstring,
}

impl ListKind {
    pub(super) const fn of(reference: &StatusReference) -> Self {
        match reference.list {
            StatusListKind::Token => Self::Token,
            StatusListKind::Bitstring { .. } => Self::Bitstring,
        }
    }

    const fn accept(self) -> &'static str {
        match self {
            Self::Token => "application/statuslist+jwt",
            Self::Bitstring => "application/vc, application/vc+jwt",
        }
    }
}

/// A list that its issuer has signed.
pub(super) enum ReadList {
    Token(Box<VerifiedStatusList>),
    Bitstring(Box<PublishedList>),
}

/// Why a list was not read.
pub(super) enum NotRead {
    /// It could not be had.
    NotReachable,
    /// What came is not the issuer's list.
    Refused,
}

const BUDGET: StatusListBudget = StatusListBudget::LARGEST_SHARD;

impl Wallet {
    /// Fetches a list, whole, and verifies it.
    pub(super) async fn read_list(&self, list: &ListToRead, now: UnixTime) -> Result<ReadList, NotRead> {
        let identifier = IssuerIdentifier::parse(&list.issuer).map_err(|_| NotRead::Refused)?;
        let issuer = self
            .policy
            .issuers
            .status_issuer(&identifier)
            .ok_or(NotRead::Refused)?;
        // Looked at before anything is fetched: a credential must not send the wallet to addresses of its choosing.
        if !issuer.owns_status_list(&list.uri) {
            return Err(NotRead::Refused);
        }
        let url = HttpUrl::parse(&list.uri).map_err(|_| NotRead::Refused)?;
        let response = self.get(&url, list.kind.accept(), BUDGET.max_token_bytes).await;
        let response = response.map_err(|_| NotRead::NotReachable)?;
        if !response.is_success() {
            return Err(NotRead::NotReachable);
        }
        let body = std::str::from_utf8(&response.body).map_err(|_| NotRead::Refused)?;
        let crypto = self.ports.crypto.as_ref();
        match list.kind {
            ListKind::Token => StatusListToken::parse(body.trim(), BUDGET)
                .and_then(|token| token.verify(&list.uri, &issuer, crypto, now))
                .map(|list| ReadList::Token(Box::new(list)))
                .map_err(|_| NotRead::Refused),
            ListKind::Bitstring => {
                let signer = self.signer(&identifier, &list.credential_type, now);
                read_list_credential(body, &signer, crypto)
                    .map(|list| ReadList::Bitstring(Box::new(list)))
                    .map_err(|_| NotRead::Refused)
            }
        }
    }
}

impl ReadList {
    pub(super) fn state(&self, reference: &StatusReference, now: UnixTime) -> EntryState {
        let understood = match (self, &reference.list) {
            (Self::Token(list), StatusListKind::Token) => match list.status(reference.index) {
                Ok(Status::Valid) => Some(EntryState::Valid),
                Ok(Status::Invalid) => Some(EntryState::Revoked),
                Ok(Status::Suspended) => Some(EntryState::Suspended),
                Ok(Status::ApplicationSpecific(_) | Status::Unregistered(_)) | Err(_) => None,
            },
            (Self::Bitstring(list), StatusListKind::Bitstring { purpose }) => {
                let purpose = StatusPurpose::from_name(purpose);
                let is_suspension = purpose == StatusPurpose::Suspension;
                let entry = BitstringStatusEntry::new(purpose, reference.uri.as_str(), reference.index);
                let answer = list.status(&entry, now, BUDGET.max_inflated_bytes);
                answer.ok().map(|status| match status.value {
                    0 => EntryState::Valid,
                    _ if is_suspension => EntryState::Suspended,
                    _ => EntryState::Revoked,
                })
            }
            _ => None,
        };
        understood.unwrap_or(EntryState::NotUnderstood)
    }

    pub(super) fn as_of(&self) -> Option<UnixTime> {
        match self {
            Self::Token(list) => Some(list.issued_at()),
            Self::Bitstring(list) => list.valid_from(),
        }
    }

    pub(super) fn good_until(&self) -> Option<UnixTime> {
        match self {
            Self::Token(list) => list.expires_at(),
            Self::Bitstring(list) => list.valid_until(),
        }
    }

    pub(super) fn time_to_live(&self) -> Option<Duration> {
        match self {
            Self::Token(list) => list.time_to_live(),
            Self::Bitstring(list) => list.time_to_live(),
        }
    }
}
