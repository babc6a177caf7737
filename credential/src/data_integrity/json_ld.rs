//! What a suite needs of JSON-LD and RDF, as a port: [JSON-LD 1.1](https://www.w3.org/TR/json-ld11-api/) in safe mode and
//! [RDF Dataset Canonicalization](https://www.w3.org/TR/rdf-canon/). `symbolon-data-integrity` implements it; the
//! processor is some two hundred crates, which a wallet without Data Integrity credentials need not link.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// JSON-LD and RDF work that a Data Integrity suite needs.
///
/// An implementer must load nothing: a context is one it ships, or one of the table, or refused. It must refuse with
/// [`JsonLdError::DataLoss`] what would not reach the RDF dataset, since a signature over the dataset would not cover it,
/// and it must stop at the budget whatever the document holds.
pub trait JsonLdProcessor: Send + Sync {
    /// Expands, converts to RDF and canonicalizes (RDFC-1.0 with this hash). The canonical N-Quads, sorted, one statement
    /// per item, each ending in a line feed.
    ///
    /// # Errors
    /// [`JsonLdError`].
    fn canonicalize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError>;

    /// Canonicalizes N-Quads (RDFC-1.0 with this hash).
    ///
    /// # Errors
    /// [`JsonLdError::Statement`] for what is no N-Quad, [`JsonLdError::OverBudget`].
    fn canonicalize_statements(
        &self,
        statements: &[String],
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<CanonicalDataset, JsonLdError>;

    /// Expands and converts to N-Quads, in no particular order, one statement per item, each ending in a line feed, blank
    /// nodes labelled as they come.
    ///
    /// # Errors
    /// [`JsonLdError`].
    fn to_statements(
        &self,
        document: &Value,
        contexts: &ContextTable,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError>;

    /// The document as it is, with `id` set to `{prefix}{n}` on every node object without one
    /// ([vc-di-ecdsa §3.3.5](https://www.w3.org/TR/vc-di-ecdsa/#skolemizecompactjsonld)).
    ///
    /// # Errors
    /// [`JsonLdError`].
    fn skolemize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        prefix: &str,
        budget: JsonLdBudget,
    ) -> Result<Value, JsonLdError>;
}

/// The hash function within RDFC-1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CanonicalHash {
    /// With P-256 and Ed25519.
    Sha256,
    /// With P-384.
    Sha384,
}

/// What RDFC-1.0 gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalDataset {
    /// The canonical N-Quads, sorted, each ending in a line feed.
    pub statements: Vec<String>,
    /// The canonical label of each blank node by its label in the input, both without `_:`.
    pub labels: BTreeMap<String, String>,
}

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLdBudget {
    /// Objects and arrays within each other.
    pub depth: usize,
    /// Members and elements in all.
    pub items: usize,
    /// RDF statements.
    pub statements: usize,
    /// Calls of Hash N-Degree Quads ([RDF-CANON §4.8](https://www.w3.org/TR/rdf-canon/#hash-nd-quads)), each of which
    /// visits the neighbours of one blank node in one order. A poisoned graph of a dozen nodes asks for billions; a
    /// credential asks for none, or for a few where two of its objects are equal.
    pub n_degree_hashes: usize,
}

impl JsonLdBudget {
    /// Enough for every credential and presentation of the suite.
    pub const DEFAULT: Self = Self {
        depth: 24,
        items: 8_000,
        statements: 8_000,
        n_degree_hashes: 4_000,
    };
}

/// Why a document was not processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonLdError {
    /// Deeper, larger or more work than the budget allows.
    #[error("the JSON-LD document is over its budget")]
    OverBudget,
    /// A context that is neither shipped nor in the table. It is never loaded.
    #[error("the document uses a context that is not known here")]
    UnknownContext,
    /// A context object within the document that is not the same as a known one. Whoever may write contexts into a
    /// document may give its terms any meaning.
    #[error("the document brings a context of its own")]
    InlineContext,
    /// Something in the document would be left out of what is signed.
    #[error("{0}")]
    DataLoss(#[from] DataLoss),
    /// Not JSON-LD: a value where the syntax or a context forbids it.
    #[error("not valid JSON-LD")]
    Malformed,
    /// Not an N-Quad.
    #[error("not a valid N-Quads statement")]
    Statement,
    /// The processor itself failed; nobody can say anything about the document.
    #[error("the JSON-LD processor failed")]
    Processor,
}

/// What would be left out of the RDF dataset, and so of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DataLoss {
    /// A member whose name no context defines.
    #[error("a member of the document is not defined by its contexts")]
    Term,
    /// A member that is written as an IRI or a keyword and not as a term. It would be signed under one name and looked for
    /// under another.
    #[error("a member of the document is not named by a term")]
    Name,
    /// A type that no context defines and that is no IRI.
    #[error("a type in the document is not defined by its contexts")]
    Type,
    /// An `id` or a reference that is not an absolute IRI.
    #[error("an identifier in the document is not absolute")]
    Identifier,
    /// A language that is no language tag.
    #[error("a language in the document is no language tag")]
    Language,
    /// A value that RDF cannot carry, or an object that says nothing.
    #[error("a value in the document would be dropped")]
    Value,
}

/// Contexts beyond those that the processor ships: an issuer's own, or those of a trust list. Cheap to clone.
///
/// A table says what terms mean, so it must come from somebody who is believed, never from the document.
#[derive(Debug, Clone, Default)]
pub struct ContextTable {
    documents: Arc<BTreeMap<String, Value>>,
    digest: [u8; 32],
}

/// A context document without `@context` object or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the context document has no @context")]
pub struct InvalidContext;

impl ContextTable {
    /// A table of these documents, by their URLs. A document is what its URL serves: an object with `@context`.
    ///
    /// # Errors
    /// [`InvalidContext`].
    pub fn from_documents(
        documents: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Self, InvalidContext> {
        let mut table = BTreeMap::new();
        for (url, document) in documents {
            match document.get("@context") {
                Some(Value::Object(_) | Value::Array(_)) => table.insert(url, document),
                _ => return Err(InvalidContext),
            };
        }
        let mut hash = Sha256::new();
        for (url, document) in &table {
            for text in [url, &document.to_string()] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
        Ok(Self {
            documents: Arc::new(table),
            digest: hash.finalize().into(),
        })
    }

    /// The document of a URL.
    #[must_use]
    pub fn document(&self, url: &str) -> Option<&Value> {
        self.documents.get(url)
    }

    /// URLs and documents, by URL.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.documents
            .iter()
            .map(|(url, document)| (url.as_str(), document))
    }

    /// Names what the table says: tables with equal digests say the same. A processor that keeps processed contexts keeps
    /// them by it.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_takes_only_context_documents() {
        let url = || "https://issuer.example/contexts/1".to_owned();
        for wrong in [
            json!({}),
            json!({"@context": "https://elsewhere.example"}),
            json!([]),
        ] {
            assert!(ContextTable::from_documents([(url(), wrong)]).is_err());
        }
        let document = json!({"@context": {"name": "https://issuer.example/terms#name"}});
        let table = ContextTable::from_documents([(url(), document.clone())]).unwrap();
        assert_eq!(table.document(&url()), Some(&document));
        assert_eq!(table.document("https://issuer.example/contexts/2"), None);
        assert_ne!(table.digest(), ContextTable::default().digest());
    }
}
