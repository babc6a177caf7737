//! Which contexts there are, and what became of them: parsed once, processed once.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use ssi_json_ld::json_ld::syntax::{self, Parse as _};
use ssi_json_ld::json_ld::{Context, Iri, IriBuf, LoadError, Loader, RemoteDocument};
use symbolon_credential::data_integrity::{ContextTable, JsonLdError};

use crate::active::{Allowance, Family};

/// The shipped contexts, and the processed ones.
pub(crate) struct Contexts {
    shipped: BTreeMap<&'static str, Shipped>,
    processed: Mutex<Processed>,
}

/// Families by their outermost context and the table, both hashed: the text may be long, and many may be kept.
#[derive(Default)]
struct Processed {
    families: HashMap<[u8; 32], Arc<Family>>,
    allowance: Arc<Allowance>,
}

struct Shipped {
    document: Value,
    parsed: syntax::Value,
}

impl Default for Contexts {
    fn default() -> Self {
        let shipped = symbolon_schemas::CONTEXTS
            .iter()
            .filter_map(|context| {
                let shipped = Shipped {
                    document: serde_json::from_str(context.document).ok()?,
                    parsed: syntax::Value::parse_str(context.document).ok()?.0,
                };
                Some((context.url, shipped))
            })
            .collect();
        Self {
            shipped,
            processed: Mutex::default(),
        }
    }
}

impl Contexts {
    /// Whether every context of a `@context` value is one that is known.
    pub(crate) fn check(&self, context: &Value, table: &ContextTable) -> Result<(), JsonLdError> {
        match context {
            Value::Array(contexts) => contexts.iter().try_for_each(|one| match one {
                Value::Array(_) => Err(JsonLdError::Malformed),
                one => self.check(one, table),
            }),
            Value::String(url) if self.document(url, table).is_some() => Ok(()),
            Value::String(_) => Err(JsonLdError::UnknownContext),
            Value::Object(_) if self.holds(context, table) => Ok(()),
            _ => Err(JsonLdError::InlineContext),
        }
    }

    fn document<'c>(&'c self, url: &str, table: &'c ContextTable) -> Option<&'c Value> {
        // Shipped contexts come first: a table cannot change what W3C's terms mean.
        match self.shipped.get(url) {
            Some(shipped) => Some(&shipped.document),
            None => table.document(url),
        }
    }

    fn holds(&self, context: &Value, table: &ContextTable) -> bool {
        let shipped = self.shipped.values().map(|shipped| &shipped.document);
        let of_table = table.iter().map(|(_, document)| document);
        shipped
            .chain(of_table)
            .any(|document| document.get("@context") == Some(context))
    }

    /// The active context that a `@context` value gives, and those that follow from it.
    pub(crate) fn processed(
        &self,
        context: &Value,
        table: &ContextTable,
        process: impl FnOnce() -> Result<Context, JsonLdError>,
    ) -> Result<Arc<Family>, JsonLdError> {
        // Contexts within the document may need the table where this one does not.
        let key: [u8; 32] = Sha256::new_with_prefix(context.to_string())
            .chain_update(table.digest())
            .finalize()
            .into();
        let allowance = {
            let mut processed = self.lock();
            if processed.allowance.is_spent() {
                *processed = Processed::default();
            }
            if let Some(known) = processed.families.get(&key) {
                return Ok(Arc::clone(known));
            }
            Arc::clone(&processed.allowance)
        };
        let family = Arc::new(Family::of(process()?, allowance));
        self.lock().families.insert(key, Arc::clone(&family));
        Ok(family)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Processed> {
        // A poisoned cache still holds only finished entries.
        self.processed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands known contexts to `json-ld`, and nothing else.
pub(crate) struct KnownOnly<'c> {
    pub(crate) contexts: &'c Contexts,
    pub(crate) table: &'c ContextTable,
}

impl Loader for KnownOnly<'_> {
    async fn load(&self, url: &Iri) -> Result<RemoteDocument<IriBuf>, LoadError> {
        let parsed = match self.contexts.shipped.get(url.as_str()) {
            Some(shipped) => Some(shipped.parsed.clone()),
            None => self
                .table
                .document(url.as_str())
                .and_then(|document| syntax::Value::parse_str(&document.to_string()).ok())
                .map(|(parsed, _)| parsed),
        };
        match parsed {
            Some(parsed) => Ok(RemoteDocument::new(Some(url.to_owned()), None, parsed)),
            None => Err(LoadError::new(url.to_owned(), Unknown)),
        }
    }
}

#[derive(Debug)]
struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a context that is not known here")
    }
}

impl std::error::Error for Unknown {}
