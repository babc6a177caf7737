//! Transactions: what the person is shown of them, and which credential authorises which ([OpenID4VP §8.4]).
//!
//! [OpenID4VP §8.4]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.4

use std::collections::BTreeMap;

use symbolon_credential::mdoc::{ElementIdentifier, ElementValue, NameSpace};
use symbolon_credential::sd_jwt::{DigestAlgorithm, TransactionDataHashes};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::{DcqlQuery, QueryId};
use symbolon_protocol::openid4vp::request::PresentationRequest;
use symbolon_protocol::openid4vp::transaction_data::TransactionData;

use super::consent::{Answerable, Choice};
use super::matching::{Holding, Holdings};
use crate::error::{DeviceFault, WalletError};
use crate::hold::Opened;
use crate::identifiers::CredentialId;
use crate::language::Languages;
use crate::record::TransactionRecord;

/// A transaction that the person authorises by answering. Show all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTransaction {
    /// What it is, in the words that the wallet has for its type.
    pub title: String,
    /// Its type.
    pub transaction_type: String,
    /// Every member, in the order of the type.
    pub details: Vec<ShownDetail>,
    /// The credential queries one of whose answers authorises it.
    pub authorized_by: Vec<QueryId>,
}

/// One member of a transaction. The value is the verifier's own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownDetail {
    /// What it is called, below the names of the groups that it is in.
    pub label: Vec<String>,
    /// What it says.
    pub value: String,
}

/// How credentials hash for a verifier, the usual way first.
const HASH_ALGORITHMS: [DigestAlgorithm; 3] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

/// Which credential of an answer authorises which transactions, by their places in the request.
pub(super) struct Authorizations(BTreeMap<(QueryId, CredentialId), Vec<usize>>);

impl Authorizations {
    /// What a credential of the answer authorises.
    pub(super) fn of<'r>(
        &self,
        query: &QueryId,
        credential: CredentialId,
        request: &'r PresentationRequest,
    ) -> Vec<&'r TransactionData> {
        let places = self.0.get(&(query.clone(), credential));
        let places = places.into_iter().flatten();
        places
            .filter_map(|place| request.transaction_data.get(*place))
            .collect()
    }

    /// What the history keeps.
    pub(super) fn records(&self, request: &PresentationRequest) -> Vec<TransactionRecord> {
        let mut records: Vec<(usize, TransactionRecord)> = Vec::new();
        for ((_, credential), places) in &self.0 {
            for place in places {
                if let Some(transaction) = request.transaction_data.get(*place) {
                    let record = TransactionRecord {
                        transaction_type: transaction.definition().name.to_string(),
                        transaction_data: transaction.text().to_owned(),
                        credential: *credential,
                    };
                    records.push((*place, record));
                }
            }
        }
        records.sort_by_key(|(place, _)| *place);
        records.into_iter().map(|(_, record)| record).collect()
    }
}

impl ShownTransaction {
    pub(super) fn of(transaction: &TransactionData, languages: &Languages) -> Self {
        let definition = transaction.definition();
        let name = definition.name.to_string();
        Self {
            title: in_language(&definition.title, languages).unwrap_or_else(|| name.clone()),
            transaction_type: name,
            details: transaction
                .details()
                .into_iter()
                .map(|detail| ShownDetail {
                    label: detail
                        .fields
                        .iter()
                        .map(|field| {
                            in_language(&field.label, languages).unwrap_or_else(|| field.name.clone())
                        })
                        .collect(),
                    value: detail.value,
                })
                .collect(),
            authorized_by: transaction.credential_ids().to_vec(),
        }
    }
}

fn in_language(texts: &BTreeMap<String, String>, languages: &Languages) -> Option<String> {
    let entries: Vec<(&String, &String)> = texts.iter().collect();
    let chosen = languages.choose(&entries, |(tag, _)| Some(tag.as_str()));
    chosen.map(|(_, text)| (*text).clone())
}

