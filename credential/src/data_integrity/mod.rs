//! Proofs within a JSON-LD document ([Verifiable Credential Data Integrity 1.0](https://www.w3.org/TR/vc-data-integrity/)).

pub mod ecdsa_sd_2023;
mod json_ld;

pub use json_ld::{
    CanonicalDataset, CanonicalHash, ContextTable, DataLoss, InvalidContext, JsonLdBudget, JsonLdError,
    JsonLdProcessor,
};
