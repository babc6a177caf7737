//! W3C verifiable credentials: the data model ([VCDM 2.0](https://www.w3.org/TR/vc-data-model-2.0/)) and securing it as a
//! whole with JOSE and COSE ([VC-JOSE-COSE](https://www.w3.org/TR/vc-jose-cose/)).
//!
//! - [`VerifiableCredential`] and [`VerifiablePresentation`] are documents that were found to conform. They keep what was
//!   read as it was read, because a proof is over all of it, and show its parts typed.
//! - [`CredentialDocument`] builds what is to be issued. It is secured either here, with [`jose`] or [`cose`], or by a Data
//!   Integrity proof within the document, which is another module's work.
//! - [`jose::JwtCredential`], [`jose::JwtPresentation`] and [`cose::CoseCredential`] are read unverified; their signature
//!   checks give a [`Verified`](crate::Verified).
//! - [`expanded_types`] says what the types of a credential are called everywhere, for queries.
//!
//! VCDM 1.1 is read and never issued. Whether the *contexts* of a document are ones that somebody has looked at is not
//! asked here: who processes JSON-LD must ask it, and who trusts an issuer says which contexts that issuer uses.

mod budget;
mod context;
pub mod cose;
mod credential;
mod document;
mod enveloped;
mod expanded_types;
pub mod jose;
mod language;
mod members;
mod not_conforming;
mod presentation;
mod problem;
mod related_resource;
mod status;
#[cfg(test)]
mod tests;
mod time;

pub use crate::sd_jwt_vc::HolderBinding;
pub use budget::W3cBudget;
pub use context::{BASE_CONTEXT_V1, BASE_CONTEXT_V2, UNDEFINED_TERMS_CONTEXT};
pub use credential::{CredentialSchema, DataModelVersion, VerifiableCredential};
pub use document::{CredentialDocument, DocumentError, IssuerDescription};
pub use enveloped::{EnvelopeType, EnvelopedCredential, EnvelopedPresentation, PresentationEnvelopeType};
pub use expanded_types::{TypesNotExpanded, expanded_types};
pub use language::{Direction, LanguageText};
pub use not_conforming::{NotConforming, Property};
pub use presentation::{PresentedCredential, VerifiablePresentation};
pub use problem::{ProblemDetails, ProblemType};
pub use related_resource::{RelatedResource, RelatedResourceMismatch};
pub use status::{
    BITSTRING_STATUS_LIST_ENTRY, BitstringStatusEntry, InvalidStatusSize, StatusEntry, StatusMessage,
    StatusPurpose, StatusSize,
};
pub use time::{DateTimeStamp, InvalidDateTime, TimeZone};
