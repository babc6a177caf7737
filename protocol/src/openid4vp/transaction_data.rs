//! Transactions that a presentation authorises ([OpenID4VP §5.1, §8.4, appendices B.2 and B.3.3]).
//!
//! Which members a transaction has is defined by its type, and a type is data: a [`TransactionType`], which verifier and wallet have in
//! their configurations. A wallet shows every member by the words of the type, and refuses what the type does not say.
//!
//! An SD-JWT VC authorises by hashes in its key binding (`transaction_data_hashes`), an mdoc by an element that its device signs and
//! that the type names. W3C credentials have no place for either, and authorise nothing.
//!
//! [OpenID4VP §5.1, §8.4, appendices B.2 and B.3.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.4

mod fields;
mod transaction_type;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use symbolon_credential::sd_jwt::DigestAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;

pub use self::fields::{FieldDefinition, FieldKind, Occurrence, TransactionDetail};
pub use self::transaction_type::{
    InvalidTransactionType, MAX_TRANSACTION_TYPE_BYTES, MdocTransactionElement, TransactionType,
    TransactionTypeName, TransactionTypes,
};
use crate::dcql::{DcqlQuery, QueryId};

/// The most transactions of one request.
pub const MAX_TRANSACTIONS: usize = 16;

/// The longest string of `transaction_data`, in bytes.
pub const MAX_TRANSACTION_DATA_BYTES: usize = 16 * 1024;

/// Depth and members of one transaction, within [`MAX_TRANSACTION_DATA_BYTES`].
const BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_TRANSACTION_DATA_BYTES,
    depth: 8,
    items: 1_000,
};

/// The members that every transaction has, whatever its type.
const TYPE: &str = "type";
const CREDENTIAL_IDS: &str = "credential_ids";
const HASH_ALGORITHMS: &str = "transaction_data_hashes_alg";
const COMMON_MEMBERS: [&str; 3] = [TYPE, CREDENTIAL_IDS, HASH_ALGORITHMS];

/// One transaction, which conforms to its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionData {
    text: String,
    definition: Arc<TransactionType>,
    credential_ids: Vec<QueryId>,
    hash_algorithms: Option<Vec<DigestAlgorithm>>,
    members: Map<String, Value>,
}

/// Why a transaction is refused; every reason is `invalid_transaction_data` ([OpenID4VP §8.5]).
///
/// [OpenID4VP §8.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.5
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransactionDefect {
    /// Not a non-empty list of texts.
    #[error("transaction_data is no list of texts, or an empty one")]
    Malformed,
    /// Over [`MAX_TRANSACTIONS`] or [`MAX_TRANSACTION_DATA_BYTES`].
    #[error("transaction data are larger or more than is read")]
    TooLarge,
    /// The text is no base64url of a JSON object.
    #[error("a transaction is no JSON object in base64url")]
    NotAnObject,
    /// A type that is not known here.
    #[error("a transaction has a type that is not known here")]
    UnknownType,
    /// A member that the type does not have.
    #[error("a transaction has a member that its type does not have")]
    UnknownMember,
    /// A member that the type demands.
    #[error("a transaction lacks a member that its type demands")]
    MissingMember,
    /// A member of another JSON type, or with a value that the type does not allow.
    #[error("a member of a transaction has a value that its type does not allow")]
    Value,
    /// `credential_ids` names no credential query of the request.
    #[error("credential_ids of a transaction names a credential that is not asked for")]
    CredentialIds,
    /// A credential that cannot authorise this type of transaction: of a W3C format, an mdoc for which the type has no element, or
    /// one that is asked for without a proof of its holder.
    #[error("a transaction names a credential that cannot authorise it")]
    CannotAuthorize,
    /// None of the hash algorithms is known.
    #[error("transaction_data_hashes_alg names no algorithm that is known here")]
    HashAlgorithm,
}

impl TransactionData {
    /// Reads `transaction_data`.
    ///
    /// # Errors
    /// [`TransactionDefect`].
    pub fn parse_all(value: &Value, types: &TransactionTypes) -> Result<Vec<Self>, TransactionDefect> {
        let texts = value.as_array().ok_or(TransactionDefect::Malformed)?;
        if texts.is_empty() {
            return Err(TransactionDefect::Malformed);
        }
        if texts.len() > MAX_TRANSACTIONS {
            return Err(TransactionDefect::TooLarge);
        }
        let read = |text: &Value| Self::parse(text.as_str().ok_or(TransactionDefect::Malformed)?, types);
        texts.iter().map(read).collect()
    }

