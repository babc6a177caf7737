//! That nothing which decides over a credential stands in it at a place where nobody here reads it.
//!
//! A proof over RDF covers what a document says, not how it is written. Under which names it may be written, the JSON-LD
//! layer says: terms alone, and one term for each of the words that decide (ADR 7). Where, it cannot: two objects with one
//! `id` are one node, so that a credential whose subject refers to the credential can be written anew with the status, or the
//! end, in that reference. The proof holds, and a reader of JSON does not find it. So the statements that were signed are
//! compared with what was read.

use serde_json::Value;
use symbolon_credential::data_integrity::{JsonLd, JsonLdError};
use symbolon_credential::w3c::{DataModelVersion, VerifiableCredential};

const VOCABULARY: &str = "https://www.w3.org/2018/credentials#";
const TYPE: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";

/// Whether the reader has seen what the statements say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Read,
    /// Something is said where it is not read.
    Hidden,
}

/// Compares the statements of a credential without its proof with what was read of it.
pub(super) fn check(
    credential: &VerifiableCredential,
    json_ld: &JsonLd<'_>,
) -> Result<Spelling, JsonLdError> {
    let mut rest = credential.document().clone();
    for name in ["credentialStatus", "validFrom", "validUntil"] {
        rest.shift_remove(name);
    }
    if credential.version() == DataModelVersion::V1_1 {
        for name in ["issuanceDate", "expirationDate"] {
            rest.shift_remove(name);
        }
    }
    let statements =
        json_ld
            .processor
            .to_statements(&Value::Object(rest), json_ld.contexts, json_ld.budget)?;
    let statements: Vec<[&str; 3]> = statements.iter().filter_map(|line| parts(line)).collect();
    Ok(compare(credential, &statements))
}

fn compare(credential: &VerifiableCredential, statements: &[[&str; 3]]) -> Spelling {
    let is_credential = |node: &str| {
        let class = format!("<{VOCABULARY}VerifiableCredential>");
        statements.contains(&[node, TYPE, class.as_str()])
    };
    let subjects = credential.subjects();
    let ids: Vec<&str> = subjects
        .iter()
        .filter_map(|subject| subject.get("id")?.as_str())
        .collect();
    let mut said: Vec<&str> = Vec::new();
    for [node, property, object] in statements {
        let term = property
            .strip_prefix('<')
            .and_then(|iri| iri.strip_prefix(VOCABULARY))
            .and_then(|term| term.strip_suffix('>'));
        match term {
            Some("credentialStatus" | "validFrom" | "validUntil" | "issuanceDate" | "expirationDate")
                if is_credential(node) =>
            {
                return Spelling::Hidden;
            }
            Some("credentialSubject") if is_credential(node) => said.push(object),
            _ => {}
        }
    }
    // Who holds it is told by the DID of the subject.
    let is_read = |object: &&str| {
        let iri = object.strip_prefix('<').and_then(|iri| iri.strip_suffix('>'));
        iri.is_none_or(|iri| !iri.starts_with("did:") || ids.contains(&iri))
    };
    said.sort_unstable();
    said.dedup();
    if said.len() == subjects.len() && said.iter().all(is_read) {
        Spelling::Read
    } else {
        Spelling::Hidden
    }
}

/// Node, property and object of a statement; of a literal only its beginning.
fn parts(line: &str) -> Option<[&str; 3]> {
    let mut parts = line.split(' ');
    Some([parts.next()?, parts.next()?, parts.next()?])
}
