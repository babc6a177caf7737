//! Proofs within a JSON document
//! ([Verifiable Credential Data Integrity 1.0](https://www.w3.org/TR/vc-data-integrity/)).
//!
//! - [`prepare`] says what is to be signed; [`PreparedProof::finish`] takes the signature.
//! - [`verify`] verifies every proof of a document, with keys that the caller has evidence for.
//! - [`ecdsa_sd_2023`] discloses statements one by one.
//! - [`rsa_signature_2018`] reads the proofs of MOSIP's credentials.
//! - [`JsonLdProcessor`] is the port to JSON-LD and RDF.

mod added_context;
mod cryptosuite;
pub mod ecdsa_sd_2023;
mod json_ld;
mod prepare;
mod proof;
pub mod rsa_signature_2018;
mod verify;

pub use added_context::{AmbiguousContext, check_added_context};
pub use cryptosuite::{Cryptosuite, JsonLd, NotTransformed};
pub use json_ld::{
    CanonicalDataset, CanonicalHash, ContextTable, DataLoss, InvalidContext, JsonLdBudget, JsonLdError,
    JsonLdProcessor,
};
pub use prepare::{PreparedProof, ProofNotGenerated, ProofOptions, prepare};
pub use proof::{MAX_PROOFS, Proof, ProofPurpose, read_proofs};
pub use verify::{
    ExpectedProof, ProofCheck, ProofRejected, SecuredDocument, VerificationKey, VerifiedProof, verify,
};
