//! Showing an mdoc: a `DeviceResponse` with the elements that were asked for, signed by the device key over the handover of the
//! request ([OpenID4VP appendix B.2.6.1]).
//!
//! [OpenID4VP appendix B.2.6.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.6.1

use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::mdoc::{
    DeviceResponse, MdocBudget, PreparedPresentation, Presentation, SessionTranscript,
};

use super::super::transactions::device_elements;
use super::{Binding, NOT_SELECTABLE};
use crate::error::WalletError;
use crate::hold::{OpenedMdoc, PersonalClaim, personal_elements};

pub(super) fn select(opened: &OpenedMdoc<'_>, paths: &[ClaimsPath]) -> Result<Presentation, WalletError> {
    let elements: Vec<(&str, &str)> = paths
        .iter()
        .map(|path| match path.parts() {
            // Appendix B.2.4: a namespace and an element.
            [PathPart::Key(name_space), PathPart::Key(identifier)] => {
                Ok((name_space.as_str(), identifier.as_str()))
            }
            _ => Err(NOT_SELECTABLE),
        })
        .collect::<Result<_, _>>()?;
    opened
        .issuer_signed
        .present(&elements)
        .map_err(|_| NOT_SELECTABLE)
}

/// Read from the very response that would be sent, with zeros where the signature will stand.
pub(super) fn personal_claims(
    opened: &OpenedMdoc<'_>,
    presentation: &Presentation,
) -> Result<Vec<PersonalClaim>, WalletError> {
    let algorithm = opened.issuer_signed.device_key().algorithm();
    let response = presentation
        .clone()
        .prepare(&SessionTranscript::openid4vp("", "", None, ""))
        .finish(&vec![0; algorithm.signature_bytes()])
        .map_err(|_| WalletError::StoreDamaged)?;
    let document = DeviceResponse::parse(&response, MdocBudget::DEFAULT)
        .and_then(DeviceResponse::only_document)
        .map_err(|_| WalletError::StoreDamaged)?;
    Ok(personal_elements(&document.issuer_signed().claims()))
}

pub(super) fn bind(
    presentation: Presentation,
    binding: &Binding<'_>,
) -> Result<PreparedPresentation, WalletError> {
    let presentation = if binding.transactions.is_empty() {
        presentation
    } else {
        presentation.with_device_elements(&device_elements(&binding.transactions)?)
    };
    Ok(presentation.prepare(&binding.session))
}
