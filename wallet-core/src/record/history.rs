//! What happened, for the person to look up and to export.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use crate::identifiers::{CredentialId, HistoryId};
use crate::language::Languages;

/// One event. Claim values are never part of it: the names of what was shown are enough to remember and to complain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The entry's name.
    pub id: HistoryId,
    /// When it happened.
    pub at: UnixTime,
    /// What happened.
    pub event: HistoryEvent,
    /// What the person did about it afterwards, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_requests: Vec<DataRequest>,
}

impl HistoryEntry {
    /// An entry about which nothing was done yet.
    #[must_use]
    pub const fn new(id: HistoryId, at: UnixTime, event: HistoryEvent) -> Self {
        Self {
            id,
            at,
            event,
            data_requests: Vec::new(),
        }
    }
}

/// What a person asked for because of a presentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequest {
    /// What for.
    pub kind: DataRequestKind,
    /// When.
    pub at: UnixTime,
    /// Where it was sent; absent where the person says only that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<String>,
}

/// What a person asks for because of a presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRequestKind {
    /// That the verifier erases what it was shown.
    Deletion,
    /// That the supervisory authority looks at the verifier.
    Report,
}

impl DataRequestKind {
    /// The name in receipts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Deletion => "erasure_requested",
            Self::Report => "reported",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryEvent {
    /// A credential was received and kept.
    Received {
        /// The credential.
        credential: CredentialId,
        /// Its issuer's identifier.
        issuer: String,
        /// Its type.
        credential_type: String,
    },
    /// A credential was received and not kept.
    Refused {
        /// Its issuer's identifier.
        issuer: String,
        /// Which check it failed, in words of this wallet.
        reason: String,
    },
    /// Claims were shown.
    Presented {
        /// To whom.
        verifier: VerifierRecord,
        /// What.
        disclosed: Vec<DisclosedCredential>,
        /// What was authorised by it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        transactions: Vec<TransactionRecord>,
        /// Whether they arrived.
        delivery: Delivery,
        /// The receipt, where the request announced one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<ReceiptRecord>,
    },
    /// The person declined to show anything.
    Declined {
        /// To whom.
        verifier: VerifierRecord,
    },
    /// A credential was deleted.
    Deleted {
        /// The credential.
        credential: CredentialId,
        /// Its issuer's identifier.
        issuer: String,
        /// Its type.
        credential_type: String,
        /// Whether its issuer heard of it, where it wants to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<DeletionNotice>,
    },
}

/// Whether an issuer has heard that a credential of its was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl HistoryEvent {
    /// Notes of a deletion whether the issuer has heard of it.
    pub(crate) const fn notice_is(&mut self, now: DeletionNotice) {
        if let Self::Deleted { notice, .. } = self {
            *notice = Some(now);
        }
    }

    /// Orders events of the same second as they can follow each other.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Received { .. } => 0,
            Self::Refused { .. } => 1,
            Self::Presented { .. } => 2,
            Self::Declined { .. } => 3,
            Self::Deleted { .. } => 4,
        }
    }
}

/// In place of an origin: the answer is shown as QR codes to whoever holds the verifier's device, and goes over no network.
pub const BY_QR: &str = "symbolon-qr:";

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifierRecord {
    /// The client identifier with its prefix; face to face that of the reader's certificate, or nothing.
    pub client_id: String,
    /// The name in its certificate.
    pub name: Option<String>,
    /// Where the answer goes: scheme, host and port, or [`BY_QR`]; nothing face to face.
    pub response_origin: String,
    /// How the wallet knows who asked.
    pub evidence: VerifierEvidence,
    /// Who it is by its registration, and where it and those who watch over it can be reached, as far as that was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Box<VerifierContact>>,
}

/// Where a verifier and those who watch over it can be reached, as a registrar wrote it down or the authority of its certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifierContact {
    /// The name that it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The identifier that it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its country, or that of the authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What it is registered to ask for, by language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<RegisteredPurpose>,
    /// Where it takes requests to erase data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub support: Vec<String>,
    /// Where the authority that watches over it takes reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supervisory_authority: Vec<String>,
}