impl Holdings<'_> {
    /// Whether a transaction is of a type that none of the credentials which would do can authorise: mdocs whose issuer has not let the
    /// device sign for it ([OpenID4VP appendix B.2.1]). What is not held at all is another matter.
    ///
    /// [OpenID4VP appendix B.2.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.1
    pub(super) fn cannot_authorize(&self, request: &PresentationRequest) -> bool {
        request.transaction_data.iter().any(|transaction| {
            let queries = transaction.credential_ids().iter();
            let queries = queries.filter_map(|id| request.dcql_query.credential(id));
            let fitting: Vec<&Holding<'_>> = queries
                .filter_map(|query| self.fitting(query).ok())
                .flatten()
                .filter_map(|(place, _)| self.entries.get(place))
                .collect();
            !fitting.is_empty() && !fitting.iter().any(|holding| holding.can_authorize(transaction))
        })
    }

    /// Which credentials of a choice authorise the transactions of the request, each by one credential alone; `None` when one is
    /// authorised by none.
    pub(super) fn authorizations(
        &self,
        request: &PresentationRequest,
        choice: &Choice,
    ) -> Option<Authorizations> {
        let mut found: BTreeMap<(QueryId, CredentialId), Vec<usize>> = BTreeMap::new();
        for (place, transaction) in request.transaction_data.iter().enumerate() {
            let candidates = transaction.credential_ids().iter().flat_map(|query| {
                let credentials = choice.credentials(query).iter();
                credentials.map(move |credential| (query.clone(), *credential))
            });
            let key = candidates.into_iter().find(|key| {
                let others = found.get(key).into_iter().flatten();
                let mut together: Vec<&TransactionData> = others
                    .filter_map(|other| request.transaction_data.get(*other))
                    .collect();
                together.push(transaction);
                let holding = self.entries.iter().find(|one| one.credential.id == key.1);
                holding.is_some_and(|holding| {
                    holding.can_authorize(transaction) && common_algorithm(&together).is_some()
                })
            })?;
            found.entry(key).or_default().push(place);
        }
        Some(Authorizations(found))
    }

    /// The smallest answer with what the transactions need beside it, and the queries that are answered for them alone.
    pub(super) fn authorizing(
        &self,
        dcql_query: &DcqlQuery,
        transactions: &[TransactionData],
        answerable: Answerable,
    ) -> (Answerable, Vec<QueryId>) {
        let Answerable::With(mut choice) = answerable else {
            return (answerable, Vec::new());
        };
        let mut added = Vec::new();
        for transaction in transactions {
            let is_chosen = |id: &QueryId| {
                let mut chosen = choice.credentials(id).iter();
                chosen.any(|credential| self.authorizes(*credential, transaction))
            };
            if transaction.credential_ids().iter().any(is_chosen) {
                continue;
            }
            let more = transaction.credential_ids().iter().find_map(|id| {
                let query = dcql_query.credential(id)?;
                let fitting = self.fitting(query).ok()?;
                let mut fitting = fitting.iter().filter_map(|(place, _)| self.entries.get(*place));
                let holding = fitting.find(|holding| holding.can_authorize(transaction))?;
                let with = choice.clone().with(id.clone(), holding.credential.id);
                self.satisfies(dcql_query, &with).then(|| (id.clone(), with))
            });
            match more {
                Some((id, with)) => {
                    choice = with;
                    added.push(id);
                }
                None => {
                    let missing = transaction.credential_ids().to_vec();
                    return (Answerable::No { missing }, Vec::new());
                }
            }
        }
        (Answerable::With(choice), added)
    }

    fn authorizes(&self, credential: CredentialId, transaction: &TransactionData) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|holding| holding.credential.id == credential && holding.can_authorize(transaction))
    }
}

impl Holding<'_> {
    fn can_authorize(&self, transaction: &TransactionData) -> bool {
        match &self.opened {
            Opened::SdJwtVc(_) => common_algorithm(&[transaction]).is_some(),
            Opened::MsoMdoc(opened) => transaction.definition().mdoc.as_ref().is_some_and(|mdoc| {
                let authorized = opened.issuer_signed.key_authorizations();
                authorized.covers(&mdoc.name_space, &mdoc.element)
            }),
            Opened::LdpVc(_) | Opened::JwtVcJson(_) => false,
        }
    }
}

fn common_algorithm(transactions: &[&TransactionData]) -> Option<DigestAlgorithm> {
    let mut algorithms = HASH_ALGORITHMS.into_iter();
    algorithms.find(|algorithm| {
        let mut transactions = transactions.iter();
        transactions.all(|transaction| transaction.takes(*algorithm))
    })
}

/// The hashes for a key binding ([OpenID4VP appendix B.3.3.1]); `None` where nothing is authorised.
///
/// [OpenID4VP appendix B.3.3.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.3.3.1
pub(super) fn hashes(
    transactions: &[&TransactionData],
) -> Result<Option<TransactionDataHashes>, WalletError> {
    if transactions.is_empty() {
        return Ok(None);
    }
    let internal = WalletError::DeviceFailed(DeviceFault::Internal);
    let algorithm = common_algorithm(transactions).ok_or(internal)?;
    Ok(Some(TransactionDataHashes {
        algorithm,
        hashes: transactions
            .iter()
            .map(|transaction| algorithm.digest(transaction.text()))
            .collect(),
    }))
}

/// Elements by their namespaces.
pub(super) type DeviceElements = BTreeMap<NameSpace, Vec<(ElementIdentifier, ElementValue)>>;

/// What the device of an mdoc signs for transactions: in each element the hashes of those whose types name it.
pub(super) fn device_elements(transactions: &[&TransactionData]) -> Result<DeviceElements, WalletError> {
    let internal = || WalletError::DeviceFailed(DeviceFault::Internal);
    let mut hashes: BTreeMap<(&str, &str), Vec<ElementValue>> = BTreeMap::new();
    for transaction in transactions {
        let mdoc = transaction.definition().mdoc.as_ref().ok_or_else(internal)?;
        let hash = DigestAlgorithm::Sha256.digest(transaction.text());
        let hash = base64url::decode(&hash).map_err(|_| internal())?;
        hashes
            .entry((&mdoc.name_space, &mdoc.element))
            .or_default()
            .push(ElementValue::Bytes(hash));
    }
    let mut elements = DeviceElements::new();
    for ((name_space, element), hashes) in hashes {
        let name_space = NameSpace::parse(name_space).map_err(|_| internal())?;
        let element = ElementIdentifier::parse(element).map_err(|_| internal())?;
        elements
            .entry(name_space)
            .or_default()
            .push((element, ElementValue::Array(hashes)));
    }
    Ok(elements)
}
