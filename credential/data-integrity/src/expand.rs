//! Expansion ([JSON-LD 1.1 API §5.1](https://www.w3.org/TR/json-ld11-api/#expansion-algorithm)) by `json-ld`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task;

use serde_json::{Map, Value};
use ssi_json_ld::json_ld::context_processing::{self, Process as _};
use ssi_json_ld::json_ld::expansion::{self, Action, Policy};
use ssi_json_ld::json_ld::rdf_types::vocabulary::no_vocabulary_mut;
use ssi_json_ld::json_ld::syntax::context::Context as LocalContext;
use ssi_json_ld::json_ld::syntax::{self, IntoJsonWithContext as _, Parse as _, TryFromJson as _};
use ssi_json_ld::json_ld::{Context, Expand as _, IriBuf};
use symbolon_credential::data_integrity::{ContextTable, DataLoss, JsonLdError};

use crate::active::Family;
use crate::contexts::{Contexts, KnownOnly};
use crate::stack::on_large_stack;

/// What contexts are processed with.
#[derive(Clone, Copy)]
pub(crate) struct Processing<'p> {
    /// The shipped contexts.
    pub(crate) contexts: &'p Contexts,
    /// The caller's contexts.
    pub(crate) table: &'p ContextTable,
}

/// Where the context of a term applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// To objects that are values of the property.
    Property,
    /// To scalars that are.
    Scalar,
    /// To objects of the type.
    Type,
}

impl Processing<'_> {
    const fn loader(&self) -> KnownOnly<'_> {
        KnownOnly {
            contexts: self.contexts,
            table: self.table,
        }
    }

    /// The outermost context of a document, and those that follow from it.
    pub(crate) fn family(&self, members: &Map<String, Value>) -> Result<Arc<Family>, JsonLdError> {
        let none = Value::Array(Vec::new());
        let context = members.get("@context").unwrap_or(&none);
        self.contexts.processed(context, self.table, || {
            on_large_stack(|| {
                let local =
                    LocalContext::try_from_json(parse(context)?).map_err(|_| JsonLdError::Malformed)?;
                self.process(
                    &local,
                    &Context::default(),
                    None,
                    context_processing::Options::default(),
                )
            })
        })
    }

    /// What follows from `active` by the context of a term in `source`; `None` when nothing does.
    pub(crate) fn scoped(
        &self,
        active: &Context,
        source: &Context,
        term: &str,
        scope: Scope,
    ) -> Option<Context> {
        let definition = source.get(term)?;
        let (context, base_url) = (definition.context()?, definition.base_url().cloned());
        let options = context_processing::Options::default();
        let options = match scope {
            Scope::Property => options.with_override(),
            Scope::Scalar => options,
            Scope::Type => options.without_propagation(),
        };
        on_large_stack(|| self.process(context, active, base_url, options)).ok()
    }

    /// What follows from `active` by a context within the document; `None` when nothing does.
    pub(crate) fn local(&self, active: &Context, context: &Value) -> Option<Context> {
        on_large_stack(|| {
            let local = LocalContext::try_from_json(parse(context)?).map_err(|_| JsonLdError::Malformed)?;
            self.process(&local, active, None, context_processing::Options::default())
        })
        .ok()
    }

    fn process(
        &self,
        local: &LocalContext,
        active: &Context,
        base_url: Option<IriBuf>,
        options: context_processing::Options,
    ) -> Result<Context, JsonLdError> {
        let loader = self.loader();
        let processed =
            finish(local.process_full(no_vocabulary_mut(), active, &loader, base_url, options, ()))?
                .map_err(|error| refusal_of_context(&error))?;
        Ok(processed.into_processed())
    }

    /// The expanded document: a list of objects in expanded form. To be called on a large stack.
    pub(crate) fn expand(
        &self,
        members: &Map<String, Value>,
        outermost: &Context,
    ) -> Result<Vec<syntax::Value>, JsonLdError> {
        // The outermost context is processed already, so that it is not at every document.
        let mut body = members.clone();
        body.shift_remove("@context");
        let body = parse(&Value::Object(body))?;
        let options = expansion::Options {
            policy: Policy {
                invalid: Action::Reject,
                vocab: Action::Keep,
                allow_undefined: false,
            },
            ..expansion::Options::default()
        };
        let loader = self.loader();
        let active = outermost.clone();
        let expanded = finish(body.expand_full(no_vocabulary_mut(), active, None, &loader, options, ()))?
            .map_err(|error| refusal(&error))?;
        Ok(expanded
            .into_iter()
            .map(|object| object.into_json_with(no_vocabulary_mut()))
            .collect())
    }
}

fn parse(value: &Value) -> Result<syntax::Value, JsonLdError> {
    syntax::Value::parse_str(&value.to_string())
        .map(|(value, _)| value)
        .map_err(|_| JsonLdError::Malformed)
}

/// Runs a future that waits for nothing: the loader answers at once.
fn finish<F: Future>(future: F) -> Result<F::Output, JsonLdError> {
    let mut context = task::Context::from_waker(task::Waker::noop());
    match pin!(future).poll(&mut context) {
        task::Poll::Ready(output) => Ok(output),
        task::Poll::Pending => Err(JsonLdError::Processor),
    }
}

fn refusal(error: &expansion::Error) -> JsonLdError {
    match error {
        expansion::Error::KeyExpansionFailed(_) => DataLoss::Term.into(),
        expansion::Error::InvalidTypeValue => DataLoss::Type.into(),
        expansion::Error::ContextProcessing(error) => refusal_of_context(error),
        _ => JsonLdError::Malformed,
    }
}

fn refusal_of_context(error: &context_processing::Error) -> JsonLdError {
    match error {
        context_processing::Error::ContextLoadingFailed(_) => JsonLdError::UnknownContext,
        _ => JsonLdError::Malformed,
    }
}
