//! What is it that somebody holds up: recognised by its form, before anything is believed.
//!
//! [`Input::open`] takes a file, a text or the content of a QR code out of what it travels in (base64url, hexadecimal,
//! PixelPass, a `data:` envelope) and says by its form what it is; [`Input::read`] reads it within the default budgets.
//! Neither believes anything.

mod input;

use thiserror::Error;

pub use self::input::Input;
use crate::claim169::{Claim169Error, LockedClaim169, ParsedClaim169};
use crate::mdoc::{DeviceResponse, IssuerSigned, MdocError};
use crate::pixelpass::PixelPassError;
use crate::sd_jwt::SdJwtJsonError;
use crate::sd_jwt_vc::{SdJwtVc, SdJwtVcError};
use crate::w3c::cose::{CoseCredential, CoseCredentialError};
use crate::w3c::jose::{JwtCredential, JwtCredentialError, JwtPresentation, JwtPresentationError};
use crate::w3c::{EnvelopedCredential, NotConforming, VerifiableCredential, VerifiablePresentation};

/// A credential or presentation, read and not verified.
#[derive(Debug)]
pub enum Presented<'a> {
    /// An SD-JWT VC, with or without a key binding.
    SdJwtVc(Box<SdJwtVc<'a>>),
    /// The documents that a device presents.
    DeviceResponse(DeviceResponse<'a>),
    /// An mdoc as its issuer made it, without a device's proof.
    IssuerSigned(Box<IssuerSigned<'a>>),
    /// A W3C credential as JSON, with its proofs inside.
    Credential(Box<VerifiableCredential>),
    /// A W3C presentation as JSON, with its proofs inside.
    Presentation(Box<VerifiablePresentation>),
    /// A W3C credential as a JWT.
    JwtCredential(Box<JwtCredential<'a>>),
    /// A W3C presentation as a JWT.
    JwtPresentation(Box<JwtPresentation<'a>>),
    /// A W3C credential as a COSE message.
    CoseCredential(Box<CoseCredential>),
    /// A W3C credential in an envelope of another kind than those above.
    Envelope(EnvelopedCredential),
    /// The text of a Claim 169 QR code.
    Claim169(Box<ParsedClaim169>),
    /// The text of one that only the holders of a key can read.
    LockedClaim169(Box<LockedClaim169>),
}

/// Why an input is no credential that is supported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotRecognised {
    /// Nothing is there.
    #[error("there is nothing")]
    Empty,
    /// A request or an offer, which a wallet takes, and not a credential.
    #[error("this is a request or an offer for a wallet, not a credential")]
    WalletLink,
    /// A JWT that is neither a credential nor a presentation: some other token.
    #[error("this is a JSON Web Token of another kind, neither an SD-JWT nor a W3C credential")]
    PlainJwt,
    /// A presentation without a credential.
    #[error("the presentation holds no credential")]
    NoCredential,
    /// It has the form of an SD-JWT.
    #[error("the SD-JWT credential cannot be read")]
    SdJwtVc(#[source] SdJwtVcError),
    /// It has the form of an SD-JWT in the JWS JSON serialization.
    #[error("the SD-JWT in the JSON serialization cannot be read")]
    SdJwtJson(#[source] SdJwtJsonError),
    /// It has the form of an mdoc.
    #[error("the mdoc cannot be read")]
    Mdoc(#[source] MdocError),
    /// It has the form of a W3C document.
    #[error("the W3C document does not conform to the data model")]
    W3c(#[source] NotConforming),
    /// It has the form of a credential as a JWT.
    #[error("the credential in a JSON Web Token cannot be read")]
    JwtCredential(#[source] JwtCredentialError),
    /// It has the form of a presentation as a JWT.
    #[error("the presentation in a JSON Web Token cannot be read")]
    JwtPresentation(#[source] JwtPresentationError),
    /// It has the form of a credential in COSE.
    #[error("the credential in a COSE message cannot be read")]
    CoseCredential(#[source] CoseCredentialError),
    /// It has the form of a Claim 169.
    #[error("the claim 169 credential cannot be read")]
    Claim169(#[source] Claim169Error),
    /// It has the form of a PixelPass text.
    #[error("the PixelPass text cannot be read")]
    PixelPass(#[source] PixelPassError),
    /// None of the forms.
    #[error("this has the form of no credential or presentation that is supported")]
    UnknownForm,
}
