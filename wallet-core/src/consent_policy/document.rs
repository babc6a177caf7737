//! The policy as it is written down (`docs/headless-wallet.md`).

use core::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;

use super::error::NotAnAddress;
use crate::policy::SpentCopies;

/// The version of the form that is read.
pub const CONSENT_POLICY_VERSION: u32 = 1;

/// The longest address of a person, in bytes.
const MAX_ADDRESS_BYTES: usize = 64;

/// A policy. Keys that are not known are errors: one that is misspelt would permit or forbid something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentPolicyDocument {
    /// [`CONSENT_POLICY_VERSION`].
    pub version: u32,
    /// Whose wallets are reached, beside the first person's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<ServedPerson>,
    /// How requests wait for somebody.
    #[serde(default)]
    pub waiting: WaitingLimits,
    /// What is shown to whom.
    #[serde(default)]
    pub presentations: PresentationRules,
    /// What is received from whom.
    #[serde(default)]
    pub offers: OfferRules,
}

/// A person whose wallet is reached at an address of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServedPerson {
    /// The part of the address that says whose wallet is meant. Verifiers and issuers see it.
    pub address: PersonAddress,
    /// What the wallet calls the person: a name or an identifier.
    pub person: String,
    /// The file with the passphrase that the person's wallet is locked with.
    pub passphrase_file: String,
}

/// The part of an address that says whose wallet is meant: 1 to 64 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonAddress(String);

impl PersonAddress {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=MAX_ADDRESS_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnAddress)
        }
    }
}

impl TryFrom<String> for PersonAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<PersonAddress> for String {
    fn from(address: PersonAddress) -> Self {
        address.0
    }
}

impl fmt::Display for PersonAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How requests wait for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WaitingLimits {
    /// How long, in seconds. Then a request is declined.
    pub seconds: u64,
    /// How many at once. One more is refused.
    pub requests: usize,
}

impl Default for WaitingLimits {
    /// An hour, and as many as somebody can look through.
    fn default() -> Self {
        Self {
            seconds: 60 * 60,
            requests: 100,
        }
    }
}

/// What becomes of what no rule is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It is refused.
    #[default]
    Refuse,
    /// It waits for somebody.
    Hold,
}

/// What is shown to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PresentationRules {
    /// What becomes of requests that no rule permits.
    pub otherwise: Otherwise,
    /// What becomes of requests for more than the verifier is registered for, and of those with a registration that is not to be
    /// believed. No rule permits them.
    pub over_asking: Otherwise,
    /// The rules; the first that is about a request and permits all of it decides.
    pub rules: Vec<PresentationRule>,
}

/// One rule: who may see what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentationRule {
    /// What people call it.
    pub name: String,
    /// Whose wallet it is about; the first person's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonAddress>,
    /// Who asks.
    pub verifier: VerifierConditions,
    /// What it is registered to ask for it, in any language; for any purpose where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// What may be shown; in a rule that holds or refuses, what it is about, and everything where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<PermittedCredential>,
    /// The types of transactions that may be authorised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transaction_types: Vec<String>,
    /// Whether a rule that shares answers what anybody brings. Whoever reaches the wallet may have begun the session at the verifier, and
    /// would go on in it as the wallet's owner; without this, what strangers bring waits for somebody.
    #[serde(default)]
    pub answers_for_anybody: bool,
    /// Whether a rule that answers for anybody also authorises transactions that anybody began.
    #[serde(default)]
    pub authorises_for_anybody: bool,
    /// Whether a rule that shares shows a credential again whose copies were each shown to somebody.
    #[serde(default)]
    pub spent_copies: SpentCopies,
    /// Whether credentials may be shown without a proof of their holder: whoever is shown one could show it again.
    #[serde(default)]
    pub without_holder_binding: bool,
    /// What becomes of such a request.
    pub decision: PresentationDecision,
}

/// Who asks. Every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerifierConditions {
    /// Client identifiers with their prefixes, one of which it has.
    pub client_ids: Vec<String>,
    /// Kinds of client identifiers, one of which it has.
    pub prefixes: Vec<ClientIdKind>,
    /// Names, one of which it has: in its certificate, or in the list of this wallet.
    pub names: Vec<String>,
    /// Common names of authorities, one of which issued its certificate.
    pub authorities: Vec<String>,
    /// Identifiers of relying parties in registration certificates, one of which it has.
    pub registered: Vec<String>,
    /// Common names of registrars' authorities, one of which registered it.
    pub registrars: Vec<String>,
}

impl VerifierConditions {
    /// Whether there is no condition.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A credential that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermittedCredential {
    /// Its type: `vct`, the document type of an mdoc, or the most specific type of a W3C credential.
    #[serde(rename = "type")]
    pub credential_type: String,
    /// Its issuers, one of which it has; any where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<IssuerIdentifier>,
    /// The claims that may be seen, with all that is below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimsPath>,
    /// Whether everything in it may be seen.
    #[serde(default)]
    pub all_claims: bool,
}

/// What becomes of a request that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresentationDecision {
    /// It is answered, where its owner brought it or the rule answers for anybody; otherwise it waits for somebody.
    Share,
    /// It waits for somebody.
    Hold,
    /// It is refused.
    Refuse,
}

/// What is received from whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfferRules {
    /// What becomes of offers that no rule is about.
    pub otherwise: Otherwise,
    /// The rules; the first that is about an offer decides.
    pub rules: Vec<OfferRule>,
}

/// One rule: whose offers are taken. The wallet deals with the issuers of its trust list alone, whatever a rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferRule {
    /// What people call it.
    pub name: String,
    /// Whose wallet it is about; the first person's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonAddress>,
    /// Credential Issuer Identifiers, one of which the offer has.
    pub issuers: Vec<IssuerIdentifier>,
    /// The file with the transaction code that belongs to these offers, where both sides agreed on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_code_file: Option<String>,
    /// Whether a rule that receives takes what anybody brings: it may have been made for somebody else, whose credential the wallet would
    /// then show as its owner's. Without this, what strangers bring waits for somebody.
    #[serde(default)]
    pub receives_for_anybody: bool,
    /// What becomes of such an offer.
    pub decision: OfferDecision,
}

/// What becomes of an offer that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferDecision {
    /// It is taken, where its owner brought it or the rule receives for anybody; otherwise it waits for somebody.
    Receive,
    /// It waits for somebody.
    Hold,
    /// It is refused.
    Refuse,
}
