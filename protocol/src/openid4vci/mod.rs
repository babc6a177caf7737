//! OpenID for Verifiable Credential Issuance 1.0 Final.
//!
//! One file per section of the specification. Drafts are refused by name: see
//! [`credential::CredentialRequestError::DraftShape`].

pub mod authorization_details;
pub mod credential;
pub mod error;
pub mod identifiers;
pub mod metadata;
pub mod nonce;
pub mod offer;
pub mod proof;
pub mod token;
