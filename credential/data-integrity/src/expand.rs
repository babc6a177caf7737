//! Expansion ([JSON-LD 1.1 API §5.1](https://www.w3.org/TR/json-ld11-api/#expansion-algorithm)) by `json-ld`.

use std::future::Future;
use std::pin::pin;
use std::task;

use serde_json::Value;
use ssi_json_ld::json_ld::context_processing::{self, Process as _};
use ssi_json_ld::json_ld::expansion::{self, Action, Policy};
use ssi_json_ld::json_ld::rdf_types::vocabulary::no_vocabulary_mut;
use ssi_json_ld::json_ld::syntax::context::Context as LocalContext;
use ssi_json_ld::json_ld::syntax::{self, IntoJsonWithContext as _, Parse as _, TryFromJson as _};
use ssi_json_ld::json_ld::{Context, Expand as _, IriBuf};
use symbolon_credential::data_integrity::{ContextTable, DataLoss, JsonLdError};

use crate::contexts::{Contexts, KnownOnly};

/// The expanded document: a list of objects in expanded form.
pub(crate) fn expand(
    document: &Value,
    table: &ContextTable,
    contexts: &Contexts,
) -> Result<Vec<syntax::Value>, JsonLdError> {
    let loader = KnownOnly { contexts, table };
    let Value::Object(members) = document else {
        return Err(JsonLdError::Malformed);
    };
    // The outermost context is taken out and its processed form handed in, so that it is processed once and not at every
    // document: that is most of the work.
    let mut body = members.clone();
    let active = match body.shift_remove("@context") {
        None => Context::default(),
        Some(context) => contexts
            .processed(&context, table, || process(&context, &loader))?
            .as_ref()
            .clone(),
    };
    let body = parse(&Value::Object(body))?;
    let options = expansion::Options {
        policy: Policy {
            invalid: Action::Reject,
            vocab: Action::Keep,
            allow_undefined: false,
        },
        ..expansion::Options::default()
    };
    let expanded = finish(body.expand_full(no_vocabulary_mut(), active, None, &loader, options, ()))?
        .map_err(|error| refusal(&error))?;
    Ok(expanded
        .into_iter()
        .map(|object| object.into_json_with(no_vocabulary_mut()))
        .collect())
}

fn process(context: &Value, loader: &KnownOnly<'_>) -> Result<Context, JsonLdError> {
    let local = LocalContext::try_from_json(parse(context)?).map_err(|_| JsonLdError::Malformed)?;
    let processed = finish(local.process_full(
        no_vocabulary_mut(),
        &Context::<IriBuf, _>::default(),
        loader,
        None,
        context_processing::Options::default(),
        (),
    ))?
    .map_err(|error| refusal_of_context(&error))?;
    Ok(processed.into_processed())
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
