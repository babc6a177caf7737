//! Offers: made, listed, shown, taken back.

use serde::{Deserialize, Serialize};
use symbolon_http::openapi::ToSchema;
use symbolon_issuer::grant::TxCodePolicy;
use symbolon_issuer::identifiers::{ConfigurationId, CredentialId, OfferId};
use symbolon_issuer::offer::{CancellationCause, OfferDelivery, OfferDevice, OfferGrants, OfferState};
use symbolon_issuer::record::Uin;

use crate::administration::shapes::{
    cancellation_causes, offer_deliveries, offer_devices, offer_grants, offer_states,
    transaction_code_policies,
};

/// What to offer to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferOrder {
    /// Whose record.
    #[schema(value_type = String)]
    pub record: Uin,
    /// Which credentials.
    #[schema(value_type = Vec<String>)]
    pub configurations: Vec<ConfigurationId>,
    /// Whether the resident must also know a code.
    #[schema(schema_with = transaction_code_policies)]
    pub tx_code: TransactionCode,
    /// How the wallet gets the offer.
    #[schema(schema_with = offer_deliveries)]
    pub delivery: OfferDelivery,
    /// The ways to the credentials.
    #[serde(default)]
    #[schema(schema_with = offer_grants, required = false)]
    pub grants: OfferGrants,
    /// On which device it will be opened. It changes nothing but what the book says.
    #[serde(default)]
    #[schema(schema_with = offer_devices, required = false)]
    pub device: OfferDevice,
}

/// Whether an offer is protected by a transaction code.
pub type TransactionCode = TxCodePolicy;

/// A new offer. Link and code are secrets until they are used.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OfferCreated {
    /// Its name.
    #[schema(value_type = String)]
    pub offer: OfferId,
    /// The link, to be shown as a QR code or sent.
    pub link: String,
    /// The transaction code, told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_code: Option<String>,
    /// Seconds since the epoch from which on it is refused.
    pub expires_at: i64,
}

/// Which offers to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfferList {
    /// Those of this record; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub record: Option<Uin>,
    /// Those that have come so far; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = offer_states, required = false)]
    pub state: Option<OfferState>,
    /// Those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub after: Option<OfferId>,
}

/// A page of offers. Where only those in one state are asked for it may be empty and not the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferPage {
    /// In ascending order of identifier.
    pub offers: Vec<OfferSummary>,
    /// Where the next page begins; `None` on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<OfferId>,
}

/// What an operator sees of an offer. Its link and its codes are in no answer but the first. Times are seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferSummary {
    /// Its name.
    #[schema(value_type = String)]
    pub id: OfferId,
    /// How far it has come.
    #[schema(schema_with = offer_states)]
    pub state: OfferState,
    /// Whose record.
    #[schema(value_type = String)]
    pub record: Uin,
    /// Which credentials.
    #[schema(value_type = Vec<String>)]
    pub configurations: Vec<ConfigurationId>,
    /// Of how many of these a credential was issued.
    pub issued: usize,
    /// The ways to the credentials.
    #[schema(schema_with = offer_grants)]
    pub grants: OfferGrants,
    /// Whether the resident must also know a code.
    #[schema(schema_with = transaction_code_policies)]
    pub tx_code: TransactionCode,
    /// How the wallet gets the offer.
    #[schema(schema_with = offer_deliveries)]
    pub delivery: OfferDelivery,
    /// On which device it is opened.
    #[schema(schema_with = offer_devices)]
    pub device: OfferDevice,
    /// When it was made.
    pub made_at: i64,
    /// It cannot be taken up from here on.
    pub expires_at: i64,
    /// When a wallet first fetched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<i64>,
    /// When an authorization last began with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<i64>,
    /// When it was taken up: its code gave a token, or the resident agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_up_at: Option<i64>,
    /// When its transaction code was guessed wrongly too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<i64>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<i64>,
    /// By what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = cancellation_causes, required = false)]
    pub cancelled_by: Option<CancellationCause>,
}

/// An offer and the credentials that came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferDetails {
    /// The offer.
    #[serde(flatten)]
    pub offer: OfferSummary,
    /// The credentials, copies and renewals included; at most about a thousand. They outlive the offer, also one that was taken back.
    #[schema(value_type = Vec<String>)]
    pub credentials: Vec<CredentialId>,
}

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferByName {
    /// Which.
    #[schema(value_type = String)]
    pub offer: OfferId,
}

/// A new transaction code.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RenewedTransactionCode {
    /// Of which offer.
    #[schema(value_type = String)]
    pub offer: OfferId,
    /// The code, told once.
    pub tx_code: String,
    /// Seconds since the epoch from which on the offer is refused.
    pub expires_at: i64,
}
