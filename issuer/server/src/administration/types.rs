//! What is asked and answered, in memory as on the wire.

mod offers;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use symbolon_crypto::cose::{InvalidContentKey, NamedContentKey};
use symbolon_http::openapi::ToSchema;
use symbolon_issuer::audit::AuditEntry;
use symbolon_issuer::credential_record::{
    CredentialKind, CredentialRecord, CredentialStatus, StatusAction, WalletReport,
};
use symbolon_issuer::identifiers::{ConfigurationId, CredentialId, TransactionId};
use symbolon_issuer::index::ShardId;
use symbolon_issuer::record::{IdRecord, Uin};
use symbolon_issuer::transaction::{Decision, TransactionStage};
use zeroize::Zeroizing;

use super::shapes::{
    AuditEntryShape, WalletReportShape, credential_kinds, credential_statuses, decisions, status_actions,
    transaction_stages,
};
pub use offers::{
    OfferByName, OfferCreated, OfferDetails, OfferList, OfferOrder, OfferPage, OfferSummary,
    RenewedTransactionCode, TransactionCode,
};

/// The outcome of an import, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// One entry for each row, in order.
    pub rows: Vec<ImportedRow>,
    /// Credentials that were revoked because their holders are declared as deceased.
    pub revoked: u32,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRow {
    /// The line on which it begins, from 1.
    pub row: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: ImportOutcome,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ImportOutcome {
    /// It gave a record.
    Stored {
        /// How.
        change: RowOutcome,
    },
    /// It gave none.
    Rejected {
        /// Why, without anything that the row holds.
        reason: String,
    },
}

/// How a row's record was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RowOutcome {
    /// It is new.
    Inserted,
    /// It replaced another with the same UIN.
    Updated,
    /// It was there already.
    Unchanged,
}

/// Which record. The UIN is personal data and travels in bodies, never in a path that a proxy logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordOrder {
    /// The UIN.
    #[schema(value_type = String)]
    pub record: Uin,
}

/// A page of records.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordPage {
    /// In ascending order of UIN.
    #[schema(value_type = Vec<Object>)]
    pub records: Vec<IdRecord>,
    /// Where the next page begins; `None` on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Uin>,
}

/// Which credentials to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialList {
    /// Those of this record; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub record: Option<Uin>,
    /// Those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub after: Option<CredentialId>,
}

/// A page of credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialPage {
    /// In ascending order of identifier.
    pub credentials: Vec<CredentialSummary>,
    /// Where the next page begins; `None` on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<CredentialId>,
}

/// What an operator sees of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialSummary {
    /// Its name in the books.
    #[schema(value_type = String)]
    pub id: CredentialId,
    /// Its form.
    #[schema(schema_with = credential_kinds)]
    pub kind: CredentialKind,
    /// What it was made by.
    #[schema(value_type = String)]
    pub configuration: ConfigurationId,
    /// Whose it is; nobody's in the register for a document that was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub record: Option<Uin>,
    /// Its status list; none for a copy to be shown once, which carries no status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub shard: Option<ShardId>,
    /// Its index there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Seconds since the epoch.
    pub issued_at: i64,
    /// Seconds since the epoch.
    pub expires_at: i64,
    /// Its status.
    #[schema(schema_with = credential_statuses)]
    pub status: CredentialStatus,
    /// The credential that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub replaced_by: Option<CredentialId>,
    /// What its wallet last told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WalletReportShape>)]
    pub wallet_report: Option<WalletReport>,
}

impl From<CredentialRecord> for CredentialSummary {
    fn from(record: CredentialRecord) -> Self {
        Self {
            id: record.id,
            kind: record.kind,
            configuration: record.configuration,
            record: record.record,
            shard: record.status_index.map(|place| place.shard),
            index: record.status_index.map(|place| place.index),
            issued_at: record.issued_at.seconds(),
            expires_at: record.expires_at.seconds(),
            status: record.status,
            replaced_by: record.replaced_by,
            wallet_report: record.wallet_report,
        }
    }
}

/// Which requests that wait to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TransactionList {
    /// Those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub after: Option<TransactionId>,
}

/// A page of requests that wait for an operator, or for their wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionPage {
    /// In ascending order of identifier.
    pub transactions: Vec<TransactionSummary>,
    /// Where the next page begins; `None` on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<TransactionId>,
}

