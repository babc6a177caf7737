//! What happened, for the person to look up and to export.

use symbolon_wallet_core::record::{self, VerifierEvidence};

use crate::error::WalletError;
use crate::wallet::Wallet;

/// One event. Claim values are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryEntry {
    /// The entry's name.
    pub id: String,
    /// When it happened: seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// What happened.
    pub event: HistoryEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum HistoryEvent {
    /// A credential was received and kept.
    Received {
        /// The credential.
        credential: String,
        /// Its issuer's identifier.
        issuer: String,
        /// Its type.
        credential_type: String,
    },
    /// A credential was received and not kept.
    NotKept {
        /// Its issuer's identifier.
        issuer: String,
        /// Which check it failed, in words of the wallet.
        reason: String,
    },
    /// Claims were shown.
    Presented {
        /// To whom.
        verifier: VerifierRecord,
        /// What.
        disclosed: Vec<DisclosedCredential>,
        /// What was authorised by it.
        transactions: Vec<AuthorizedTransaction>,
        /// Whether they arrived.
        delivery: Delivery,
        /// The receipt, where the request announced one.
        receipt: Option<Receipt>,
    },
    /// The person declined to show anything.
    Declined {
        /// To whom.
        verifier: VerifierRecord,
    },
    /// A credential was deleted.
    Deleted {
        /// The credential.
        credential: String,
        /// Its issuer's identifier.
        issuer: String,
        /// Its type.
        credential_type: String,
        /// Whether its issuer heard of it, where it wants to.
        notice: Option<DeletionNotice>,
    },
}

/// Whether an issuer has heard that a credential of its was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DeletionNotice {
    /// It is still to be told.
    Waiting,
    /// It has heard.
    Told,
    /// It cannot be told: the access that it gave is over, and cannot be renewed.
    NoAccess,
    /// It does not want to hear: it answered with an error.
    Refused,
    /// It could not be reached for a day.
    NotReached,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VerifierRecord {
    /// The client identifier with its prefix.
    pub client_id: String,
    /// The name in its certificate, or in the wallet's own list.
    pub name: Option<String>,
    /// Where the answer goes: scheme, host and port.
    pub response_origin: String,
    /// Whether anybody vouches for it.
    pub knowledge: VerifierKnowledge,
}

/// Whether anybody vouches for a verifier.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum VerifierKnowledge {
    /// A trusted authority issued its certificate.
    Certified {
        /// The name of the authority at the top of the chain.
        authority: Option<String>,
    },
    /// The wallet's own list has it, and its key signed the request.
    Listed,
    /// Somebody asks, without a signature, in the name of a verifier of the wallet's own list. The answer goes to an address of that verifier
    /// all the same.
    ListedUnsigned,
    /// Nobody does: the person has to be told.
    Unverified,
}

/// What of one credential was shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DisclosedCredential {
    /// The credential.
    pub credential: String,
    /// Its type.
    pub credential_type: String,
    /// The selectively disclosed claims.
    pub claims: Vec<String>,
}

/// What is known about the arrival of what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Delivery {
    /// It may have arrived; the verifier's answer is not known.
    Unconfirmed,
    /// The verifier accepted it.
    Accepted,
    /// The verifier answered with an error. It may have read what was sent.
    Rejected,
}

/// What became of the receipt that a request announced.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Receipt {
    /// It is signed by a key of the request, and is for what was sent: evidence for the person.
    Verified {
        /// The signed receipt, a JWT.
        receipt: String,
    },
    /// Something came that is none: what the verifier says of the presentation is not what was sent.
    Refused {
        /// Why, in words of the wallet.
        reason: String,
    },
    /// None came.
    Missing,
}

/// A transaction that the person authorised. It is kept whole: what was agreed to must be there to be shown when somebody disputes it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuthorizedTransaction {
    /// Its type.
    pub transaction_type: String,
    /// The verifier's own text, whose hash was signed: base64url of a JSON object.
    pub transaction_data: String,
    /// The credential whose key signed it.
    pub credential: String,
}

#[uniffi::export]
impl Wallet {
    /// What happened, the latest first.
    pub async fn history(&self) -> Result<Vec<HistoryEntry>, WalletError> {
        let entries = self.core.history().await?;
        Ok(entries.into_iter().map(Into::into).collect())
    }

