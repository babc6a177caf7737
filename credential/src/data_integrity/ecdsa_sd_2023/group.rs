//! Canonical statements, and which of them pointers select (vc-di-ecdsa §3.3.16, `canonicalizeAndGroup`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use symbolon_crypto::symmetric::SymmetricKey;
use thiserror::Error;

use super::pointer::JsonPointer;
use super::proof_value::{hmac_label, label_text};
use super::selection::{self, PointerSelectsNothing};
use super::statement::{self, InvalidStatement};
pub use crate::data_integrity::JsonLd;
use crate::data_integrity::{CanonicalHash, JsonLdError};

/// The beginning of the IRI that stands for a blank node while pointers select. A number follows.
const SKOLEM_PREFIX: &str = "urn:symbolon-blank-node:";

impl JsonLd<'_> {
    fn to_statements(self, document: &Value) -> Result<Vec<String>, JsonLdError> {
        self.processor.to_statements(document, self.contexts, self.budget)
    }

    pub(super) fn canonicalize(self, document: &Value) -> Result<Vec<String>, JsonLdError> {
        self.processor
            .canonicalize(document, self.contexts, CanonicalHash::Sha256, self.budget)
    }

    pub(super) fn canonical_labels(
        self,
        statements: &[String],
    ) -> Result<BTreeMap<String, String>, JsonLdError> {
        let dataset =
            self.processor
                .canonicalize_statements(statements, CanonicalHash::Sha256, self.budget)?;
        Ok(dataset.labels)
    }
}

/// Why a document was not split into what is shown and what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// The document was not processed.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// A pointer leads nowhere.
    #[error(transparent)]
    Pointer(#[from] PointerSelectsNothing),
    /// A pointer leads into a value that can only be shown whole, such as a text with its language.
    #[error("a JSON pointer selects a part of a value that is one statement")]
    PartOfStatement,
    /// The document uses the names that stand for nodes without one, or holds an ordered list, of which parts cannot be
    /// told from the whole.
    #[error("the document holds what cannot be disclosed selectively")]
    NotSelectable,
}

impl From<InvalidStatement> for SelectionError {
    fn from(_: InvalidStatement) -> Self {
        Self::NotSelectable
    }
}

/// A document in canonical form with the labels of its issuer.
pub(super) struct Document<'a> {
    json_ld: JsonLd<'a>,
    skolemized: Value,
    /// The canonical statements, sorted.
    pub(super) statements: Vec<String>,
    /// The label of each blank node, by its label in [`Selected::deskolemized`].
    labels: BTreeMap<String, Label>,
}

pub(super) struct Label {
    pub(super) bytes: [u8; 32],
    text: String,
}

impl AsRef<str> for Label {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// What pointers select.
pub(super) struct Selected {
    /// Which canonical statements.
    pub(super) indexes: BTreeSet<usize>,
    /// The same before relabelling.
    deskolemized: Vec<String>,
}

impl<'a> Document<'a> {
    /// Canonicalizes a document that has no proof.
    pub(super) fn new(
        document: &Value,
        hmac_key: &SymmetricKey,
        json_ld: JsonLd<'a>,
    ) -> Result<Self, SelectionError> {
        let JsonLd {
            processor,
            contexts,
            budget,
        } = json_ld;
        let skolemized = processor.skolemize(document, contexts, SKOLEM_PREFIX, budget)?;
        let deskolemized = statement::deskolemize(&json_ld.to_statements(&skolemized)?, SKOLEM_PREFIX)?;
        let canonical = processor.canonicalize_statements(&deskolemized, CanonicalHash::Sha256, budget)?;
        let mut labels = BTreeMap::new();
        let mut signed_labels = BTreeMap::new();
        for (input, canonical) in canonical.labels {
            let bytes = hmac_label(hmac_key, &canonical);
            let text = label_text(&bytes);
            signed_labels.insert(canonical, text.clone());
            labels.insert(input, Label { bytes, text });
        }
        let mut statements = statement::relabel(&canonical.statements, &signed_labels)?;
        statements.sort_unstable();
        Ok(Self {
            json_ld,
            skolemized,
            statements,
            labels,
        })
    }

    /// Which statements pointers select.
    pub(super) fn select(&self, pointers: &[&JsonPointer]) -> Result<Selected, SelectionError> {
        let Some(selected) = selection::select(&self.skolemized, pointers)? else {
            return Ok(Selected {
                indexes: BTreeSet::new(),
                deskolemized: Vec::new(),
            });
        };
        let deskolemized = statement::deskolemize(&self.json_ld.to_statements(&selected)?, SKOLEM_PREFIX)?;
        let relabelled = statement::relabel(&deskolemized, &self.labels)?;
        let places: HashMap<&str, usize> = self.statements.iter().map(String::as_str).zip(0..).collect();
        let indexes = relabelled
            .iter()
            .map(|statement| places.get(statement.as_str()).copied())
            .collect::<Option<BTreeSet<_>>>()
            .ok_or(SelectionError::PartOfStatement)?;
        Ok(Selected {
            indexes,
            deskolemized,
        })
    }

    /// The label that the issuer signed for each blank node of a selection, by the canonical label that somebody comes
    /// to who knows nothing but the selection.
    pub(super) fn labels_for_verifier(
        &self,
        selected: &Selected,
    ) -> Result<Vec<(String, [u8; 32])>, SelectionError> {
        let labels = self.json_ld.canonical_labels(&selected.deskolemized)?;
        labels
            .into_iter()
            .map(|(input, canonical)| {
                let label = self.labels.get(&input).ok_or(SelectionError::NotSelectable)?;
                Ok((canonical, label.bytes))
            })
            .collect()
    }

    /// The statements of these indexes, and the others, both in order.
    pub(super) fn split(&self, indexes: &BTreeSet<usize>) -> (Vec<&str>, Vec<&str>) {
        split(&self.statements, indexes)
    }
}

/// The statements of these indexes, and the others, both in order.
pub(super) fn split<'s>(statements: &'s [String], indexes: &BTreeSet<usize>) -> (Vec<&'s str>, Vec<&'s str>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for (index, statement) in statements.iter().enumerate() {
        if indexes.contains(&index) {
            inside.push(statement.as_str());
        } else {
            outside.push(statement.as_str());
        }
    }
    (inside, outside)
}
