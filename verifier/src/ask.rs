//! What a counter without a network asks for: the shop's words, and the query or policy behind them, as whoever runs the verifier hands them out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_trust::trust_list::TrustList;
use thiserror::Error;

use crate::name::PolicyName;
use crate::policy::{Assurances, PolicyDocument, PolicySurroundings, PresentationPolicy};

/// The most things that one counter asks for.
pub const MAX_ASKS: usize = 64;

/// What a verifier hands out to a counter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskList {
    /// What the verifier calls itself. Nobody vouches for it.
    pub verifier: String,
    /// What people can be asked for.
    pub asks: Vec<AskDocument>,
}

/// Something that people can be asked for, as it is handed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskDocument {
    /// The shop's words for it.
    pub label: String,
    /// The DCQL query.
    pub query: Value,
    /// The policy whose query it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<NamedPolicy>,
}

/// A policy with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its rules.
    pub document: PolicyDocument,
}

/// Why what is handed out cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskError {
    /// It is no JSON of the form, or more than [`MAX_ASKS`].
    #[error("the list of what can be asked for cannot be read")]
    Malformed,
    /// The query cannot be asked.
    #[error("the query cannot be asked")]
    Query,
    /// The policy is wrong here, or needs what a device alone does not have: levels of assurance, or types of transactions.
    #[error("the policy cannot be decided without its verifier")]
    Policy,
}

/// Something that people can be asked for, checked.
#[derive(Debug, Clone)]
pub struct Ask {
    label: String,
    query: DcqlQuery,
    policy: Option<PresentationPolicy>,
}

impl AskList {
    /// Reads what was handed out.
    ///
    /// # Errors
    /// [`AskError::Malformed`].
    pub fn parse(list: &[u8]) -> Result<Self, AskError> {
        let list: Self = json::parse(list, JsonBudget::DEFAULT).map_err(|_| AskError::Malformed)?;
        if list.asks.len() > MAX_ASKS {
            return Err(AskError::Malformed);
        }
        Ok(list)
    }

    /// What can be asked for where this is the trust list. What cannot is left out: the rules of its policy name issuers that are not there.
    #[must_use]
    pub fn usable(&self, trust_list: &TrustList) -> Vec<Ask> {
        let asks = self.asks.iter();
        asks.filter_map(|document| Ask::of(document, trust_list).ok())
            .collect()
    }
}

impl Ask {
    /// Checks what was handed out. `trust_list` says whom the device trusts, which rules about issuers are checked against.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn of(document: &AskDocument, trust_list: &TrustList) -> Result<Self, AskError> {
        let query = document.query.to_string();
        let query = DcqlQuery::parse_own(query.as_bytes()).map_err(|_| AskError::Query)?;
        let policy = document.policy.as_ref();
        let policy = policy
            .map(|named| compile(named, &query, trust_list))
            .transpose()?;
        Ok(Self {
            label: document.label.clone(),
            query,
            policy,
        })
    }

    /// The shop's words for it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What a wallet is asked.
    #[must_use]
    pub const fn query(&self) -> &DcqlQuery {
        &self.query
    }

    /// The rules that the answer is held to beside the query.
    #[must_use]
    pub const fn policy(&self) -> Option<&PresentationPolicy> {
        self.policy.as_ref()
    }
}

/// The policy with nothing around it but its query: what it needs beside that is the verifier's.
fn compile(
    named: &NamedPolicy,
    query: &DcqlQuery,
    trust_list: &TrustList,
) -> Result<PresentationPolicy, AskError> {
    let own = named
        .document
        .query
        .iter()
        .map(|name| (name.clone(), query.clone()));
    let queries: BTreeMap<String, DcqlQuery> = own.collect();
    let surroundings = PolicySurroundings {
        trust_list,
        assurances: &Assurances::default(),
        queries: &queries,
        transaction_types: &TransactionTypes::default(),
    };
    let policy = PresentationPolicy::compile(named.name.clone(), &named.document, surroundings);
    let policy = policy.map_err(|_| AskError::Policy)?;
    // A policy that asks for something else than it was handed out with is not the one that was handed out.
    if policy.query() != Some(query) || !policy.transactions().is_empty() {
        return Err(AskError::Policy);
    }
    Ok(policy)
}
