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
        .check(expected.signer.now, CLOCK_SKEW)
        .map_err(|_: ValidityRejected| CredentialProblem::OutsideValidity)
}

/// Its types as IRIs, by which queries ask for it.
pub(super) fn expanded_types(
    credential: &VerifiableCredential,
    contexts: &ContextTable,
) -> Result<Vec<String>, CredentialProblem> {
    credential
        .expanded_types(contexts)
        .map_err(|_| CredentialProblem::UnknownContext)
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
