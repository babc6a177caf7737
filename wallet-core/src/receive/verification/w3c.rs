//! What W3C credentials have in common, however they are secured.

use std::collections::BTreeSet;

use symbolon_credential::data_integrity::ContextTable;
use symbolon_credential::w3c::{HolderBinding, VerifiableCredential};
use symbolon_credential::{Validity, ValidityRejected};

use super::{CLOCK_SKEW, CredentialProblem, Expected};
use crate::record::{StatusListKind, StatusReference};

/// That the credential is of exactly the types that were asked for, for our key, and valid now. Who issued it is the affair of
/// each format.
pub(super) fn check(
    credential: &VerifiableCredential,
    types: &[String],
    holder: &HolderBinding,
    validity: &Validity,
    expected: &Expected<'_>,
) -> Result<(), CredentialProblem> {
    let asked: BTreeSet<&String> = types.iter().collect();
    if credential.types().iter().collect::<BTreeSet<_>>() != asked {
        return Err(CredentialProblem::AnotherType);
    }
    if *holder != HolderBinding::Key(expected.holder_key.clone()) {
        return Err(CredentialProblem::AnotherKey);
    }
    validity
        .check(expected.now, CLOCK_SKEW)
        .map_err(|_: ValidityRejected| CredentialProblem::OutsideValidity)
}

/// Its types as IRIs, by which queries ask for it.
pub(super) fn expanded_types(
    credential: &VerifiableCredential,
    contexts: &ContextTable,
) -> Result<Vec<String>, CredentialProblem> {
    let expand = |name: &String| {
        if name == "VerifiableCredential" {
            return "https://www.w3.org/2018/credentials#VerifiableCredential".to_owned();
        }
        credential
            .contexts()
            .iter()
            .filter_map(|context| contexts.document(context.as_str()?))
            .find_map(|document| {
                let definition = document.get("@context")?.get(name)?;
                definition
                    .as_str()
                    .or_else(|| definition.get("@id")?.as_str())
                    .map(str::to_owned)
            })
            .unwrap_or_else(|| name.clone())
    };
    Ok(credential.types().iter().map(expand).collect())
}

/// The entries in Bitstring Status Lists.
pub(super) fn status(credential: &VerifiableCredential) -> Vec<StatusReference> {
    let reference = |entry: &symbolon_credential::w3c::BitstringStatusEntry| StatusReference {
        uri: entry.list.clone(),
        index: entry.index,
        list: StatusListKind::Bitstring {
            purpose: entry.purpose.name().to_owned(),
        },
    };
    credential.bitstring_status_entries().map(reference).collect()
}
