//! JSON-LD and RDF behind the Data Integrity port of `symbolon-credential`: [`SsiJsonLd`].
//!
//! Contexts are processed and documents expanded by `ssi-json-ld`. What decides about signatures is ours: the safe mode
//! (nothing of a document is left out of its statements), the conversion to RDF, and RDFC-1.0 within a budget. Nothing is
//! ever loaded: a context is shipped with `symbolon-schemas`, or in the caller's table, or refused.

mod active;
mod canonical;
mod contexts;
mod direct;
mod expand;
mod nquads;
mod processed;
mod safe_mode;
mod skolemize;
mod stack;
mod to_rdf;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};
use symbolon_credential::data_integrity::{
    CanonicalDataset, CanonicalHash, ContextTable, JsonLdBudget, JsonLdError, JsonLdProcessor,
};

use crate::active::Family;
use crate::contexts::Contexts;
use crate::direct::Direct;
use crate::expand::Processing;
use crate::nquads::Quad;
use crate::stack::on_large_stack;

/// The JSON-LD processor. It keeps contexts parsed and processed, so make one and share it.
#[derive(Default)]
pub struct SsiJsonLd {
    contexts: Contexts,
}

/// A document that was checked, on its way to statements.
struct Checked<'d> {
    members: &'d Map<String, Value>,
    /// How many scalars the statements must carry.
    scalars: usize,
    family: Arc<Family>,
    processing: Processing<'d>,
    max_statements: usize,
}

impl SsiJsonLd {
    /// A processor that knows the shipped contexts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn check<'d>(
        &'d self,
        document: &'d Value,
        table: &'d ContextTable,
        budget: JsonLdBudget,
    ) -> Result<Checked<'d>, JsonLdError> {
        let scalars = safe_mode::check(document, table, &self.contexts, budget)?;
        let processing = Processing {
            contexts: &self.contexts,
            table,
        };
        let members = document.as_object().ok_or(JsonLdError::Malformed)?;
        Ok(Checked {
            members,
            scalars,
            family: processing.family(members)?,
            processing,
            max_statements: budget.statements,
        })
    }
}

impl<'d> Checked<'d> {
    fn quads(&self) -> Result<Vec<Quad>, JsonLdError> {
        match self.direct() {
            Some(direct) => Ok(direct.quads),
            None => self.quads_through_expansion(),
        }
    }

    /// The short way, which not every document can go.
    fn direct(&self) -> Option<Direct<'d>> {
        direct::statements(
            self.members,
            self.scalars,
            &self.family,
            self.processing,
            self.max_statements,
        )
    }

    fn quads_through_expansion(&self) -> Result<Vec<Quad>, JsonLdError> {
        on_large_stack(|| {
            let expanded = self
                .processing
                .expand(self.members, &self.family.outermost().context)?;
            safe_mode::compare(self.scalars, &expanded)?;
            to_rdf::to_rdf(&expanded, self.max_statements)
        })
    }

    /// The texts that identify nodes.
    fn identifiers(&self) -> Result<BTreeSet<String>, JsonLdError> {
        if let Some(direct) = self.direct() {
            return Ok(direct.identifiers.into_iter().map(str::to_owned).collect());
        }
        on_large_stack(|| {
            let expanded = self
                .processing
                .expand(self.members, &self.family.outermost().context)?;
            Ok(skolemize::identifiers(&expanded))
        })
    }
}

impl JsonLdProcessor for SsiJsonLd {
    fn canonicalize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        let quads = self.check(document, contexts, budget)?.quads()?;
        Ok(canonical::canonicalize(&quads, hash, budget)?.statements)
    }

    fn canonicalize_statements(
        &self,
        statements: &[String],
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<CanonicalDataset, JsonLdError> {
        if statements.len() > budget.statements {
            return Err(JsonLdError::OverBudget);
        }
        let quads = statements
            .iter()
            .map(|statement| nquads::parse(statement))
            .collect::<Result<Vec<_>, _>>()?;
        canonical::canonicalize(&quads, hash, budget)
    }

    fn to_statements(
        &self,
        document: &Value,
        contexts: &ContextTable,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        let quads = self.check(document, contexts, budget)?.quads()?;
        Ok(quads.iter().map(Quad::to_text).collect())
    }

    fn skolemize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        prefix: &str,
        budget: JsonLdBudget,
    ) -> Result<Value, JsonLdError> {
        safe_mode::check(document, contexts, &self.contexts, budget)?;
        // Every object may get one member more.
        let budget = JsonLdBudget {
            items: budget.items.saturating_mul(2),
            ..budget
        };
        skolemize::skolemize(document, prefix, |named| {
            self.check(named, contexts, budget)?.identifiers()
        })
    }
}