    /// The whole history as JSON, for the person to keep or to hand to an authority. It holds no claim values.
    pub async fn export_history(&self) -> Result<String, WalletError> {
        Ok(self.core.export_history().await?)
    }
}

impl From<record::HistoryEntry> for HistoryEntry {
    fn from(entry: record::HistoryEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.seconds(),
            event: entry.event.into(),
        }
    }
}

impl From<record::HistoryEvent> for HistoryEvent {
    fn from(event: record::HistoryEvent) -> Self {
        use record::HistoryEvent as Core;
        match event {
            Core::Received {
                credential,
                issuer,
                credential_type,
            } => Self::Received {
                credential: credential.to_string(),
                issuer,
                credential_type,
            },
            Core::Refused { issuer, reason } => Self::NotKept { issuer, reason },
            Core::Presented {
                verifier,
                disclosed,
                transactions,
                delivery,
                receipt,
            } => Self::Presented {
                verifier: verifier.into(),
                disclosed: disclosed.into_iter().map(Into::into).collect(),
                transactions: transactions.into_iter().map(Into::into).collect(),
                delivery: match delivery {
                    record::Delivery::Unconfirmed => Delivery::Unconfirmed,
                    record::Delivery::Accepted => Delivery::Accepted,
                    record::Delivery::Rejected => Delivery::Rejected,
                },
                receipt: receipt.map(Into::into),
            },
            Core::Declined { verifier } => Self::Declined {
                verifier: verifier.into(),
            },
            Core::Deleted {
                credential,
                issuer,
                credential_type,
                notice,
            } => Self::Deleted {
                credential: credential.to_string(),
                issuer,
                credential_type,
                notice: notice.map(Into::into),
            },
        }
    }
}

impl From<record::DeletionNotice> for DeletionNotice {
    fn from(notice: record::DeletionNotice) -> Self {
        use record::DeletionNotice as Core;
        match notice {
            Core::Waiting => Self::Waiting,
            Core::Told => Self::Told,
            Core::NoAccess => Self::NoAccess,
            Core::Refused => Self::Refused,
            Core::NotReached => Self::NotReached,
        }
    }
}

impl From<record::DisclosedCredential> for DisclosedCredential {
    fn from(disclosed: record::DisclosedCredential) -> Self {
        Self {
            credential: disclosed.credential.to_string(),
            credential_type: disclosed.credential_type,
            claims: disclosed.claims,
        }
    }
}

impl From<record::TransactionRecord> for AuthorizedTransaction {
    fn from(transaction: record::TransactionRecord) -> Self {
        Self {
            transaction_type: transaction.transaction_type,
            transaction_data: transaction.transaction_data,
            credential: transaction.credential.to_string(),
        }
    }
}

impl From<record::ReceiptRecord> for Receipt {
    fn from(receipt: record::ReceiptRecord) -> Self {
        match receipt {
            record::ReceiptRecord::Verified { receipt } => Self::Verified { receipt },
            record::ReceiptRecord::Refused { reason } => Self::Refused { reason },
            record::ReceiptRecord::Missing => Self::Missing,
        }
    }
}

impl From<record::VerifierRecord> for VerifierRecord {
    fn from(verifier: record::VerifierRecord) -> Self {
        let knowledge = if verifier.evidence.is_unverified() {
            VerifierKnowledge::Unverified
        } else {
            match verifier.evidence {
                VerifierEvidence::CertificateHash { authority }
                | VerifierEvidence::CertificateHost { authority, .. }
                | VerifierEvidence::Reader { authority } => VerifierKnowledge::Certified { authority },
                VerifierEvidence::RegisteredUnsigned => VerifierKnowledge::ListedUnsigned,
                VerifierEvidence::Registered | VerifierEvidence::DecentralizedIdentifier { .. } => {
                    VerifierKnowledge::Listed
                }
                VerifierEvidence::Unverified | VerifierEvidence::Origin | VerifierEvidence::Nearby => {
                    VerifierKnowledge::Unverified
                }
            }
        };
        Self {
            client_id: verifier.client_id,
            name: verifier.name,
            response_origin: verifier.response_origin,
            knowledge,
        }
    }
}
