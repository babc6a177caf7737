//! Decentralized identifiers ([DID Core 1.0](https://www.w3.org/TR/did-1.0/)): their syntax, the two methods whose
//! identifiers hold the key itself, `did:jwk` and `did:key`, and the documents that others publish, with the whole history of
//! a `did:webvh` verified. Nothing is fetched; of a `did:web` and a `did:webvh`, the crate says from where it would be.
//!
//! A DID says which key, never who: whoever believes an issuer because of its DID must know the DID beforehand.
//!
//! ```
//! use symbolon_did::{DidUrl, verification_key};
//!
//! let url = DidUrl::parse(
//!     "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
//! )?;
//! let key = verification_key(&url)?;
//! assert_eq!(key.to_jwk().crv, "Ed25519");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod controlled;
mod document;
mod method;
mod published;
mod syntax;
mod web;
pub mod webvh;

pub use controlled::{ControlledDocument, MethodLocation, rsa_key_at};
pub use document::{DidDocument, VerificationMethod};
pub use method::{ResolveError, did_jwk, did_key, resolve, verification_key};
pub use published::{DID_DOCUMENT_BUDGET, DidDocumentError, MethodError, PublishedDocument, Relationship};
pub use syntax::{Did, DidUrl, InvalidDid, MAX_DID_URL_BYTES};
pub use web::{NotDidWeb, WebScheme, web_did_of, web_document_url};
