//! The cryptosuite [ecdsa-sd-2023](https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-sd-2023): the holder of a document shows
//! parts of it, and a verifier sees that the issuer signed them.
//!
//! The issuer signs every RDF statement of a document by itself, with a key of this one proof, and that key together with
//! the statements that must always be shown with its own key ([`BaseProof`]). The holder checks all of it
//! ([`verify_base`]) and hands on statements with their signatures ([`derive`]). A verifier checks what it got
//! ([`verify`]). What is shown is chosen by JSON pointers; [`selectable_pointers`] makes them of claims paths.
//!
//! Statements are told apart by the names of their nodes, and nodes without a name get one by HMAC, so that its number
//! tells nothing of the nodes that are withheld. Unlinkable it is not: the signatures are the same for every verifier.

mod derive;
mod group;
mod issue;
mod pointer;
mod proof;
mod proof_value;
mod selection;
mod statement;
#[cfg(test)]
mod tests;
mod verify;

pub use derive::{DeriveError, derive};
pub use group::{JsonLd, SelectionError};
pub use issue::{BaseProof, IssueError, PreparedBaseProof};
pub use pointer::{InvalidJsonPointer, JsonPointer, selectable_pointers};
pub use proof::NoSuchProof;
pub use proof_value::InvalidProofValue;
pub use selection::PointerSelectsNothing;
pub use verify::{VerifyError, verify, verify_base};

/// The name of the cryptosuite.
pub const CRYPTOSUITE: &str = "ecdsa-sd-2023";

/// Signatures of single statements that a proof may have. A credential of the suite has some fifty statements; each
/// signature costs a verifier what a whole credential of another cryptosuite does.
pub const MAX_SELECTIVE_STATEMENTS: usize = 1_000;
