//! Which transactions a request has: what its relying party brings, and what its policy says.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_protocol::dcql::{DcqlQuery, QueryId};
use symbolon_protocol::openid4vp::transaction_data::{
    TransactionData, TransactionDefect, TransactionTypeName, TransactionTypes,
};
use thiserror::Error;

/// A transaction that a relying party brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionOrder {
    /// Its type, one of those that the verifier knows.
    #[serde(rename = "type")]
    pub transaction_type: TransactionTypeName,
    /// The credentials one of which authorises it, by their `id` in the query. A policy says it itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_ids: Vec<QueryId>,
    /// The members that the type defines.
    #[serde(default)]
    pub members: Map<String, Value>,
}

/// A transaction that the answers to a policy authorise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionRuleDocument {
    /// Its type, one of those that the verifier knows.
    #[serde(rename = "type")]
    pub transaction_type: TransactionTypeName,
    /// The credentials one of which authorises it, by their `id`.
    pub credential_ids: Vec<QueryId>,
    /// The members that the type defines, where they are always the same; without them each request brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Map<String, Value>>,
}

/// Why a request is not made with the transactions that it brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransactionRefused {
    /// One does not conform to its type, or no credential can authorise it.
    #[error("transaction_data[{position}]: {defect}")]
    Defect {
        /// Its place.
        position: usize,
        /// Why.
        #[source]
        defect: TransactionDefect,
    },
    /// A policy wants others, or in another order.
    #[error(
        "transaction_data must have the transactions that the policy leaves to the request, in its order"
    )]
    OtherThanPolicy,
    /// The credentials are the policy's to say.
    #[error("transaction_data[{position}]: credential_ids is said by the policy")]
    CredentialsOfPolicy {
        /// Its place.
        position: usize,
    },
}

/// The transactions of a request by a query of its own.
///
/// # Errors
/// [`TransactionRefused::Defect`].
pub fn of_query(
    brought: &[TransactionOrder],
    query: &DcqlQuery,
    types: &TransactionTypes,
) -> Result<Vec<TransactionData>, TransactionRefused> {
    let make = |(position, order): (usize, &TransactionOrder)| {
        make(
            &order.transaction_type,
            &order.credential_ids,
            &order.members,
            query,
            types,
        )
        .map_err(|defect| TransactionRefused::Defect { position, defect })
    };
    brought.iter().enumerate().map(make).collect()
}

/// The transactions of a request by a policy.
///
/// # Errors
/// [`TransactionRefused`].
pub fn of_policy(
    brought: &[TransactionOrder],
    rules: &[TransactionRuleDocument],
    query: &DcqlQuery,
    types: &TransactionTypes,
) -> Result<Vec<TransactionData>, TransactionRefused> {
    let mut brought = brought.iter().enumerate();
    let mut transactions = Vec::with_capacity(rules.len());
    for (place, rule) in rules.iter().enumerate() {
        let (position, members) = match &rule.members {
            Some(members) => (place, members),
            None => match brought.next() {
                Some((position, order)) if !order.credential_ids.is_empty() => {
                    return Err(TransactionRefused::CredentialsOfPolicy { position });
                }
                Some((position, order)) if order.transaction_type == rule.transaction_type => {
                    (position, &order.members)
                }
                _ => return Err(TransactionRefused::OtherThanPolicy),
            },
        };
        let made = make(
            &rule.transaction_type,
            &rule.credential_ids,
            members,
            query,
            types,
        );
        transactions.push(made.map_err(|defect| TransactionRefused::Defect { position, defect })?);
    }
    match brought.next() {
        None => Ok(transactions),
        Some(_) => Err(TransactionRefused::OtherThanPolicy),
    }
}

impl TransactionRuleDocument {
    /// Checks a rule against the query of its policy.
    ///
    /// # Errors
    /// [`TransactionDefect`].
    pub(crate) fn check(&self, query: &DcqlQuery, types: &TransactionTypes) -> Result<(), TransactionDefect> {
        let definition = types
            .get(self.transaction_type.as_str())
            .ok_or(TransactionDefect::UnknownType)?;
        if self.credential_ids.is_empty() {
            return Err(TransactionDefect::CredentialIds);
        }
        for id in &self.credential_ids {
            let credential = query.credential(id).ok_or(TransactionDefect::CredentialIds)?;
            if !definition.can_be_authorized_by(credential) {
                return Err(TransactionDefect::CannotAuthorize);
            }
        }
        match &self.members {
            None => Ok(()),
            Some(members) => make(
                &self.transaction_type,
                &self.credential_ids,
                members,
                query,
                types,
            )
            .map(|_| ()),
        }
    }
}

fn make(
    name: &TransactionTypeName,
    credential_ids: &[QueryId],
    members: &Map<String, Value>,
    query: &DcqlQuery,
    types: &TransactionTypes,
) -> Result<TransactionData, TransactionDefect> {
    let transaction = TransactionData::make(name, credential_ids, members, types)?;
    transaction.check_against(query)?;
    Ok(transaction)
}
