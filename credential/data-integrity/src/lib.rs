//! JSON-LD and RDF behind the Data Integrity port of `symbolon-credential`: [`SsiJsonLd`].
//!
//! Contexts are processed and documents expanded by `ssi-json-ld`. What decides about signatures is ours: the safe mode
//! (nothing of a document is left out of its statements), the conversion to RDF, and RDFC-1.0 within a budget. Nothing is
//! ever loaded: a context is shipped with `symbolon-schemas`, or in the caller's table, or refused.

mod canonical;
mod contexts;
mod expand;
mod nquads;
mod safe_mode;
mod skolemize;
mod to_rdf;

use std::thread;

use serde_json::Value;
use symbolon_credential::data_integrity::{
    CanonicalDataset, CanonicalHash, ContextTable, JsonLdBudget, JsonLdError, JsonLdProcessor,
};

use crate::contexts::Contexts;

/// The stack of the thread that expands, in bytes. The expansion of `json-ld` recurses with large frames; a caller's
/// thread may have two megabytes.
const STACK_BYTES: usize = 8 << 20;

/// The JSON-LD processor. It keeps contexts parsed and processed, so make one and share it.
#[derive(Default)]
pub struct SsiJsonLd {
    contexts: Contexts,
}

impl SsiJsonLd {
    /// A processor that knows the shipped contexts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn quads(
        &self,
        document: &Value,
        contexts: &ContextTable,
        budget: JsonLdBudget,
    ) -> Result<Vec<nquads::Quad>, JsonLdError> {
        let scalars = safe_mode::check(document, contexts, &self.contexts, budget)?;
        let expanded = expand::expand(document, contexts, &self.contexts)?;
        safe_mode::compare(scalars, &expanded)?;
        to_rdf::to_rdf(&expanded, budget.statements)
    }
}

/// Runs on a thread with a stack of its own. A panic of the processor below is an error here.
fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T, JsonLdError> + Send) -> Result<T, JsonLdError> {
    thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|_| JsonLdError::Processor)?
            .join()
            .unwrap_or(Err(JsonLdError::Processor))
    })
}

impl JsonLdProcessor for SsiJsonLd {
    fn canonicalize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        on_large_stack(|| {
            let quads = self.quads(document, contexts, budget)?;
            Ok(canonical::canonicalize(quads, hash, budget)?.statements)
        })
    }

    fn canonicalize_statements(
        &self,
        statements: &[String],
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<CanonicalDataset, JsonLdError> {
        on_large_stack(|| {
            if statements.len() > budget.statements {
                return Err(JsonLdError::OverBudget);
            }
            let quads = statements
                .iter()
                .map(|statement| nquads::parse(statement))
                .collect::<Result<_, _>>()?;
            canonical::canonicalize(quads, hash, budget)
        })
    }

    fn to_statements(
        &self,
        document: &Value,
        contexts: &ContextTable,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        on_large_stack(|| {
            let quads = self.quads(document, contexts, budget)?;
            Ok(quads.iter().map(ToString::to_string).collect())
        })
    }

    fn skolemize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        prefix: &str,
        budget: JsonLdBudget,
    ) -> Result<Value, JsonLdError> {
        on_large_stack(|| {
            safe_mode::check(document, contexts, &self.contexts, budget)?;
            skolemize::skolemize(document, prefix, |marked| {
                expand::expand(marked, contexts, &self.contexts)
            })
        })
    }
}