/// What an operator sees of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionSummary {
    /// Its name.
    #[schema(value_type = String)]
    pub id: TransactionId,
    /// Whose credential.
    #[schema(value_type = String)]
    pub record: Uin,
    /// By what configuration.
    #[schema(value_type = String)]
    pub configuration: ConfigurationId,
    /// For how many keys.
    pub keys: usize,
    /// Seconds since the epoch.
    pub requested_at: i64,
    /// Seconds since the epoch from which on it is gone.
    pub expires_at: i64,
    /// How far it has come.
    #[schema(schema_with = transaction_stages)]
    pub stage: TransactionStage,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionOrder {
    /// On which request.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// How.
    #[schema(schema_with = decisions)]
    pub decision: Decision,
}

/// A change of status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusOrder {
    /// What to do.
    #[schema(schema_with = status_actions)]
    pub action: StatusAction,
    /// To what.
    pub credentials: CredentialSelector,
}

/// One credential, or all of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialSelector {
    /// This one.
    #[schema(value_type = String)]
    Id(CredentialId),
    /// Every one of this record.
    #[schema(value_type = String)]
    Record(Uin),
}

/// What a change of status did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusReport {
    /// The credentials that changed.
    #[schema(value_type = Vec<String>)]
    pub changed: Vec<CredentialId>,
    /// Those that were as wanted already, or are revoked and could not be anything else.
    #[schema(value_type = Vec<String>)]
    pub unchanged: Vec<CredentialId>,
}

/// A card to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardOrder {
    /// Whose.
    #[schema(value_type = String)]
    pub record: Uin,
    /// By which configuration; the only one that has a card, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub configuration: Option<ConfigurationId>,
    /// The card that it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub replaces: Option<CredentialId>,
    /// Where it has the face; as the issuer is configured, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face: Option<FaceOrder>,
    /// As what kind of file.
    pub format: CardFormat,
}

/// What an offline pack is to hold beside the lists of this installation's issuers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackOrder {
    /// What a partial pack covers, by the names of scopes in the trust list; everything where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Signed status sections of other issuers, each in base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<String>,
    /// Signed status lists of issuers that publish no section.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<VerbatimListOrder>,
    /// Sections of revocation lists of certificates (`docs/pack-format.md`, section 6b), each in base64. A partial pack has them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_lists: Vec<String>,
}

/// A signed status list as its issuer serves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerbatimListOrder {
    /// Its address, as it stands in credentials.
    pub uri: String,
    /// What is served there, in base64.
    pub body: String,
}

/// Where a card has the face.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaceOrder {
    /// In a second code: for the holders of the issuer's face key where it has one, else for everybody.
    SecondCode,
    /// In a second code, for the holders of this key.
    #[schema(value_type = String)]
    EncryptedFor(FaceKey),
}

/// A key for faces, as it travels in an order: the text of its JSON Web Key. The administration interface is the one place where it
/// is written to a wire; it is zeroized when dropped, and is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceKey(Zeroizing<String>);

impl FaceKey {
    /// The text of a file that holds the key.
    #[must_use]
    pub const fn new(jwk: Zeroizing<String>) -> Self {
        Self(jwk)
    }

    pub(super) fn read(&self) -> Result<NamedContentKey, InvalidContentKey> {
        NamedContentKey::from_jwk(self.0.as_bytes())
    }
}

impl Serialize for FaceKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FaceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|jwk| Self(Zeroizing::new(jwk)))
    }
}

impl core::fmt::Debug for FaceKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FaceKey")
    }
}

/// The kind of file of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardFormat {
    /// For a printer.
    Pdf,
    /// For a screen.
    Png,
}

/// A card that was booked and drawn.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrintedCard {
    /// Its name in the books.
    #[schema(value_type = String)]
    pub credential: CredentialId,
    /// The text of its QR code.
    pub qr_text: String,
    /// The text of its second QR code, if the face has one to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_qr_text: Option<String>,
    /// Seconds since the epoch.
    pub expires_at: i64,
    /// The file; base64 on the wire.
    #[serde(with = "base64_bytes")]
    #[schema(value_type = String)]
    pub document: Vec<u8>,
}

mod base64_bytes {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use symbolon_crypto::encoding::base64;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64::decode(&text).map_err(|_| serde::de::Error::custom("not base64"))
    }
}

/// A new status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreshShard {
    /// Its number.
    #[schema(value_type = u32)]
    pub shard: ShardId,
}

/// The audit log was found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditVerified {
    /// How many entries it has.
    pub entries: u64,
}

/// A part of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// In ascending order of sequence.
    #[schema(value_type = Vec<AuditEntryShape>)]
    pub entries: Vec<AuditEntry>,
}
