//! ISO mdocs (ISO/IEC 18013-5): issuing, holding, presenting and verifying them.
//!
//! - [`MdocToIssue`] makes an [`IssuerSigned`], the form in which OpenID4VCI hands an mdoc over.
//! - [`IssuerSigned`] is read in place: what the issuer signed is never encoded again. [`IssuerSigned::verify`] proves the
//!   issuer's signature and every digest.
//! - [`IssuerSigned::present`] selects elements; [`DeviceResponse`] is what a verifier receives, and [`Document::verify`] proves
//!   issuer and device.
//! - [`ItemsRequest`] asks for elements, and [`DeviceRequest`] is what a device receives.
//! - [`SessionTranscript`] binds a presentation to one request.
//!
//! Whether a document signer is trusted for a document type is decided elsewhere: checks here take a
//! [`VerifiedChain`](symbolon_crypto::x509::VerifiedChain).

mod device_authentication;
mod documents;
mod issue;
mod issuer_signed;
mod mobile_security_object;
mod names;
mod present;
mod read;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod transcript;
mod validity;
mod value;
mod verify;

pub use device_authentication::EMacKey;
pub use documents::EncodedDocument;
pub use issue::{DigestIds, IssueMdocError, IssuerAuthHeader, MdocToIssue, PreparedMdoc};
pub use issuer_signed::{Element, IssuerSigned};
pub use mobile_security_object::{DigestAlgorithm, KeyAuthorizations};
pub use names::{DocType, ElementIdentifier, InvalidName, NameSpace};
pub use present::{PreparedPresentation, PresentError, Presentation};
pub use read::{MdocBudget, MdocError};
pub use request::{
    DeviceRequest, DocRequest, ItemsRequest, MAX_REQUESTED_DOCUMENTS, MAX_REQUESTED_ELEMENTS,
    PreparedDocRequest, ReaderRefused, RequestedElement, write_device_request,
};
pub use response::{DeviceElement, DeviceResponse, Document};
pub use transcript::{Handover, SessionTranscript};
pub use validity::MdocValidity;
pub use value::{DateTime, ElementValue, FullDate, InvalidDate, NotAnElementValue};
pub use verify::{DeviceAuthentication, IssuerVerified, MdocRejected};
