//! OpenID for Verifiable Credential Issuance 1.0 Final: the pre-authorized code flow.
//!
//! One file per section of the specification. Drafts are refused by name: see
//! [`credential::CredentialRequestError::DraftShape`].

pub mod credential;
pub mod error;
pub mod identifiers;
pub mod metadata;
pub mod nonce;
pub mod offer;
pub mod proof;
pub mod token;
