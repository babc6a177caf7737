//! Where a receipt stands, as it is stored.

use serde::{Deserialize, Serialize};
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::openid4vci::identifiers::{ConfigurationId, CredentialIdentifier};
use symbolon_protocol::openid4vci::offer::TxCodePrompt;
use symbolon_protocol::secret::{AccessToken, PreAuthorizedCode, TransactionCode};

use super::formats::{PlannedFormat, ProofKeyName};
use super::outcome::{NewOfferReason, ReceiptProblem};
use crate::identifiers::CredentialId;
use crate::record::CredentialDisplay;
use crate::secret;

/// The stages of a receipt.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiveStage {
    /// The link was read and its issuer is trusted. Nothing was fetched.
    AwaitingConsent {
        /// The offer, or where it is.
        source: OfferSource,
        /// Who it comes from; several only when a link by reference could be any of them.
        issuers: Vec<IssuerIdentifier>,
    },
    /// The person agreed. Offer and metadata are fetched now.
    Consented {
        /// The offer, or where it is.
        source: OfferSource,
        /// Who it may come from.
        issuers: Vec<IssuerIdentifier>,
        /// The transaction code, when the person gave it together with the consent.
        #[serde(serialize_with = "secret::write_option")]
        transaction_code: Option<TransactionCode>,
    },
    /// Everything is known but the transaction code.
    AwaitingTransactionCode {
        /// What will be requested where.
        plan: Box<Plan>,
        /// The code of the offer.
        grant: Grant,
        /// How many transaction codes the issuer has refused.
        refused: u32,
    },
    /// The code of the offer is about to be spent, or was.
    RequestingToken(Box<RequestingToken>),
    /// The issuer grants access; credentials are requested one after the other.
    Issuing(Box<Issuing>),
    /// It is over.
    Finished(FinishedReceipt),
}

/// The offer, or where it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferSource {
    /// The JSON of the offer. It holds the pre-authorized code, so it has no `Debug`.
    ByValue(String),
    /// Where to fetch it.
    ByReference(HttpUrl),
}

/// Whether a request may have reached the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// Certainly not.
    Never,
    /// It may have: the answer is missing.
    Perhaps,
}

/// What will be requested where, from metadata that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The issuer.
    pub issuer: IssuerIdentifier,
    /// What to call it: the name in the wallet's own policy, else the issuer's name for itself.
    pub issuer_name: Option<String>,
    /// Where the code becomes a token.
    pub token_endpoint: HttpUrl,
    /// Where nonces come from, when proofs need them.
    pub nonce_endpoint: Option<HttpUrl>,
    /// Where credentials are requested.
    pub credential_endpoint: HttpUrl,
    /// What to request.
    pub credentials: Vec<PlannedCredential>,
    /// What is offered and this wallet cannot hold.
    pub not_supported: Vec<ConfigurationId>,
}

/// One credential to request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCredential {
    /// The configuration.
    pub configuration: ConfigurationId,
    /// The type that must come back: `vct`, a document type, or the most specific type of a W3C credential.
    pub credential_type: String,
    /// Its format. What the first version of the record planned were SD-JWT VCs.
    #[serde(default)]
    pub format: PlannedFormat,
    /// How the proof names the key; in the first version of the record always as it is.
    #[serde(default)]
    pub proof_key: ProofKeyName,
    /// How to show it.
    pub display: CredentialDisplay,
}

/// The right to a token.
#[derive(Serialize, Deserialize)]
pub struct Grant {
    /// The pre-authorized code.
    #[serde(serialize_with = "secret::write")]
    pub code: PreAuthorizedCode,
    /// How to ask for the transaction code, when there is one.
    pub prompt: Option<TxCodePrompt>,
}

/// The code of the offer is about to be spent, or was.
#[derive(Serialize, Deserialize)]
pub struct RequestingToken {
    /// What will be requested where.
    pub plan: Plan,
    /// The code of the offer.
    pub grant: Grant,
    /// The transaction code.
    #[serde(serialize_with = "secret::write_option")]
    pub transaction_code: Option<TransactionCode>,
    /// How many transaction codes the issuer has refused.
    pub refused: u32,
    /// Whether the issuer may have seen the request.
    pub sent: SendState,
}

/// Access was granted.
#[derive(Serialize, Deserialize)]
pub struct Issuing {
    /// What is requested where; of its credentials, those before `next` are done.
    pub plan: Plan,
    /// The access token.
    #[serde(serialize_with = "secret::write")]
    pub access_token: AccessToken,
    /// The dataset to name for a configuration, where the token response named one.
    pub datasets: Vec<(ConfigurationId, CredentialIdentifier)>,
    /// The position in `plan.credentials` of the credential to request next.
    pub next: usize,
    /// The key that the next credential will be bound to, once it exists. It stays the same however often the request is
    /// repeated, so that no lost answer leaves a key behind.
    pub key: Option<KeyHandle>,
    /// What was received and stored.
    pub stored: Vec<CredentialId>,
}

/// How a receipt ended. Kept for a while, so that resuming a finished receipt tells the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishedReceipt {
    /// The credentials are held.
    Stored {
        /// Them.
        credentials: Vec<CredentialId>,
        /// What was offered and this wallet cannot hold.
        not_supported: Vec<ConfigurationId>,
    },
    /// The person declined.
    Declined,
    /// Only a new offer helps.
    NewOfferNeeded(NewOfferReason),
    /// What came from the issuer was refused, or the issuer refused.
    Refused {
        /// Why.
        problem: ReceiptProblem,
        /// Credentials of the same offer that were stored before.
        stored: Vec<CredentialId>,
    },
}
