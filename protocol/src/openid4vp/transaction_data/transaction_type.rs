//! What a type of transaction data is: its members, and the words by which wallets show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_credential::mdoc::{ElementIdentifier, NameSpace};
use symbolon_credential::sd_jwt::DigestAlgorithm;
use thiserror::Error;

use super::fields::{
    FieldDefinition, TransactionDetail, check_fields, check_labels, check_members, details_of,
};
use super::{COMMON_MEMBERS, TransactionDefect};
use crate::dcql::{CredentialQuery, HolderBinding, Meta};

/// The longest name of a type, in bytes.
pub const MAX_TRANSACTION_TYPE_BYTES: usize = 256;

/// The name of a type of transaction data, best one that nobody else uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TransactionTypeName(String);

impl TransactionTypeName {
    /// Takes a name of 1 to [`MAX_TRANSACTION_TYPE_BYTES`] printable ASCII characters; `None` for any other text.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        (printable && (1..=MAX_TRANSACTION_TYPE_BYTES).contains(&text.len())).then_some(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TransactionTypeName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for TransactionTypeName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text).ok_or("not a name of 1 to 256 printable characters")
    }
}

impl From<TransactionTypeName> for String {
    fn from(name: TransactionTypeName) -> Self {
        name.0
    }
}

/// A type of transaction data, as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionType {
    /// Its name.
    #[serde(rename = "type")]
    pub name: TransactionTypeName,
    /// What such a transaction is, by language tag.
    pub title: BTreeMap<String, String>,
    /// The hash algorithms that a verifier offers, by the names of IANA's registry; without them the member
    /// `transaction_data_hashes_alg` is left out, which means `sha-256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_algorithms: Option<Vec<String>>,
    /// Where an mdoc says that it authorises one; without it no mdoc does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mdoc: Option<MdocTransactionElement>,
    /// Its members.
    pub fields: Vec<FieldDefinition>,
}

/// The element by which the device of an mdoc authorises transactions ([OpenID4VP appendix B.2.1]): a list of byte strings, the SHA-256
/// hashes of the authorised strings of `transaction_data`, in the order of the request. The issuer has to have authorised the
/// device key for it.
///
/// [OpenID4VP appendix B.2.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.1
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MdocTransactionElement {
    /// The namespace.
    pub name_space: String,
    /// The element.
    pub element: String,
}

/// Why a type of transaction data is refused, with the offending key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {problem}")]
pub struct InvalidTransactionType {
    /// The key, such as `fields[2].label`.
    pub key: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

pub(super) fn invalid<T>(key: impl Into<String>, problem: &'static str) -> Result<T, InvalidTransactionType> {
    Err(InvalidTransactionType {
        key: key.into(),
        problem,
    })
}

impl TransactionType {
    fn is_sound(&self) -> Result<(), InvalidTransactionType> {
        check_labels("title", &self.title)?;
        if self.title.is_empty() {
            return invalid("title", "is needed in one language at least");
        }
        for (place, name) in self.hash_algorithms.iter().flatten().enumerate() {
            if DigestAlgorithm::from_name(name).is_none() {
                return invalid(
                    format!("hash_algorithms[{place}]"),
                    "is none of sha-256, sha-384 and sha-512",
                );
            }
        }
        if self.hash_algorithms.as_ref().is_some_and(Vec::is_empty) {
            return invalid("hash_algorithms", "is empty");
        }
        if let Some(mdoc) = &self.mdoc
            && (NameSpace::parse(&mdoc.name_space).is_err()
                || ElementIdentifier::parse(&mdoc.element).is_err())
        {
            return invalid("mdoc", "is no namespace and element");
        }
        for (place, field) in self.fields.iter().enumerate() {
            if COMMON_MEMBERS.contains(&field.name.as_str()) {
                return invalid(
                    format!("fields[{place}].name"),
                    "is a member that every transaction has",
                );
            }
        }
        check_fields("fields", &self.fields, 1)
    }

    /// Whether what is asked for can authorise a transaction of this type: an SD-JWT VC, or an mdoc where the type says how, each with
    /// a proof of its holder, without which there is nothing that a hash could stand in ([OpenID4VP appendix B.3.3]).
    ///
    /// [OpenID4VP appendix B.3.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.3.3
    #[must_use]
    pub fn can_be_authorized_by(&self, credential: &CredentialQuery) -> bool {
        credential.holder_binding == HolderBinding::Proven
            && match &credential.meta {
                Meta::SdJwtVc { .. } => true,
                Meta::MsoMdoc { .. } => self.mdoc.is_some(),
                _ => false,
            }
    }

    /// Checks the members of a transaction of this type.
    pub(super) fn check(&self, members: &Map<String, Value>) -> Result<(), TransactionDefect> {
        check_members(&self.fields, members)
    }

    pub(super) fn details<'t>(&'t self, members: &'t Map<String, Value>) -> Vec<TransactionDetail<'t>> {
        let mut details = Vec::new();
        details_of(&self.fields, members, &[], &mut details);
        details
    }
}

/// The types of transaction data that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionTypes(BTreeMap<String, Arc<TransactionType>>);

impl TransactionTypes {
    /// No type is known.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// Takes up a type.
    ///
    /// # Errors
    /// [`InvalidTransactionType`], also for a name that is known already.
    pub fn insert(&mut self, definition: TransactionType) -> Result<(), InvalidTransactionType> {
        definition.is_sound()?;
        if self.0.contains_key(definition.name.as_str()) {
            return invalid("type", "is the name of another type");
        }
        self.0
            .insert(definition.name.as_str().to_owned(), Arc::new(definition));
        Ok(())
    }

    /// The type of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<TransactionType>> {
        self.0.get(name)
    }

    /// The elements by which mdocs authorise transactions of any of the types.
    pub fn mdoc_elements(&self) -> impl Iterator<Item = &MdocTransactionElement> {
        self.0.values().filter_map(|definition| definition.mdoc.as_ref())
    }

    /// Whether no type is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
