//! Transactions that an answer authorises ([OpenID4VP §8.4]).
//!
//! A credential is told which transactions it may authorise, and its holder's proof must hold no others. Whether the answer authorises
//! all of them, each by one credential alone, is checked of the answer as a whole.
//!
//! [OpenID4VP §8.4]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.4

pub mod order;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use symbolon_credential::mdoc::{DeviceElement, ElementValue};
use symbolon_credential::sd_jwt::DigestAlgorithm;
use symbolon_credential::sd_jwt_vc::TransactionString;
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::transaction_data::{
    MdocTransactionElement, TransactionData, TransactionTypeName, TransactionTypes,
};

use crate::answer::AnswerCheck;
use crate::report::Report;

/// The transactions that a credential may authorise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedTransactions {
    transactions: Vec<ExpectedTransaction>,
    /// Every element that stands for transactions, of whatever type: what stands there must have been asked for.
    elements: Vec<MdocTransactionElement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ExpectedTransaction {
    /// Its place in the request.
    position: usize,
    text: String,
    algorithms: Option<Vec<DigestAlgorithm>>,
    element: Option<MdocTransactionElement>,
}

/// A transaction that the holder of a credential authorises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionProof {
    /// The place of the transaction in the request.
    pub position: usize,
    /// The hash that the holder signed, in base64url.
    pub hash: String,
    /// Its algorithm.
    pub algorithm: TransactionHashAlgorithm,
}

/// The algorithms of the hashes, by the names of IANA's registry of hash algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransactionHashAlgorithm {
    /// SHA-256.
    #[serde(rename = "sha-256")]
    Sha256,
    /// SHA-384.
    #[serde(rename = "sha-384")]
    Sha384,
    /// SHA-512.
    #[serde(rename = "sha-512")]
    Sha512,
}

impl From<DigestAlgorithm> for TransactionHashAlgorithm {
    fn from(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256,
            DigestAlgorithm::Sha384 => Self::Sha384,
            DigestAlgorithm::Sha512 => Self::Sha512,
        }
    }
}

/// A transaction of a request and the credential that authorised it, as it is kept with the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizedTransaction {
    /// The place of the transaction in `transaction_data` of the request.
    pub position: usize,
    /// Its type.
    #[serde(rename = "type")]
    pub transaction_type: TransactionTypeName,
    /// The credential query whose answer authorised it.
    pub query_id: String,
    /// The algorithm of the hash.
    pub hash_algorithm: TransactionHashAlgorithm,
    /// The hash of the transaction's string, which the holder signed, in base64url.
    pub hash: String,
}

/// What an answer as a whole authorises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedTransactions {
    /// Whether it is everything that was asked for, once.
    pub answer: AnswerCheck,
    /// What was authorised, in the order of the request.
    pub transactions: Vec<AuthorizedTransaction>,
}

impl ExpectedTransactions {
    /// The transactions that the credentials of a query may authorise, of a request with `transactions`. `types` are all that the
    /// verifier knows.
    #[must_use]
    pub fn of_query(
        query: &QueryId,
        transactions: &[TransactionData],
        types: &TransactionTypes,
    ) -> Arc<Self> {
        let expected = transactions
            .iter()
            .enumerate()
            .filter(|(_, transaction)| transaction.credential_ids().contains(query))
            .map(|(position, transaction)| ExpectedTransaction {
                position,
                text: transaction.text().to_owned(),
                algorithms: transaction.hash_algorithms().map(<[_]>::to_vec),
                element: transaction.definition().mdoc.clone(),
            });
        Arc::new(Self {
            transactions: expected.collect(),
            elements: types.mdoc_elements().cloned().collect(),
        })
    }

    /// What a key binding may hold hashes of.
    pub(crate) fn strings(&self) -> Vec<TransactionString<'_>> {
        let strings = self.transactions.iter().map(|expected| TransactionString {
            text: &expected.text,
            algorithms: expected.algorithms.as_deref(),
        });
        strings.collect()
    }

    /// The proof of a transaction by its place among [`Self::strings`].
    pub(crate) fn proof(
        &self,
        place: usize,
        hash: String,
        algorithm: DigestAlgorithm,
    ) -> Option<TransactionProof> {
        self.transactions.get(place).map(|expected| TransactionProof {
            position: expected.position,
            hash,
            algorithm: algorithm.into(),
        })
    }

    /// What the elements that the device of an mdoc signed authorise; `None` when one of them is for a transaction that was not
    /// asked for.
    pub(crate) fn signed_by_device(&self, elements: &[DeviceElement<'_>]) -> Option<Vec<TransactionProof>> {
        let mut proofs: Vec<TransactionProof> = Vec::new();
        for element in elements {
            let named = MdocTransactionElement {
                name_space: element.name_space().to_owned(),
                element: element.identifier().to_owned(),
            };
            if !self.elements.contains(&named) {
                continue;
            }
            let ElementValue::Array(hashes) = element.value() else {
                return None;
            };
            for hash in hashes {
                let ElementValue::Bytes(hash) = hash else {
                    return None;
                };
                let hash = base64url::encode(&hash);
                let mut expected = self.transactions.iter();
                let position = expected.find_map(|expected| {
                    let is_new = proofs.iter().all(|proof| proof.position != expected.position);
                    let is_it = expected.element.as_ref() == Some(&named)
                        && DigestAlgorithm::Sha256.digest(&expected.text) == hash;
                    (is_new && is_it).then_some(expected.position)
                })?;
                proofs.push(TransactionProof {
                    position,
                    hash,
                    algorithm: TransactionHashAlgorithm::Sha256,
                });
            }
        }
        Some(proofs)
    }
}

/// What the reports of an answer authorise of the transactions of its request. Each must be authorised by one credential and by no
/// second one ([OpenID4VP §5.1]).
///
/// [OpenID4VP §5.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.1
#[must_use]
pub fn authorized_transactions(
    transactions: &[TransactionData],
    reports: &BTreeMap<QueryId, Vec<Report>>,
) -> AuthorizedTransactions {
    let mut answer = AnswerCheck::AsAsked;
    let mut authorized = Vec::new();
    for (position, transaction) in transactions.iter().enumerate() {
        let proofs = reports.iter().flat_map(|(id, reports)| {
            let proofs = reports.iter().flat_map(|report| &report.shown.transactions);
            proofs.map(move |proof| (id, proof))
        });
        let mut proofs = proofs.filter(|(_, proof)| proof.position == position);
        match (proofs.next(), proofs.next()) {
            (None, _) => answer = AnswerCheck::TransactionNotAuthorized,
            (Some(_), Some(_)) => answer = AnswerCheck::TransactionAuthorizedTwice,
            (Some((id, proof)), None) => authorized.push(AuthorizedTransaction {
                position,
                transaction_type: transaction.definition().name.clone(),
                query_id: id.as_str().to_owned(),
                hash_algorithm: proof.algorithm,
                hash: proof.hash.clone(),
            }),
        }
    }
    AuthorizedTransactions {
        answer,
        transactions: authorized,
    }
}
