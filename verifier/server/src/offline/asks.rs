//! What pages can ask people for: the queries and rules behind the shop's words, which a page keeps with everything else.

use std::collections::BTreeMap;

use serde_json::json;
use symbolon_verifier::ask::{Ask, AskDocument, AskList, NamedPolicy};
use symbolon_verifier::name::PolicyName;

use super::OfflinePageError;
use crate::state::State;

/// The asks of the configuration, each a named query or a policy. A policy that needs more than a device alone has stays with the server's own page.
pub(super) fn list(state: &State, named: BTreeMap<String, String>) -> Result<AskList, OfflinePageError> {
    let mut asks = Vec::new();
    for (label, name) in named {
        let document = document(state, label, &name).ok_or(OfflinePageError::Ask(name))?;
        match Ask::of(&document, state.believed.now().trust_list()) {
            Ok(_) => asks.push(document),
            Err(error) => {
                tracing::warn!(%error, ask = %document.label, "the page that works without a network does not ask for this");
            }
        }
    }
    Ok(AskList {
        verifier: state.configuration.name.clone(),
        asks,
    })
}

fn document(state: &State, label: String, name: &str) -> Option<AskDocument> {
    if let Some(query) = state.queries.get(name) {
        let query = json!(query);
        return Some(AskDocument {
            label,
            query,
            policy: None,
        });
    }
    let name = PolicyName::parse(name).ok()?;
    let query = json!(state.policy(&name)?.query()?);
    let document = state.configuration.policies.get(&name)?.clone();
    Some(AskDocument {
        label,
        query,
        policy: Some(NamedPolicy { name, document }),
    })
}
