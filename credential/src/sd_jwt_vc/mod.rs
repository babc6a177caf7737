//! SD-JWT VC: verifiable credentials in SD-JWT
//! ([draft-ietf-oauth-sd-jwt-vc](https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/), draft-25).
//!
//! Reading goes by typed steps: [`SdJwtVc::parse`] checks structure and nothing else;
//! [`SdJwtVc::verify_issuer_signature`] makes a [`Verified`](crate::Verified) of it; only that can have its key binding
//! verified, because the holder's key is a claim and a claim is worth nothing before its signature is.

mod holder;
mod integrity;
mod issue;
mod issuer_binding;
mod issuer_metadata;
mod key_binding;
mod read;
mod type_metadata;
mod vct;

pub use crate::validity::{Validity, ValidityRejected};
pub use holder::HolderBinding;
pub use integrity::{Integrity, InvalidIntegrity};
pub use issue::{CredentialToIssue, IssuerHeader, IssuerKeyReference, SdJwtVcIssueError};
pub use issuer_binding::{IssuerBindingRejected, check_issuer_binding};
pub use issuer_metadata::{
    ISSUER_METADATA_PATH, InvalidIssuer, IssuerJwks, IssuerKeys, IssuerMetadata, IssuerMetadataError,
    IssuerScheme, MAX_ISSUER_METADATA_BYTES, NoIssuerKey, issuer_metadata_url,
};
pub use key_binding::{
    AuthorizedString, ExpectedKeyBinding, ExpectedTransactionData, KeyBinding, KeyBindingRejected,
    TransactionString,
};
pub use read::{IssuerSignatureRejected, SdJwtVc, SdJwtVcError};
pub use type_metadata::{
    ClaimDisplay, ClaimMetadata, ColorScheme, Contrast, CredentialView, KnownTypeMetadata,
    MAX_TYPE_METADATA_BYTES, Orientation, RenderingResource, ResourceRejected, SelectiveDisclosure,
    SimpleRendering, SvgTemplate, TypeDisplay, TypeMetadata, TypeMetadataError, TypeMetadataReference,
    TypeMetadataRejected, TypeMetadataResolution, TypeRendering, resolve as resolve_type_metadata,
};
pub use vct::{InvalidCredentialType, VerifiableCredentialType};

/// The `typ` of an SD-JWT VC. Drafts before -06 said `vc+sd-jwt`; those are refused.
pub const MEDIA_SUBTYPE: &str = "dc+sd-jwt";

/// Claims that must not be selectively disclosable, with everything in them (draft-25 §2.2.2.2).
pub const NEVER_SELECTIVE: [&str; 8] = [
    "iss",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
];