    /// Reads one string of `transaction_data`.
    ///
    /// # Errors
    /// [`TransactionDefect`].
    pub fn parse(text: &str, types: &TransactionTypes) -> Result<Self, TransactionDefect> {
        if text.len() > MAX_TRANSACTION_DATA_BYTES {
            return Err(TransactionDefect::TooLarge);
        }
        let bytes = base64url::decode(text).map_err(|_| TransactionDefect::NotAnObject)?;
        let Ok(Value::Object(mut members)) = json::parse_value(&bytes, BUDGET) else {
            return Err(TransactionDefect::NotAnObject);
        };
        let name = members.remove(TYPE).ok_or(TransactionDefect::MissingMember)?;
        let name = name.as_str().ok_or(TransactionDefect::Value)?;
        let definition = types.get(name).ok_or(TransactionDefect::UnknownType)?;
        let ids = members
            .remove(CREDENTIAL_IDS)
            .ok_or(TransactionDefect::MissingMember)?;
        let credential_ids = credential_ids(&ids)?;
        let hash_algorithms = match members.remove(HASH_ALGORITHMS) {
            None => None,
            Some(names) => Some(hash_algorithms(&names)?),
        };
        definition.check(&members)?;
        Ok(Self {
            text: text.to_owned(),
            definition: Arc::clone(definition),
            credential_ids,
            hash_algorithms,
            members,
        })
    }

    /// Makes a transaction of a type that is known, for the credentials that may authorise it. `members` are those that the type
    /// defines.
    ///
    /// # Errors
    /// [`TransactionDefect`].
    pub fn make(
        name: &TransactionTypeName,
        credential_ids: &[QueryId],
        members: &Map<String, Value>,
        types: &TransactionTypes,
    ) -> Result<Self, TransactionDefect> {
        let definition = types.get(name.as_str()).ok_or(TransactionDefect::UnknownType)?;
        if COMMON_MEMBERS.iter().any(|common| members.contains_key(*common)) {
            return Err(TransactionDefect::UnknownMember);
        }
        let mut object = Map::new();
        object.insert(TYPE.to_owned(), json!(name));
        object.insert(CREDENTIAL_IDS.to_owned(), json!(credential_ids));
        if let Some(algorithms) = &definition.hash_algorithms {
            object.insert(HASH_ALGORITHMS.to_owned(), json!(algorithms));
        }
        object.extend(members.clone());
        Self::parse(
            &base64url::encode(Value::Object(object).to_string().as_bytes()),
            types,
        )
    }

    /// The string of `transaction_data`, which is what hashes are of.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its type.
    #[must_use]
    pub fn definition(&self) -> &TransactionType {
        &self.definition
    }

    /// The credentials one of which authorises it; never empty.
    #[must_use]
    pub fn credential_ids(&self) -> &[QueryId] {
        &self.credential_ids
    }

    /// The algorithms of which a hash in a key binding must have one, as far as they are known here; without a choice SHA-256.
    #[must_use]
    pub fn hash_algorithms(&self) -> Option<&[DigestAlgorithm]> {
        self.hash_algorithms.as_deref()
    }

    /// Whether its hash may have this algorithm.
    #[must_use]
    pub fn takes(&self, algorithm: DigestAlgorithm) -> bool {
        match &self.hash_algorithms {
            Some(choice) => choice.contains(&algorithm),
            None => algorithm == DigestAlgorithm::Sha256,
        }
    }

    /// What a person has to be shown: every member, in the order of the type.
    #[must_use]
    pub fn details(&self) -> Vec<TransactionDetail<'_>> {
        self.definition.details(&self.members)
    }

    /// Checks that the request asks for each of the credentials, and that each can authorise it.
    ///
    /// # Errors
    /// [`TransactionDefect::CredentialIds`] and [`TransactionDefect::CannotAuthorize`].
    pub fn check_against(&self, query: &DcqlQuery) -> Result<(), TransactionDefect> {
        for id in &self.credential_ids {
            let credential = query.credential(id).ok_or(TransactionDefect::CredentialIds)?;
            if !self.definition.can_be_authorized_by(credential) {
                return Err(TransactionDefect::CannotAuthorize);
            }
        }
        Ok(())
    }
}

fn credential_ids(value: &Value) -> Result<Vec<QueryId>, TransactionDefect> {
    let ids = value
        .as_array()
        .filter(|ids| !ids.is_empty())
        .ok_or(TransactionDefect::Value)?;
    let read = |id: &Value| {
        id.as_str()
            .and_then(QueryId::parse)
            .ok_or(TransactionDefect::Value)
    };
    ids.iter().map(read).collect()
}

fn hash_algorithms(value: &Value) -> Result<Vec<DigestAlgorithm>, TransactionDefect> {
    let names = value
        .as_array()
        .filter(|names| !names.is_empty())
        .ok_or(TransactionDefect::Value)?;
    let mut known = Vec::new();
    for name in names {
        let name = name.as_str().ok_or(TransactionDefect::Value)?;
        known.extend(DigestAlgorithm::from_name(name));
    }
    if known.is_empty() {
        return Err(TransactionDefect::HashAlgorithm);
    }
    Ok(known)
}

#[cfg(test)]
mod tests;
