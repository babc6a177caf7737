//! OpenID for Verifiable Credential Issuance 1.0 Final.
//!
//! One file per section of the specification. Drafts are refused by name: see
//! [`credential::CredentialRequestError::DraftShape`].

pub mod authorization_details;
pub mod claims_description;
pub mod credential;
pub mod deferred;
pub mod encryption;
pub mod error;
pub mod identifiers;
pub mod key_attestation;
pub mod metadata;
pub mod nonce;
pub mod notification;
pub mod offer;
pub mod proof;
pub mod proof_di_vp;
pub mod signed_metadata;
pub mod token;