/// A registered purpose in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredPurpose {
    /// The language, BCP 47.
    pub language: String,
    /// The text, the registrar's.
    pub text: String,
}

impl VerifierContact {
    /// The purpose in this language, else in English, else in any.
    pub(crate) fn purpose_in(&self, language: &str) -> Option<&str> {
        let languages = Languages::new([language, "en"]);
        let purpose = languages.choose(&self.purposes, |purpose| Some(purpose.language.as_str()));
        purpose.map(|purpose| purpose.text.as_str())
    }
}

/// How the wallet knows who asked. A closed list: what is not on it is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum VerifierEvidence {
    /// `x509_hash`: signed by the certificate whose hash is the client identifier, which a trusted authority issued.
    CertificateHash {
        /// The common name of the authority at the top of the chain.
        authority: Option<String>,
    },
    /// `x509_san_dns`: signed by a certificate for this host name, which a trusted authority issued; the answer goes to the
    /// same host.
    CertificateHost {
        /// The host.
        host: String,
        /// The common name of the authority at the top of the chain.
        authority: Option<String>,
    },
    /// `decentralized_identifier`: signed by a key of this DID.
    DecentralizedIdentifier {
        /// The DID.
        did: String,
        /// Whether the person or the wallet's maker knows whose it is; the name of the record is then theirs.
        known: Knowledge,
    },
    /// No prefix: one of the verifiers that this wallet has written down, by a signature of its key.
    Registered,
    /// No prefix: somebody asks in the name of a verifier that this wallet has written down. The answer goes to an address of
    /// that verifier all the same.
    RegisteredUnsigned,
    /// `redirect_uri`: nothing is known but where the answer goes. Show it as unverified.
    Unverified,
    /// A page asks over the Digital Credentials API: nothing is known but its origin, for which the platform vouches. Show the origin,
    /// and that nobody says whose it is.
    Origin,
    /// A reader of mdocs signed the request, with a certificate that a trusted authority issued.
    Reader {
        /// The common name of the authority at the top of the chain.
        authority: Option<String>,
    },
    /// A reader of mdocs asks face to face, and nobody vouches for it. Show it as unverified.
    Nearby,
}

/// Whether it is known whose a DID is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knowledge {
    /// It is on the wallet's list.
    Listed,
    /// Nobody knows; show it as unverified.
    Unlisted,
}

impl VerifierEvidence {
    /// Whether nothing says who asks, so that the person has to be told.
    #[must_use]
    pub const fn is_unverified(&self) -> bool {
        matches!(
            self,
            Self::Unverified
                | Self::Origin
                | Self::Nearby
                | Self::DecentralizedIdentifier {
                    known: Knowledge::Unlisted,
                    ..
                }
        )
    }
}

/// What of one credential was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosedCredential {
    /// The credential.
    pub credential: CredentialId,
    /// Its type.
    pub credential_type: String,
    /// The selectively disclosed claims, as claims paths in words: `address.locality`.
    pub claims: Vec<String>,
    /// Those of which the verifier said that it means to keep them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retained: Vec<String>,
}

/// What became of the receipt that a request announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReceiptRecord {
    /// It is signed by a key of the request, and is for what was sent: evidence for the person.
    Verified {
        /// The signed receipt, a JWT.
        receipt: String,
    },
    /// Something came that is none: what the verifier says of the presentation is not what was sent.
    Refused {
        /// Why, in words of this wallet.
        reason: String,
    },
    /// None came.
    Missing,
}

/// A transaction that the person authorised. It is the verifier's own text, and kept whole: what was agreed to must be there to be
/// shown when somebody disputes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionRecord {
    /// Its type.
    pub transaction_type: String,
    /// The string of the request, base64url of a JSON object, whose hash was signed.
    pub transaction_data: String,
    /// The credential whose key signed it.
    pub credential: CredentialId,
}

/// What is known about the arrival of a presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It was signed and may have been sent; the verifier's answer is not known.
    Unconfirmed,
    /// The verifier accepted it.
    Accepted,
    /// The verifier answered with an error. It may have read what was sent.
    Rejected,
}
