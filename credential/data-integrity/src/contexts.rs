//! Which contexts there are, and what became of them: parsed once, processed once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use ssi_json_ld::json_ld::syntax::{self, Parse as _};
use ssi_json_ld::json_ld::{Context, Iri, IriBuf, LoadError, Loader, RemoteDocument};
use symbolon_credential::data_integrity::{ContextTable, JsonLdError};

use crate::active::Family;
use crate::processed::{Processed, Shape};

/// The contexts that stand first in credentials and presentations.
const BASE_CONTEXTS: [&str; 2] = [
    "https://www.w3.org/2018/credentials/v1",
    "https://www.w3.org/ns/credentials/v2",
];

/// The shipped contexts, and the processed ones.
pub(crate) struct Contexts {
    shipped: BTreeMap<&'static str, Shipped>,
    processed: Mutex<Processed>,
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
            if let Some(known) = processed.find(&key) {
                return Ok(known);
            }
            processed.make_room()
        };
        let family = Arc::new(Family::of(process()?, allowance));
        let shape = self.shape(context, table);
        self.lock().keep(key, shape, Arc::clone(&family));
        Ok(family)
    }

    /// Whether honest documents have such a list of contexts.
    pub(crate) fn shape(&self, context: &Value, table: &ContextTable) -> Shape {
        let is_shipped = |url: &Value| url.as_str().is_some_and(|url| self.shipped.contains_key(url));
        let is_base = |url: &Value| url.as_str().is_some_and(|url| BASE_CONTEXTS.contains(&url));
        let is_of_table = |url: &Value| url.as_str().is_some_and(|url| table.document(url).is_some());
        let contexts = match context {
            Value::Array(contexts) => contexts.as_slice(),
            one => core::slice::from_ref(one),
        };
        match contexts {
            [] => Shape::Usual,
            [one] if is_shipped(one) => Shape::Usual,
            [base, one] if is_base(base) && is_of_table(one) => Shape::Usual,
            _ => Shape::Odd,
        }
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

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use serde_json::json;

    use super::*;
    use crate::active::StepTo;

    const V2: &str = "https://www.w3.org/ns/credentials/v2";
    const OWN: &str = "https://issuer.example/contexts/1";

    fn table() -> ContextTable {
        let document = json!({ "@context": { "name": "https://issuer.example/terms#name" } });
        ContextTable::from_documents([(OWN.to_owned(), document)]).unwrap()
    }

    /// Looks a list of contexts up, and says whether it had to be processed.
    fn look_up(contexts: &Contexts, context: &Value) -> (Arc<Family>, bool) {
        let processed = Cell::new(false);
        let family = contexts.processed(context, &table(), || {
            processed.set(true);
            Ok(Context::default())
        });
        (family.unwrap(), processed.get())
    }

    #[test]
    fn odd_documents_do_not_push_out_what_is_kept_for_the_others() {
        let contexts = Contexts::default();
        let usual = [json!(V2), json!([V2]), json!([V2, OWN])];
        for context in &usual {
            assert!(look_up(&contexts, context).1);
        }
        for repetitions in 3..2_000 {
            assert!(look_up(&contexts, &json!(vec![V2; repetitions])).1);
        }
        for context in &usual {
            assert!(!look_up(&contexts, context).1, "{context}");
        }
        // The odd ones are kept as well, while there is room.
        assert!(!look_up(&contexts, &json!(vec![V2; 1_999])).1);
    }

    #[test]
    fn a_family_that_somebody_blew_up_goes_before_the_others() {
        let contexts = Contexts::default();
        look_up(&contexts, &json!([V2, OWN]));
        let (family, _) = look_up(&contexts, &json!([V2]));
        for number in 0..2_000 {
            let inline = json!({ "number": number });
            family.next(family.outermost(), StepTo::Local(&inline), || {
                Some(Context::default())
            });
        }
        drop(family);
        assert!(look_up(&contexts, &json!(V2)).1);
        assert!(!look_up(&contexts, &json!([V2, OWN])).1);
        assert!(look_up(&contexts, &json!([V2])).1);
    }
}
