//! The part of a credential that answers a query: what exactly a verifier would see, and what has to be signed to show it.
//!
//! Consent shows what is read back of a selection, and the same selection is what is signed and sent.

mod jwt_vc_json;
mod ldp_vc;
mod mdoc;
mod sd_jwt_vc;

pub(super) use ldp_vc::presentation_suite;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::data_integrity::PreparedProof;
use symbolon_credential::mdoc::{PreparedPresentation, SessionTranscript};
use symbolon_credential::sd_jwt::{PreparedKeyBinding, Selection};
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::{Agree, KeyDescription, KeyHandle, SignatureRequest};
use symbolon_crypto::{PublicKey, UnixTime};
use symbolon_protocol::openid4vp::response::Presentation;
use symbolon_protocol::openid4vp::transaction_data::TransactionData;

use super::outcome::RequestProblem;
use crate::error::{DeviceFault, WalletError};
use crate::hold::{Opened, OpenedJwtVc, OpenedLdpVc, OpenedMdoc, PersonalClaim};

/// A selection, before its holder binds it to a request.
pub(super) enum Selected<'h> {
    SdJwtVc(Selection<'h>),
    MsoMdoc {
        opened: &'h OpenedMdoc<'h>,
        presentation: symbolon_credential::mdoc::Presentation,
    },
    LdpVc {
        opened: &'h OpenedLdpVc<'h>,
        /// What is shown: the document itself, or what was derived of it.
        shown: Map<String, Value>,
    },
    JwtVcJson(&'h OpenedJwtVc<'h>),
}

/// The request that a presentation is bound to.
#[derive(Clone)]
pub(super) struct Binding<'r> {
    /// The verifier, with the prefix of its kind and another one by QR codes; the origin of the page, over the Digital Credentials API.
    pub(super) audience: &'r str,
    pub(super) nonce: &'r str,
    /// What the device of an mdoc authenticates.
    pub(super) session: SessionTranscript,
    /// How that device authenticates it.
    pub(super) proof: SessionProof<'r>,
    pub(super) now: UnixTime,
    /// What the credential authorises.
    pub(super) transactions: Vec<&'r TransactionData>,
}

/// How the device of an mdoc authenticates a session.
#[derive(Clone)]
pub(super) enum SessionProof<'r> {
    Signature,
    /// By a MAC, which the holder of `reader_key` can check.
    Mac {
        agree: &'r dyn Agree,
        reader_key: &'r PublicKey,
    },
}

/// A presentation that lacks its holder's signature.
pub(super) enum Unsigned {
    SdJwtVc(PreparedKeyBinding),
    MsoMdoc(PreparedPresentation),
    LdpVc(Box<PreparedProof>),
    JwtVcJson(PreparedJws),
}

impl<'h> Selected<'h> {
    /// Selects what `paths` ask for, and nothing that can be withheld beside it.
    ///
    /// # Errors
    /// [`WalletError::RequestRefused`] when the format cannot show a part without the whole.
    pub(super) fn of(opened: &'h Opened<'_>, paths: &[ClaimsPath]) -> Result<Self, WalletError> {
        match opened {
            Opened::SdJwtVc(opened) => sd_jwt_vc::select(opened, paths).map(Self::SdJwtVc),
            Opened::MsoMdoc(opened) => {
                mdoc::select(opened, paths).map(|presentation| Self::MsoMdoc { opened, presentation })
            }
            Opened::LdpVc(opened) => ldp_vc::select(opened, paths).map(|shown| Self::LdpVc { opened, shown }),
            Opened::JwtVcJson(opened) => Ok(Self::JwtVcJson(opened)),
        }
    }

    /// Every claim about the person that a verifier will see, read from what would be sent.
    pub(super) fn personal_claims(&self) -> Result<Vec<PersonalClaim>, WalletError> {
        match self {
            Self::SdJwtVc(selection) => sd_jwt_vc::personal_claims(selection),
            Self::MsoMdoc { opened, presentation } => mdoc::personal_claims(opened, presentation),
            Self::LdpVc { opened, shown } => opened.personal_claims(shown),
            Self::JwtVcJson(opened) => Ok(opened.personal_claims()),
        }
    }

    /// What is shown where no proof of the holder is asked for ([OpenID4VP §5.3]): the credential itself, with what is selected of it.
    /// Whoever is shown it can show it again. An mdoc is shown in a response that its device signs, whatever is asked for
    /// ([OpenID4VP appendix B.2.5]), and given back.
    ///
    /// [OpenID4VP §5.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.3
    /// [OpenID4VP appendix B.2.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.5
    pub(super) fn without_proof(self) -> Result<Presentation, Box<Self>> {
        match self {
            Self::SdJwtVc(selection) => Ok(Presentation::Text(selection.without_key_binding())),
            Self::LdpVc { shown, .. } => Ok(Presentation::Object(shown)),
            Self::JwtVcJson(opened) => Ok(Presentation::Text(opened.token.text().to_owned())),
            Self::MsoMdoc { .. } => Err(Box::new(self)),
        }
    }

    /// Prepares the signature of the holder's key over this selection and this request.
    pub(super) fn bind(self, binding: &Binding<'_>, key: &KeyDescription) -> Result<Unsigned, WalletError> {
        match self {
            Self::SdJwtVc(selection) => sd_jwt_vc::bind(&selection, binding, key).map(Unsigned::SdJwtVc),
            Self::MsoMdoc { presentation, .. } => mdoc::bind(presentation, binding).map(Unsigned::MsoMdoc),
            Self::LdpVc { opened, shown } => {
                ldp_vc::bind(opened, shown, binding, key).map(|proof| Unsigned::LdpVc(Box::new(proof)))
            }
            Self::JwtVcJson(opened) => jwt_vc_json::bind(opened, binding, key).map(Unsigned::JwtVcJson),
        }
    }
}

impl Unsigned {
    /// What the holder's key has to sign.
    pub(super) fn request(&self, key: KeyHandle) -> SignatureRequest {
        match self {
            Self::SdJwtVc(prepared) => prepared.request(key),
            Self::MsoMdoc(prepared) => prepared.request(key),
            Self::LdpVc(prepared) => prepared.signature_request(key),
            Self::JwtVcJson(prepared) => prepared.request(key),
        }
    }

    /// The presentation.
    pub(super) fn finish(self, signature: &[u8]) -> Result<Presentation, WalletError> {
        match self {
            Self::SdJwtVc(prepared) => Ok(Presentation::Text(prepared.finish(signature))),
            Self::MsoMdoc(prepared) => prepared
                .finish_base64url(signature)
                .map(Presentation::Text)
                .map_err(|_| WalletError::DeviceFailed(DeviceFault::Keys)),
            Self::LdpVc(prepared) => match prepared.finish(signature) {
                Value::Object(presentation) => Ok(Presentation::Object(presentation)),
                _ => Err(WalletError::DeviceFailed(DeviceFault::Internal)),
            },
            Self::JwtVcJson(prepared) => Ok(Presentation::Text(prepared.finish(signature))),
        }
    }
}

/// The request wants a part of something that this format can only show whole or not at all.
const NOT_SELECTABLE: WalletError = WalletError::RequestRefused(RequestProblem::Unsupported);
