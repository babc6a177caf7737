//! Consent receipts, in the terms of ISO/IEC TS 27560: who consented to what towards whom, when and for what purpose.

use serde::Serialize;

use crate::error::{DeviceFault, WalletError};
use crate::record::{
    Delivery, DisclosedCredential, HistoryEntry, HistoryEvent, ReceiptRecord, VerifierRecord,
};
use crate::wallet::Wallet;

/// The version of the exported form (`docs/headless-wallet.md`).
const RECEIPTS_VERSION: &str = "symbolon-consent-receipts-1";

#[derive(Serialize)]
struct Receipts {
    schema_version: &'static str,
    consent_receipts: Vec<Receipt>,
}

#[derive(Serialize)]
struct Receipt {
    record_metadata: RecordMetadata,
    pii_processing: PiiProcessing,
    party_identification: Vec<Party>,
    events: Vec<Event>,
    /// What the verifier signed about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    verifier_receipt: Option<String>,
}

#[derive(Serialize)]
struct RecordMetadata {
    record_id: String,
}

#[derive(Serialize)]
struct PiiProcessing {
    purposes: Vec<Purpose>,
    pii_information: Vec<PiiInformation>,
    lawful_basis: &'static str,
    collection_method: &'static str,
    /// The transactions that were authorised, by type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transactions: Vec<String>,
}

#[derive(Serialize)]
struct Purpose {
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    purpose: String,
}

#[derive(Serialize)]
struct PiiInformation {
    pii_type: String,
    pii_attributes: Vec<String>,
    /// Those of which the verifier said that it means to keep them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retained_attributes: Vec<String>,
}

#[derive(Serialize)]
struct Party {
    party_role: &'static str,
    party_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    party_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    party_contact: Vec<String>,
}

#[derive(Serialize)]
struct Event {
    event_type: &'static str,
    event_time: String,
    event_state: &'static str,
}

impl Wallet {
    /// A receipt of every presentation, as JSON, the latest first. It holds no claim values and nothing that says who the person is.
    ///
    /// # Errors
    /// As [`Wallet::history`].
    pub async fn export_consent_receipts(&self) -> Result<String, WalletError> {
        let entries = self.history().await?;
        let receipts = Receipts {
            schema_version: RECEIPTS_VERSION,
            consent_receipts: entries.iter().filter_map(receipt).collect(),
        };
        serde_json::to_string_pretty(&receipts).map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))
    }
}

fn receipt(entry: &HistoryEntry) -> Option<Receipt> {
    let HistoryEvent::Presented {
        verifier,
        disclosed,
        transactions,
        delivery,
        receipt,
    } = &entry.event
    else {
        return None;
    };
    let contact = verifier.contact.as_deref();
    let purposes = contact.map_or(&[][..], |contact| &contact.purposes);
    let given = Event {
        event_type: "consent_given",
        event_time: entry.at.rfc3339().to_string(),
        event_state: match delivery {
            Delivery::Accepted => "accepted",
            Delivery::Rejected => "rejected",
            Delivery::Unconfirmed => "unconfirmed",
        },
    };
    let requests = entry.data_requests.iter().map(|request| Event {
        event_type: request.kind.name(),
        event_time: request.at.rfc3339().to_string(),
        event_state: "sent",
    });
    Some(Receipt {
        record_metadata: RecordMetadata {
            record_id: entry.id.to_string(),
        },
        pii_processing: PiiProcessing {
            purposes: purposes
                .iter()
                .map(|purpose| Purpose {
                    language: Some(purpose.language.clone()),
                    purpose: purpose.text.clone(),
                })
                .collect(),
            pii_information: disclosed.iter().map(information).collect(),
            lawful_basis: "consent",
            collection_method: "presentation from a wallet",
            transactions: transactions
                .iter()
                .map(|transaction| transaction.transaction_type.clone())
                .collect(),
        },
        party_identification: parties(verifier),
        events: core::iter::once(given).chain(requests).collect(),
        verifier_receipt: match receipt {
            Some(ReceiptRecord::Verified { receipt }) => Some(receipt.clone()),
            _ => None,
        },
    })
}

fn information(disclosed: &DisclosedCredential) -> PiiInformation {
    PiiInformation {
        pii_type: disclosed.credential_type.clone(),
        pii_attributes: disclosed.claims.clone(),
        retained_attributes: disclosed.retained.clone(),
    }
}

fn parties(verifier: &VerifierRecord) -> Vec<Party> {
    let contact = verifier.contact.as_deref();
    let subject = contact.and_then(|contact| contact.subject.clone());
    let controller = Party {
        party_role: "pii_controller",
        party_id: subject.unwrap_or_else(|| verifier.client_id.clone()),
        party_name: contact
            .and_then(|contact| contact.name.clone())
            .or_else(|| verifier.name.clone()),
        party_contact: contact.map_or(Vec::new(), |contact| contact.support.clone()),
    };
    let authority = contact
        .filter(|contact| !contact.supervisory_authority.is_empty())
        .map(|contact| Party {
            party_role: "supervisory_authority",
            party_id: contact.country.clone().unwrap_or_default(),
            party_name: None,
            party_contact: contact.supervisory_authority.clone(),
        });
    core::iter::once(controller).chain(authority).collect()
}
